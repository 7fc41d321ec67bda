/** The card, as a person or a screen reader finds it. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { CommandIDs } from '../commands';
import { Card, type ICardProps } from '../components/card';
import { JobTable } from '../jobs/table';
import { aCluster, aGroup, aJob } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');

beforeAll(() => {
  // What jsdom doesn't do: layout.
  globalThis.ResizeObserver = class {
    observe(): void {}
    disconnect(): void {}
    unobserve(): void {}
  } as never;
});

describe('Card', () => {
  const calls: [string, unknown][] = [];
  const commands = new CommandRegistry();
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, { execute: args => calls.push([id, args]) });
  }
  const onSelect = jest.fn();
  const onPress = jest.fn();

  const show = (part: Partial<ICardProps> = {}): HTMLElement => {
    render(
      <Card
        cluster={aCluster()}
        activity={null}
        isSelected={true}
        isTabStop={true}
        baseUrl="http://localhost/user/ann/"
        commands={commands}
        table={new JobTable(trans)}
        trans={trans}
        onSelect={onSelect}
        onPress={onPress}
        {...part}
      />
    );
    return screen.getByRole('listitem', { name: /^SLURMCluster 1/ });
  };
  const button = (name: string): HTMLElement =>
    screen.getByRole('button', { name });

  beforeEach(() => {
    calls.length = 0;
    onSelect.mockClear();
    onPress.mockClear();
  });

  it('says what to do while there are no workers', () => {
    const none = { wanted: 0, queued: 0, starting: 0, connected: 0 };
    show({ cluster: aCluster({ workers: none }) });
    expect(screen.getByText(/No workers yet: press “Scale”/)).toBeVisible();
  });

  it('says nothing of it when workers come by themselves', () => {
    const none = { wanted: 0, queued: 0, starting: 0, connected: 0 };
    show({
      cluster: aCluster({ workers: none, adapt: { minimum: 0, maximum: 4 } })
    });
    expect(screen.queryByText(/No workers yet/)).toBeNull();
  });

  it('says what the cluster is and how it is, in words', () => {
    const card = show();
    expect(card).toHaveAccessibleName('SLURMCluster 1, running');
    expect(card).toHaveAttribute('aria-current', 'true');
    for (const text of ['running', '8 GiB', 'tls://10.0.0.1:34567']) {
      expect(within(card).getByText(text)).toBeVisible();
    }
    expect(screen.getByRole('link')).toHaveAttribute(
      'href',
      'http://localhost/user/ann/rsdat/clusters/c-1/dashboard/'
    );
  });

  it('calls commands with its own id', async () => {
    show();
    for (const name of ['Insert client code', 'Scale', 'Shut down']) {
      await userEvent.click(button(name));
    }
    expect(calls).toEqual([
      [CommandIDs.insertCode, { cluster: 'c-1' }],
      [CommandIDs.scale, { cluster: 'c-1' }],
      [CommandIDs.shutdown, { cluster: 'c-1' }]
    ]);
  });

  it('takes no second order while one is under way', () => {
    const card = show({ activity: 'shutdown' });
    expect(card).toHaveAccessibleName('SLURMCluster 1, stopping');
    expect(card).toHaveAttribute('aria-busy', 'true');
    expect(button('Scale')).toBeDisabled();
    expect(button('Shut down')).toBeDisabled();
  });

  it("of a failed cluster tells why in the queue's words, and can be shut down", () => {
    const diagnosis = {
      message: 'sbatch: error: invalid partition specified: nosuch',
      hint: 'Choose one of: normal.',
      log: 'last line'
    };
    show({ cluster: aCluster({ state: 'failed', diagnosis }) });
    expect(screen.getByText(diagnosis.message)).toBeVisible();
    expect(screen.getByText(diagnosis.hint)).toBeVisible();
    expect(screen.getByText('last line')).toBeInTheDocument();
    expect(button('Scale')).toBeDisabled();
    expect(button('Insert client code')).toBeDisabled();
    expect(button('Shut down')).toBeEnabled();
  });

  it('opens to its jobs, and those to their logs', async () => {
    const jobs = [
      aJob({ id: '671_3', reason: 'Priority', actions: ['cancel', 'hold'] })
    ];
    const card = show({ cluster: aCluster({ jobs }) });
    expect(screen.getByText('1 job waits: Priority')).toBeVisible();
    expect(screen.queryByRole('grid')).toBeNull();
    const details = screen.getByText('Jobs (1)').closest('details')!;
    // jsdom folds no details open by itself.
    details.open = true;
    fireEvent(details, new Event('toggle'));
    const grid = screen.getByRole('grid', { name: 'Jobs of SLURMCluster 1' });
    const row = within(grid).getByRole('row', { name: 'Job 671_3, PENDING' });
    fireEvent.pointerDown(row);
    expect(onPress).not.toHaveBeenCalled();
    fireEvent.click(row);
    const of = { cluster: 'c-1', job: '671_3' };
    for (const name of ['Log of job 671_3', 'Hold', 'Cancel job']) {
      await userEvent.click(within(card).getByRole('button', { name }));
    }
    await userEvent.click(button('Open jobs in a tab'));
    expect(calls).toEqual([
      [CommandIDs.openLogs, { cluster: 'c-1', source: '671_3' }],
      [CommandIDs.holdJob, of],
      [CommandIDs.cancelJob, of],
      [CommandIDs.openJobs, { cluster: 'c-1' }]
    ]);
    expect(screen.queryByRole('button', { name: 'Release' })).toBeNull();
  });

  it('of several groups shows the counts and the size of each', async () => {
    const many = { wanted: 4, queued: 1, starting: 0, connected: 3 };
    show({
      cluster: aCluster({
        groups: [
          aGroup(),
          aGroup({
            name: 'gpu',
            workers: many,
            adapt: { minimum: 0, maximum: 4 },
            options: { partition: 'gpu_a' }
          })
        ]
      })
    });
    const gpu = screen.getByRole('group', { name: 'gpu' });
    expect(gpu).toHaveTextContent(
      /on gpu_a4.wanted · 1.queued · 3.connected · adaptive 0–4/
    );
    await userEvent.click(button('Scale gpu'));
    await userEvent.click(button('Remove gpu'));
    expect(screen.queryByRole('button', { name: 'Remove workers' })).toBeNull();
    const of = { cluster: 'c-1', group: 'gpu' };
    expect(calls).toEqual([
      [CommandIDs.scale, of],
      [CommandIDs.removeGroup, of]
    ]);
  });

  it('says where the scheduler runs, until when, and what ends soon', () => {
    jest.useFakeTimers({ now: new Date('2026-01-01T10:00:00Z') });
    const at = '2026-01-01T10:20:00Z';
    show({
      cluster: aCluster({
        scheduler: {
          ...aCluster().scheduler,
          mode: 'job',
          job: '123',
          ends_at: at
        },
        warnings: [{ message: 'Its job ends.', hint: 'Save.', at }]
      })
    });
    expect(
      screen.getByText(/own job 123, until .* \(in 20 min\)/)
    ).toBeVisible();
    expect(screen.getByRole('group', { name: 'Warnings' })).toHaveTextContent(
      /Its job ends. Save. At .*\(in 20 min\)/
    );
    jest.useRealTimers();
  });

  it('counts down to the idle shutdown, and keeps the cluster when told', () => {
    jest.useFakeTimers({ now: new Date('2026-01-01T10:00:00Z') });
    const idle = { after: 600, ends_at: '2026-01-01T10:01:30Z' };
    show({ cluster: aCluster({ idle }) });
    const timer = screen.getByRole('timer');
    expect(timer).toHaveTextContent('Idle: shuts down in 1 min 30 s');
    act(() => void jest.advanceTimersByTime(31_000));
    expect(timer).toHaveTextContent('Idle: shuts down in 59 s');
    fireEvent.click(button('Keep'));
    expect(calls).toEqual([[CommandIDs.keep, { cluster: 'c-1' }]]);
    jest.useRealTimers();
  });

  it('has the rest of its actions in a menu', async () => {
    show({ cluster: aCluster({ jobs: [aJob()] }) });
    const more = button('More actions');
    await userEvent.click(more);
    expect(more).toHaveAttribute('aria-expanded', 'true');
    const items = screen
      .getAllByRole('menuitem')
      .map(item => item.getAttribute('data-command'));
    expect(items).toEqual(
      expect.arrayContaining([
        CommandIDs.addGroup,
        CommandIDs.idleShutdown,
        CommandIDs.renew,
        CommandIDs.openJobs
      ])
    );
    fireEvent.keyDown(document.activeElement!, { key: 'Escape', keyCode: 27 });
    expect(more).toHaveAttribute('aria-expanded', 'false');
  });

  it('of an attached scheduler offers nothing that needs Slurm', () => {
    show({
      cluster: aCluster({
        scheduler: { ...aCluster().scheduler, mode: 'attached' },
        workers: { wanted: 0, queued: 0, starting: 0, connected: 0 },
        groups: []
      })
    });
    expect(screen.getByText('attached')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Scale' })).toBeNull();
    expect(screen.queryByText(/No workers yet/)).toBeNull();
    expect(screen.getByText('0 connected')).toBeVisible();
    expect(
      screen.queryByRole('button', { name: 'Log of the scheduler' })
    ).toBeNull();
    expect(button('Detach')).toBeEnabled();
    expect(button('Insert client code')).toBeEnabled();
  });

  it('works by keyboard, but not for keys meant for its buttons', async () => {
    const card = show();
    card.focus();
    await userEvent.keyboard('{Enter}');
    expect(onSelect).toHaveBeenCalledTimes(1);
    await userEvent.keyboard('{Delete}');
    expect(calls.map(([id]) => id)).toEqual([CommandIDs.shutdown]);
    button('Scale').focus();
    await userEvent.keyboard('{Delete}');
    expect(calls).toHaveLength(1);
  });

  it('is dragged by its body, not by its buttons', () => {
    const card = show();
    fireEvent.pointerDown(button('Scale'));
    expect(onPress).not.toHaveBeenCalled();
    fireEvent.pointerDown(card);
    expect(onPress).toHaveBeenCalledTimes(1);
  });
});
