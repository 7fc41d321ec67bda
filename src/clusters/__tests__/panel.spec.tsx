/** The panel around the cards: banners, drafts, the spoken word, the keyboard. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { ApiError } from '../../common/request';
import { CommandIDs } from '../commands';
import { ClustersPanel } from '../components/panel';
import { JobTables } from '../jobs/tables';
import { ClusterModel } from '../model';
import { FakeApi, aCluster, aList, settle } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');

describe('ClustersPanel', () => {
  let api: FakeApi;
  let model: ClusterModel;
  const ran: [string, unknown][] = [];
  const commands = new CommandRegistry();
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, { execute: args => ran.push([id, args]) });
  }

  const answer = async (list = aList(), index = 0): Promise<void> => {
    await act(async () => {
      void model.refresh();
      api.lists[index].resolve(list);
      await settle();
    });
  };

  beforeEach(() => {
    ran.length = 0;
    api = new FakeApi();
    model = new ClusterModel({ api });
    render(
      <ClustersPanel
        model={model}
        tables={new JobTables(model, trans)}
        commands={commands}
        baseUrl="/"
        trans={trans}
      />
    );
  });

  afterEach(() => {
    model.dispose();
  });

  it('starts a cluster with one button, and with options by the other', async () => {
    await userEvent.click(
      screen.getByRole('button', { name: 'New SLURMCluster' })
    );
    await userEvent.click(
      screen.getByRole('button', { name: 'Cluster options' })
    );
    expect(ran).toEqual([
      [CommandIDs.newCluster, {}],
      [CommandIDs.newCluster, { form: true }]
    ]);
  });

  it('says that there is none, only once it knows', async () => {
    expect(screen.getByText('Loading…')).toBeVisible();
    await answer();
    expect(screen.getByText(/^No cluster yet/)).toBeVisible();
    // In this region the list items are the clusters.
    expect(screen.queryByRole('listitem')).toBeNull();
    expect(
      screen.getByRole('link', { name: 'Read the guide' })
    ).toHaveAttribute('href', expect.stringMatching(/\/docs\/clusters\.md$/));
    await userEvent.click(
      screen.getByRole('button', { name: /^Attach a scheduler that runs/ })
    );
    expect(ran).toEqual([[CommandIDs.attach, {}]]);
  });

  it('shows a draft at once and a refusal with a way out', async () => {
    let created: Promise<unknown> = Promise.resolve();
    act(() => {
      created = model.create({ name: 'mine' }).catch(() => undefined);
    });
    expect(
      screen.getByRole('listitem', { name: 'mine, starting' })
    ).toHaveAttribute('aria-busy', 'true');
    await act(async () => {
      api.creations[0].reject(
        new ApiError({
          message: 'The name mine is taken.',
          hint: 'Choose another.',
          code: 'conflict'
        })
      );
      await created;
    });
    expect(screen.getByText('The name mine is taken.')).toBeVisible();
    expect(screen.getByText('Choose another.')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByRole('listitem')).toBeNull();
  });

  it('asks for the options of one that was refused', async () => {
    await act(async () => {
      const created = model.create({}).catch(() => undefined);
      api.creations[0].reject(new ApiError({ message: 'No.', code: 'x' }));
      await created;
    });
    await userEvent.click(screen.getByRole('button', { name: 'Options…' }));
    expect(screen.queryByText('No.')).toBeNull();
    expect(ran).toEqual([[CommandIDs.newCluster, { form: true }]]);
  });

  it('says since when the queue has been silent, and keeps the clusters', async () => {
    await answer({
      ...aList(aCluster()),
      queue_problem: { message: 'slurmctld is silent', hint: 'Wait.' },
      queue_seen: new Date(2020, 4, 6, 14, 2).toISOString()
    });
    expect(screen.getByText(/has not answered since .*14:02/)).toBeVisible();
    expect(screen.getByText('slurmctld is silent')).toBeVisible();
    expect(screen.getByRole('listitem')).toBeVisible();
  });

  it('shows a failed request with a way to try again', async () => {
    await answer(aList(aCluster()));
    await act(async () => {
      void model.refresh();
      api.lists[1].reject(
        new ApiError({ message: 'No net.', code: 'network' })
      );
      await settle();
    });
    expect(screen.getByText('No net.')).toBeVisible();
    expect(screen.getByRole('listitem')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(api.lists).toHaveLength(3);
  });

  it('speaks changes of state', async () => {
    await answer(aList(aCluster({ state: 'starting' })));
    await answer(aList(aCluster()), 1);
    expect(screen.getByText('SLURMCluster 1 is running')).toHaveAttribute(
      'role',
      'status'
    );
  });

  it('speaks all that one answer changes', async () => {
    const [a, b] = [
      { id: 'a', name: 'A' },
      { id: 'b', name: 'B' }
    ];
    await answer(
      aList(
        aCluster({ ...a, state: 'starting' }),
        aCluster({ ...b, state: 'starting' })
      )
    );
    const diagnosis = { message: 'Out of memory.', hint: null };
    await answer(
      aList(aCluster(a), aCluster({ ...b, state: 'failed', diagnosis })),
      1
    );
    expect(
      screen.getByText('A is running. B is failed: Out of memory.')
    ).toHaveAttribute('role', 'status');
  });

  it('moves the focus with the arrows and selects with Enter', async () => {
    await answer(
      aList(aCluster({ id: 'a', name: 'A' }), aCluster({ id: 'b', name: 'B' }))
    );
    const [first, second] = screen.getAllByRole('listitem');
    expect([first.tabIndex, second.tabIndex]).toEqual([-1, 0]);
    second.focus();
    await userEvent.keyboard('{ArrowUp}');
    expect(first).toHaveFocus();
    await userEvent.keyboard('{Enter}');
    expect(model.selected).toBe('a');
    expect([first.tabIndex, second.tabIndex]).toEqual([0, -1]);
  });
});
