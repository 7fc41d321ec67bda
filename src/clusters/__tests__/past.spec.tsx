/** Past and damaged clusters: asked for when opened, told of, started again, deleted. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import {
  act,
  fireEvent,
  render,
  screen,
  waitFor
} from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { ApiError } from '../../common/request';
import { DamagedCard } from '../components/damaged';
import { PastClusters } from '../components/past';
import { CommandIDs } from '../ids';
import { addPastCommands } from '../past/commands';
import { ClusterModel } from '../model';
import { FakeApi, aCluster, aList, aPast, settle } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');

describe('past clusters', () => {
  let api: FakeApi;
  let model: ClusterModel;
  const ran: [string, unknown][] = [];
  const commands = new CommandRegistry();
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, { execute: args => ran.push([id, args]) });
  }

  const open = (): void => {
    const details = screen.getByText('Past clusters').closest('details')!;
    // jsdom folds no details open by itself.
    details.open = true;
    fireEvent(details, new Event('toggle'));
  };

  const answer = async (
    clusters = [aPast()],
    index = api.pasts.length - 1
  ): Promise<void> => {
    await act(async () => {
      api.pasts[index].resolve({ clusters });
      await settle();
    });
  };

  beforeEach(() => {
    ran.length = 0;
    api = new FakeApi();
    model = new ClusterModel({ api });
    render(
      <PastClusters past={model.past} commands={commands} trans={trans} />
    );
  });

  afterEach(() => {
    model.dispose();
  });

  it('are asked for only when somebody opens them', async () => {
    expect(api.pasts).toHaveLength(0);
    open();
    expect(api.pasts).toHaveLength(1);
    expect(screen.getByText('Loading…')).toBeVisible();
    await answer([]);
    expect(screen.getByText(/^None yet/)).toBeVisible();
  });

  it('tell what was asked, how long, why it ended, what it cost', async () => {
    open();
    await answer();
    const row = screen.getByRole('group', {
      name: 'sunny, Shut down by itself'
    });
    expect(row).toHaveTextContent(
      /for 2 h 30 min · 5 jobs · 1 failed · 12.35 core-hours/
    );
    expect(row).toHaveTextContent(
      'spider · 4 workers of 2 cores, 8GiB, normal'
    );
    expect(screen.queryByRole('listitem')).toBeNull();
  });

  it('can be started again, read and deleted, also by key', async () => {
    open();
    await answer();
    for (const name of ['Start again: sunny', 'Logs: sunny', 'Delete: sunny']) {
      await userEvent.click(screen.getByRole('button', { name }));
    }
    screen.getByRole('group', { name: /^sunny/ }).focus();
    await userEvent.keyboard('{Delete}');
    expect(ran).toEqual([
      [CommandIDs.newCluster, { again: 'c-9' }],
      [CommandIDs.openLogs, { cluster: 'c-9' }],
      [CommandIDs.deletePast, { cluster: 'c-9' }],
      [CommandIDs.deletePast, { cluster: 'c-9' }]
    ]);
  });

  it('are walked by the arrow keys, with one tab stop', async () => {
    open();
    await answer([aPast(), aPast({ id: 'c-8', name: 'rainy' })]);
    const [first, second] = ['sunny', 'rainy'].map(name =>
      screen.getByRole('group', { name: new RegExp(`^${name}`) })
    );
    expect([first.tabIndex, second.tabIndex]).toEqual([0, -1]);
    first.focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(second).toHaveFocus();
    expect([first.tabIndex, second.tabIndex]).toEqual([-1, 0]);
  });

  it('are drawn a hundred at a time', async () => {
    open();
    await answer(
      Array.from({ length: 250 }, (_, n) => aPast({ id: `c-${n}` }))
    );
    const rows = (): number => screen.getAllByText('sunny').length;
    expect(rows()).toBe(100);
    await userEvent.click(
      screen.getByRole('button', { name: 'Show more (150)' })
    );
    expect(rows()).toBe(200);
  });

  it('come anew when a cluster is gone, while they are seen', async () => {
    void model.refresh();
    api.lists[0].resolve(aList(aCluster()));
    await settle();
    void model.refresh();
    api.lists[1].resolve(aList());
    await settle();
    expect(api.pasts).toHaveLength(0);
    open();
    await answer([]);
    void model.refresh();
    api.lists[2].resolve(aList(aCluster()));
    await settle();
    void model.refresh();
    api.lists[3].resolve(aList());
    await settle();
    expect(api.pasts).toHaveLength(2);
    await answer();
    expect(screen.getByText('sunny')).toBeVisible();
  });

  it('keep what is known when a request fails', async () => {
    open();
    await answer();
    await act(async () => {
      void model.past.refresh();
      api.pasts[1].reject(new ApiError({ message: 'No disk.', code: 'x' }));
      await settle();
    });
    expect(screen.getByRole('alert')).toHaveTextContent('No disk.');
    expect(screen.getByText('sunny')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await answer([]);
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('leave the list when deleted; a refusal is thrown and leaves them', async () => {
    open();
    await answer();
    await act(async () => {
      await model.past.delete('c-9');
    });
    expect(api.deletePast).toHaveBeenCalledWith('c-9');
    expect(screen.queryByText('sunny')).toBeNull();
    await answer();
    const refusal = new ApiError({ message: 'Busy.', code: 'conflict' });
    api.deletePast.mockRejectedValueOnce(refusal);
    await act(async () => {
      await expect(model.past.delete('c-9')).rejects.toBe(refusal);
    });
    expect(screen.getByText('sunny')).toBeVisible();
    expect(model.past.isBusy('c-9')).toBe(false);
  });
});

describe('the command that deletes', () => {
  it('asks first, unless it is confirmed', async () => {
    const api = new FakeApi();
    const model = new ClusterModel({ api });
    const commands = new CommandRegistry();
    addPastCommands({ commands, model, translator: nullTranslator });
    const run = (args: ReadonlyPartialJSONObject): Promise<unknown> =>
      commands.execute(CommandIDs.deletePast, args);
    expect(commands.isEnabled(CommandIDs.deletePast)).toBe(false);
    for (const [button, deletions] of [
      ['.jp-mod-reject', 0],
      ['.jp-mod-accept', 1]
    ] as const) {
      const done = run({ cluster: 'c-9' });
      const found = await waitFor(() => {
        const node = document.querySelector<HTMLElement>(
          `.jp-Dialog ${button}`
        );
        expect(node).not.toBeNull();
        return node!;
      });
      found.click();
      await done;
      expect(api.deletePast).toHaveBeenCalledTimes(deletions);
    }
    await run({ cluster: 'c-8', confirmed: true });
    expect(api.deletePast).toHaveBeenLastCalledWith('c-8');
    model.dispose();
  });
});

describe('a damaged cluster', () => {
  it('says so, with its logs and a way out', async () => {
    const ran: [string, unknown][] = [];
    const commands = new CommandRegistry();
    for (const id of [CommandIDs.openLogs, CommandIDs.deletePast]) {
      commands.addCommand(id, { execute: args => ran.push([id, args]) });
    }
    const cluster = {
      id: 'c-7',
      message: 'cluster.json is damaged',
      hint: 'Delete it.',
      can_delete: true
    };
    const card = (can_delete: boolean): JSX.Element => (
      <DamagedCard
        cluster={{ ...cluster, can_delete }}
        commands={commands}
        trans={trans}
      />
    );
    const { rerender } = render(card(true));
    expect(
      screen.getByRole('listitem', { name: 'c-7, damaged' })
    ).toHaveTextContent('cluster.json is damagedDelete it.');
    await userEvent.click(screen.getByRole('button', { name: 'Logs' }));
    await userEvent.click(screen.getByRole('button', { name: 'Delete' }));
    expect(ran).toEqual([
      [CommandIDs.openLogs, { cluster: 'c-7' }],
      [CommandIDs.deletePast, { cluster: 'c-7' }]
    ]);
    rerender(card(false));
    expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
  });
});
