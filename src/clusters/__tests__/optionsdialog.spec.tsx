/** The dialogs "Cluster options" and "Workers of another kind". */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { StateDB } from '@jupyterlab/statedb';
import { PromiseDelegate } from '@lumino/coreutils';
import {
  act,
  configure,
  fireEvent,
  screen,
  within
} from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { ApiError } from '../../common/request';
import type {
  IClusterRequest,
  IGroupRequest,
  IPreview,
  ISite
} from '../../common/types';
import { askGroup, askOptions } from '../options/dialog';
import { aCluster, FakeApi } from './samples';
import { SPIDER } from './optionsite';

// Lab shows its dialogs by CSS, without the attribute `open`: jsdom takes them for hidden.
configure({ defaultHidden: true });
const GOOD: IPreview = {
  script: '#SBATCH -p normal',
  start_estimate: null,
  core_hours: 96,
  core_hours_per_hour: 8,
  problems: [],
  notes: ['It counts as 5 cores.']
};

let api: FakeApi;
let user: ReturnType<typeof userEvent.setup>;
// By label: asking for roles looks at the style of every element of the form.
const textbox = (name: string) => screen.getByLabelText(name);
const select = textbox;
const button = (name: string) => screen.getByRole('button', { name });
const start = () => button('Start cluster');

async function open(
  site: ISite = SPIDER,
  state?: StateDB
): Promise<{ answer: Promise<IClusterRequest | null> }> {
  const answer = askOptions({
    api,
    site,
    translator: nullTranslator,
    state
  });
  await screen.findByLabelText('Preset');
  return { answer };
}

/** Choose in a select; user-event needs ranges, which Lab's shim of jsdom has not. */
function choose(name: string, value: string): void {
  fireEvent.change(select(name), { target: { value } });
}

/** Typing pauses. */
async function pause(): Promise<void> {
  await act(() => jest.advanceTimersByTimeAsync(500));
}

function fill(box: HTMLElement, text: string): void {
  fireEvent.change(box, { target: { value: text } });
}

beforeEach(() => {
  jest.useFakeTimers();
  user = userEvent.setup({ advanceTimers: jest.advanceTimersByTime });
  api = new FakeApi();
  api.preview.mockImplementation(() => Promise.resolve(GOOD));
});

afterEach(async () => {
  // A test's dialog would keep the next one waiting.
  document.querySelector<HTMLElement>('.jp-Dialog .jp-mod-reject')?.click();
  await act(() => jest.advanceTimersByTimeAsync(1));
  jest.useRealTimers();
});

it('is named, and has the focus on its first field', async () => {
  await open();
  expect(screen.getByRole('dialog')).toHaveAttribute(
    'aria-label',
    'Cluster options'
  );
  await act(() => jest.advanceTimersByTimeAsync(1));
  expect(select('Preset')).toHaveFocus();
});

it('sends what was filled in', async () => {
  const { answer } = await open();
  fill(textbox('Workers'), '2');
  choose('Partition', 'short');
  fill(textbox('Cores per worker'), '2');
  fill(textbox('Memory per worker'), '4GiB');
  await user.click(screen.getByRole('radio', { name: 'As its own Slurm job' }));
  fill(textbox("Scheduler's walltime"), '10:00:00');
  await pause();
  await user.click(start());
  expect(await answer).toEqual({
    preset: 'spider',
    workers: 2,
    options: { partition: 'short', cores: 2, memory: '4GiB' },
    scheduler: { mode: 'job', walltime: '10:00:00' }
  });
});

