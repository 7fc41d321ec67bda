/** Fifty clusters and two thousand jobs: what is drawn anew when the companion answers. */
import { CommandRegistry } from '@lumino/commands';
import { act, render, screen } from '@testing-library/react';
import React from 'react';
import { ClustersPanel } from '../components/panel';
import { JobTables } from '../jobs/tables';
import { ClusterModel } from '../model';
import { CountingTrans } from './counting';
import { FakeApi, settle } from './samples';
import { CLUSTERS, manyClusters } from './samples.many';

describe('a panel with many clusters', () => {
  let api: FakeApi;
  let model: ClusterModel;
  /** Each card says its name and state for its label. */
  const counting = new CountingTrans('%1, %2');

  const answer = async (list = manyClusters()): Promise<void> => {
    await act(async () => {
      void model.refresh();
      api.lists[api.lists.length - 1].resolve(list);
      await settle();
    });
  };

  beforeEach(async () => {
    counting.drawn = [];
    api = new FakeApi();
    model = new ClusterModel({ api });
    const trans = counting.bundle;
    render(
      <ClustersPanel
        model={model}
        tables={new JobTables(model, trans)}
        commands={new CommandRegistry()}
        baseUrl="/"
        trans={trans}
      />
    );
    await answer();
    expect(counting.drawn).toHaveLength(CLUSTERS);
    counting.drawn = [];
  });

  afterEach(() => {
    model.dispose();
  });

  it('draws nothing anew when the answer is the same', async () => {
    const before = model.clusters;
    await answer();
    expect(model.clusters).toBe(before);
    expect(counting.drawn).toEqual([]);
  });

  it('draws the one card whose cluster changed', async () => {
    const list = manyClusters();
    list.clusters[7].workers.connected = 39;
    await answer(list);
    expect(counting.drawn).toEqual(['Cluster 7']);
  });

  it('draws the card of a job that changed, and keeps the other jobs', async () => {
    const before = model.clusters;
    const list = manyClusters();
    list.clusters[3].jobs[5].state = 'COMPLETING';
    await answer(list);
    expect(counting.drawn).toEqual(['Cluster 3']);
    expect(model.clusters[3].jobs[4]).toBe(before[3].jobs[4]);
    expect(model.clusters[3].jobs[5]).not.toBe(before[3].jobs[5]);
    expect(model.clusters[4]).toBe(before[4]);
  });

  it('draws two cards when another is selected', async () => {
    const [old] = model.clusters.filter(({ id }) => id === model.selected);
    act(() => model.select('c-1'));
    expect(counting.drawn.sort()).toEqual(['Cluster 1', old.name].sort());
  });

  it('has no job in the document while no card is open', () => {
    expect(screen.queryByRole('row', { hidden: true })).toBeNull();
  });
});
