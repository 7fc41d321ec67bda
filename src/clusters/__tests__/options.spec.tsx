/** The form for a new cluster's jobs. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { configure, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { IClusterRequest } from '../../common/types';
import {
  emptyFields,
  optionProblems,
  optionsRequest,
  placeholders
} from '../options';
import { askOptions } from '../optionsdialog';
import { FakeApi, SITE } from './samples';

// Lab shows its dialogs by CSS, without the attribute `open`: jsdom takes them for hidden.
configure({ defaultHidden: true });

const trans = nullTranslator.load('jupyterlab_rsdat');
const empty = emptyFields(SITE);

it('leaves to the preset what is not filled in', () => {
  expect(optionsRequest(empty)).toEqual({ preset: 'any', options: {} });
});

it('sends what is filled in, in the types of the contract', () => {
  const fields = {
    ...empty,
    name: ' mine ',
    workers: '3',
    cores: '4',
    memory: '8GiB',
    prologue: 'module load x\n\nexport A="b c"\n'
  };
  expect(optionsRequest(fields)).toEqual({
    name: 'mine',
    preset: 'any',
    workers: 3,
    options: {
      cores: 4,
      memory: '8GiB',
      prologue: ['module load x', 'export A="b c"']
    }
  });
});

it.each([
  ['workers', 'x', true],
  ['workers', '0', false],
  ['cores', '0', true],
  ['cores', '2', false],
  ['memory', 'much', true],
  ['memory', '8GiB', false],
  ['memory', '1.5 TB', false],
  ['walltime', '25 hours', true],
  ['walltime', '01:30:00', false],
  ['walltime', '1-00:00:00', false],
  ['walltime', '90', false],
  ['partition', 'what Slurm does not know', false],
  ['name', 'n'.repeat(65), true]
] as const)('%s %j: wrong is %j', (key, value, isWrong) => {
  const problems = optionProblems({ ...empty, [key]: value }, trans);
  expect(Object.keys(problems)).toEqual(isWrong ? [key] : []);
});

it("shows the preset's values, and the default partition", () => {
  expect(placeholders(SITE, 'any')).toMatchObject({
    cores: '2',
    memory: '4GiB',
    partition: 'normal'
  });
  expect(placeholders(SITE, 'big').prologue).toBe('a\nb');
});

describe('the dialog', () => {
  let api: FakeApi;
  let answer: Promise<IClusterRequest | null>;

  beforeEach(async () => {
    api = new FakeApi();
    answer = askOptions({ api, site: SITE, translator: nullTranslator });
    await screen.findByRole('combobox', { name: 'Preset' });
  });

  it('previews what would be submitted, and forgets it when a field changes', async () => {
    await userEvent.type(
      screen.getByRole('combobox', { name: 'Partition' }),
      'nosuch'
    );
    await userEvent.click(
      screen.getByRole('button', { name: 'Preview script' })
    );
    expect(await screen.findByText('#SBATCH -p normal')).toBeInTheDocument();
    expect(screen.getByText('Too long.')).toBeInTheDocument();
    expect(api.preview).toHaveBeenCalledWith({
      preset: 'any',
      options: { partition: 'nosuch' }
    });
    await userEvent.type(screen.getByRole('textbox', { name: 'Workers' }), '2');
    expect(screen.queryByText('#SBATCH -p normal')).toBeNull();
    await userEvent.click(
      screen.getByRole('button', { name: 'Start cluster' })
    );
    expect(await answer).toEqual({
      preset: 'any',
      workers: 2,
      options: { partition: 'nosuch' }
    });
  });

  it('says why there is no preview, and starts nothing that is wrong', async () => {
    api.preview.mockRejectedValueOnce(new Error('Slurm is silent.'));
    await userEvent.click(
      screen.getByRole('button', { name: 'Preview script' })
    );
    expect(await screen.findByText('Slurm is silent.')).toBeInTheDocument();
    await userEvent.type(screen.getByRole('textbox', { name: 'Workers' }), 'x');
    expect(
      screen.getByRole('button', { name: 'Start cluster' })
    ).toBeDisabled();
    await userEvent.keyboard('{Escape}');
    expect(await answer).toBeNull();
  });
});