it('asks for a preview when typing pauses, and drops the answers of before', async () => {
  const answers: PromiseDelegate<IPreview>[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  api.preview.mockImplementation(((_: unknown, signal?: AbortSignal) => {
    const answer = new PromiseDelegate<IPreview>();
    answers.push(answer);
    signals.push(signal);
    return answer.promise;
  }) as typeof api.preview);
  await open();
  await pause();
  fill(textbox('Workers'), '25');
  expect(answers).toHaveLength(1);
  expect(signals[0]?.aborted).toBe(true);
  await pause();
  expect(answers).toHaveLength(2);
  expect(api.preview).toHaveBeenLastCalledWith(
    { preset: 'spider', workers: 25, options: {} },
    expect.anything()
  );
  const pane = screen.getByRole('region', { name: 'Preview' });
  expect(pane).toHaveAttribute('aria-busy', 'true');
  await act(async () => answers[0].resolve({ ...GOOD, script: 'old' }));
  expect(pane).toHaveTextContent('Asking the queue');
  await act(async () => answers[1].resolve(GOOD));
  expect(pane).toHaveAttribute('aria-busy', 'false');
  expect(pane).toHaveTextContent('#SBATCH -p normal');
  expect(pane).toHaveTextContent('8 an hour; at most 96');
  expect(pane).toHaveTextContent('It counts as 5 cores.');
});

it('a preview that fails is told and blocks nothing', async () => {
  api.preview.mockRejectedValue(
    new ApiError({ message: 'Slurm is silent.', code: 'queue_silent' })
  );
  const { answer } = await open();
  await pause();
  expect(screen.getByText('No preview: Slurm is silent.')).toBeInTheDocument();
  await user.click(start());
  expect(await answer).toEqual({ preset: 'spider', options: {} });
});

it('says beside the field what is wrong, and starts nothing that is', async () => {
  await open();
  fill(textbox('Memory per worker'), 'much');
  expect(textbox('Memory per worker')).toHaveAccessibleDescription(
    'A size such as 8GiB'
  );
  expect(textbox('Memory per worker')).toBeInvalid();
  expect(start()).toBeDisabled();
  await pause();
  expect(api.preview).not.toHaveBeenCalledWith(
    expect.objectContaining({ options: { memory: 'much' } }),
    expect.anything()
  );
  fill(textbox('Memory per worker'), '8GiB');
  expect(start()).toBeEnabled();
});

describe('jobs that would wait for ever', () => {
  const long = 'short allows 12 h, you asked for 24 h';

  beforeEach(() => {
    api.preview.mockResolvedValue({ ...GOOD, problems: ['Too long.'] });
  });

  it.each([
    ['Create anyway', true],
    ['Back', false]
  ])('are asked about: %s', async (name, isCreated) => {
    const { answer } = await open();
    choose('Partition', 'short');
    fill(textbox('Walltime'), '24:00:00');
    expect(textbox('Walltime')).toHaveAccessibleDescription(
      `24 h for each worker. ${long}`
    );
    await pause();
    await user.click(start());
    const question = screen.getByRole('alertdialog');
    expect(question).toHaveTextContent('Too long.');
    expect(button('Back')).toHaveFocus();
    await user.click(within(question).getByRole('button', { name }));
    if (isCreated) {
      expect((await answer)?.options?.walltime).toBe('24:00:00');
    } else {
      expect(screen.queryByRole('alertdialog')).toBeNull();
      expect(start()).toBeEnabled();
    }
  });

  it('are asked about before the companion has said anything', async () => {
    api.preview.mockReturnValue(new Promise(() => undefined));
    await open();
    choose('Partition', 'short');
    fill(textbox('Walltime'), '24:00:00');
    await user.click(start());
    expect(screen.getByRole('alertdialog')).toHaveTextContent(long);
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('alertdialog')).toBeNull();
    expect(start()).toBeEnabled();
  });

  it('where Slurm refuses them, that is said', async () => {
    await open({ ...SPIDER, refuses_over_limits: true });
    await pause();
    await user.click(start());
    expect(screen.getByRole('alertdialog')).toHaveTextContent(
      'Slurm will refuse it'
    );
  });
});

describe('presets', () => {
  it('one’s own stand apart, and can be deleted', async () => {
    await open();
    const own = screen.getByRole('group', { name: 'My own' });
    expect(within(own).getByRole('option')).toHaveTextContent('Mine');
    expect(screen.queryByRole('button', { name: 'Delete preset' })).toBeNull();
    choose('Preset', 'mine');
    expect(textbox('Cores per worker')).toHaveValue('2');
    api.site.mockResolvedValue({
      ...SPIDER,
      presets: SPIDER.presets.slice(0, 1)
    });
    await user.click(button('Delete preset'));
    await user.click(button('Delete'));
    await act(() => jest.advanceTimersByTimeAsync(1));
    expect(api.deletePreset).toHaveBeenCalledWith('mine');
    expect(select('Preset')).toHaveValue('spider');
  });

  it('what is filled in becomes one’s own', async () => {
    await open();
    fill(textbox('Cores per worker'), '8');
    await user.click(button('Save as…'));
    await user.type(textbox('Name of the preset'), 'Spider');
    expect(button('Save')).toBeDisabled();
    fill(textbox('Name of the preset'), 'Eight cores');
    api.site.mockResolvedValue({
      ...SPIDER,
      presets: [
        ...SPIDER.presets,
        {
          ...SPIDER.presets[1],
          name: 'eight-cores',
          title: 'Eight cores',
          options: { cores: 8 }
        }
      ]
    });
    await user.keyboard('{Enter}');
    await act(() => jest.advanceTimersByTimeAsync(1));
    expect(api.savePreset).toHaveBeenCalledWith('eight-cores', {
      title: 'Eight cores',
      request: { preset: 'spider', options: { cores: 8 } }
    });
    expect(select('Preset')).toHaveValue('eight-cores');
    expect(button('Reset to preset')).toBeDisabled();
  });

  it('a name that can’t be kept says why', async () => {
    await open();
    await user.click(button('Save as…'));
    await user.type(textbox('Name of the preset'), '大');
    expect(button('Save')).toBeDisabled();
    expect(textbox('Name of the preset')).toHaveAccessibleDescription(
      'It needs a letter from a to z or a digit'
    );
  });

  it('a failure to save is told', async () => {
    api.savePreset.mockRejectedValueOnce(new Error('The disk is full.'));
    await open();
    await user.click(button('Save as…'));
    await user.type(textbox('Name of the preset'), 'Full{Enter}');
    await act(() => jest.advanceTimersByTimeAsync(1));
    expect(screen.getByRole('alert')).toHaveTextContent('The disk is full.');
    expect(textbox('Name of the preset')).toHaveValue('Full');
  });

  it('one that can’t be used says why and can’t be chosen', async () => {
    const broken = {
      ...SPIDER.presets[0],
      name: 'broken',
      title: 'Broken',
      problem: 'cores is no number'
    };
    await open({ ...SPIDER, presets: [...SPIDER.presets, broken] });
    expect(screen.getByRole('option', { name: /Broken/ })).toBeDisabled();
    expect(screen.getByRole('option', { name: /Broken/ })).toHaveTextContent(
      'cores is no number'
    );
  });

  it('what differs stays when another is chosen, and goes by Reset', async () => {
    await open();
    fill(textbox('Walltime'), '02:00:00');
    choose('Preset', 'mine');
    expect(textbox('Walltime')).toHaveValue('02:00:00');
    expect(textbox('Cores per worker')).toHaveValue('2');
    await user.click(button('Reset to preset'));
    expect(textbox('Walltime')).toHaveValue('');
    expect(textbox('Maximum workers')).toHaveValue('4');
  });
});

it('offers what was chosen last', async () => {
  const last = {
    preset: 'spider',
    workers: 4,
    options: { cores: 8, walltime: '12:00:00' }
  };
  const { answer } = await open({ ...SPIDER, last });
  expect(
    screen.getByText('Last time: Spider, 4 workers, 8 cores, 12:00:00')
  ).toBeInTheDocument();
  await user.click(button('Use it again'));
  expect(textbox('Cores per worker')).toHaveValue('8');
  expect(screen.queryByRole('button', { name: 'Use it again' })).toBeNull();
  await pause();
  await user.click(start());
  expect(await answer).toEqual(last);
});

it('remembers whether the rest was open', async () => {
  const state = new StateDB();
  await open(SPIDER, state);
  const more = screen.getByRole('group', { name: 'More options' });
  expect(more).not.toHaveAttribute('open');
  (more as HTMLDetailsElement).open = true;
  fireEvent(more, new Event('toggle'));
  await act(() => jest.advanceTimersByTimeAsync(1));
  await user.keyboard('{Escape}');
  await open(SPIDER, state);
  expect(screen.getByRole('group', { name: 'More options' })).toHaveAttribute(
    'open'
  );
});

it('an idle cluster ends after minutes only if it is to end', async () => {
  const { answer } = await open();
  expect(textbox('Idle minutes')).toBeDisabled();
  await user.click(
    screen.getByRole('checkbox', { name: 'Shut down when idle' })
  );
  fill(textbox('Idle minutes'), '0');
  expect(start()).toBeDisabled();
  fill(textbox('Idle minutes'), '45');
  await pause();
  await user.click(start());
  expect(await answer).toEqual({
    preset: 'spider',
    options: {},
    idle_after: 2700
  });
});

it('on the local queue nothing of Slurm is asked', async () => {
  await open({ ...SPIDER, queue: 'local', partitions: [] });
  for (const name of ['Partition', 'Account', 'Reservation']) {
    expect(screen.queryByRole('combobox', { name })).toBeNull();
  }
  expect(
    screen.getByRole('radio', { name: 'As its own Slurm job' })
  ).toBeDisabled();
});

it('workers of another kind have a name, and nothing of the scheduler', async () => {
  const answer: Promise<IGroupRequest | null> = askGroup({
    api,
    site: SPIDER,
    translator: nullTranslator,
    cluster: aCluster({ name: 'c', preset: 'mine' })
  });
  expect(await screen.findByRole('dialog')).toHaveAttribute(
    'aria-label',
    'Workers of another kind on c'
  );
  expect(select('Preset')).toHaveValue('mine');
  expect(screen.queryByRole('radio')).toBeNull();
  expect(screen.queryByRole('checkbox', { name: /idle|Renew/ })).toBeNull();
  expect(button('Add workers')).toBeDisabled();
  await user.type(textbox('Name'), 'gpu');
  fill(textbox('Generic resources'), 'gpu:1');
  fill(textbox('Dask resources'), 'GPU=1');
  await pause();
  expect(api.preview).toHaveBeenLastCalledWith(
    { preset: 'mine', workers: 1, options: { gres: 'gpu:1' } },
    expect.anything()
  );
  await user.click(button('Add workers'));
  expect(await answer).toEqual({
    name: 'gpu',
    preset: 'mine',
    workers: 1,
    options: { gres: 'gpu:1' },
    resources: { GPU: 1 }
  });
});
