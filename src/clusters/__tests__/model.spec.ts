/** The model under answers that come late, out of order, or not at all. */
import { StateDB } from '@jupyterlab/statedb';
import { Signal } from '@lumino/signaling';
import type { ChangeStream, IChange } from '../../common/events';
import { ApiError } from '../../common/request';
import { ClusterModel } from '../model';
import { FakeApi, aCluster, aList, settle } from './samples';

class FakeChanges {
  changed = new Signal<this, IChange>(this);
}

describe('ClusterModel', () => {
  let api: FakeApi;
  let changes: FakeChanges;
  let model: ClusterModel;

  beforeEach(() => {
    api = new FakeApi();
    changes = new FakeChanges();
    model = new ClusterModel({
      api,
      changes: changes as unknown as ChangeStream
    });
  });

  afterEach(() => {
    model.dispose();
  });

  it('asks nothing while nobody watches', async () => {
    changes.changed.emit({ kind: 'cluster', id: 'c-1' });
    await new Promise(resolve => requestAnimationFrame(resolve));
    await settle();
    expect(api.lists).toHaveLength(0);
  });

  it('looks again for events that did not arrive', async () => {
    const watch = model.watch();
    api.lists[0].resolve(aList(aCluster()));
    await settle();
    const asked = api.lists.length;
    model.noteMissed();
    await new Promise(resolve => requestAnimationFrame(resolve));
    await settle();
    expect(api.lists.length).toBe(asked + 1);
    watch.dispose();
  });

  it('shares one request among calls made meanwhile', async () => {
    const both = Promise.all([model.refresh(), model.refresh()]);
    model.watch().dispose();
    expect(api.lists).toHaveLength(1);
    api.lists[0].resolve(aList(aCluster()));
    await both;
    expect(model.clusters.map(({ id }) => id)).toEqual(['c-1']);
    expect(model.isReady).toBe(true);
  });

  it('asks once more when something changed while the answer was under way', async () => {
    const watch = model.watch();
    changes.changed.emit({ kind: 'cluster', id: 'c-1' });
    api.lists[0].resolve(aList());
    await settle();
    expect(api.lists).toHaveLength(2);
    api.lists[1].resolve(aList(aCluster()));
    await settle();
    expect(model.clusters).toHaveLength(1);
    watch.dispose();
  });

  it('does not let a list from before a change undo the change', async () => {
    void model.refresh();
    api.lists[0].resolve(aList(aCluster()));
    await settle();
    const late = model.refresh();
    const change = model.change('c-1', { workers: 4 });
    const workers = { wanted: 4, queued: 4, starting: 0, connected: 0 };
    api.changes[0].resolve(aCluster({ workers }));
    await change;
    api.lists[1].resolve(aList(aCluster()));
    await settle();
    expect(model.cluster('c-1')?.workers.wanted).toBe(4);
    api.lists[2].resolve(aList(aCluster({ workers })));
    await late;
    expect(model.cluster('c-1')?.workers.wanted).toBe(4);
  });

  it('a cluster that left the list does not come back with a late answer', async () => {
    void model.refresh();
    api.lists[0].resolve(aList(aCluster()));
    await settle();
    const done = model.shutdown('c-1');
    void model.refresh();
    api.lists[1].resolve(aList());
    await settle();
    api.shutdowns[0].resolve(aCluster({ state: 'stopping' }));
    await done;
    expect(model.clusters).toEqual([]);
    expect(model.activity('c-1')).toBeNull();
  });

  it('keeps the list when a request fails, and says why', async () => {
    void model.refresh();
    api.lists[0].resolve(aList(aCluster()));
    await settle();
    const again = model.refresh();
    api.lists[1].reject(new ApiError({ message: 'gone', code: 'network' }));
    await again;
    expect(model.clusters).toHaveLength(1);
    expect(model.error?.code).toBe('network');
    void model.refresh();
    api.lists[2].resolve(aList());
    await settle();
    expect(model.error).toBeNull();
  });

  it('shows a draft at once, and one card for one cluster', async () => {
    const created = model.create({ workers: 2 });
    expect(model.drafts).toHaveLength(1);
    // The event comes before the answer to the POST: the list has the cluster already.
    void model.refresh();
    api.lists[0].resolve(aList(aCluster({ state: 'starting' })));
    await settle();
    expect([model.clusters.length, model.drafts.length]).toEqual([0, 1]);
    api.creations[0].resolve(aCluster());
    await created;
    expect([model.clusters.length, model.drafts.length]).toEqual([1, 0]);
    expect(model.selected).toBe('c-1');
  });

  it('shows the other clusters although one is made before the first list', async () => {
    const created = model.create({ workers: 2 });
    void model.refresh();
    const old = aCluster({ id: 'c-0', created: '2025-01-01T10:00:00Z' });
    const other = aCluster({
      id: 'c-2',
      state: 'starting',
      created: '2025-01-01T10:00:00Z'
    });
    const made = aCluster({
      state: 'starting',
      created: '2025-01-01T11:00:00Z'
    });
    api.lists[0].resolve(aList(old, made, other));
    await settle();
    expect(model.clusters.map(({ id }) => id)).toEqual(['c-0', 'c-2']);
    api.creations[0].resolve(made);
    await created;
    expect(model.clusters.map(({ id }) => id)).toEqual(['c-0', 'c-2', 'c-1']);
  });

  it('keeps a refused draft with the reason until it is dismissed', async () => {
    const created = model.create({});
    api.creations[0].reject(
      new ApiError({ message: 'Unknown preset x.', code: 'invalid_input' })
    );
    await expect(created).rejects.toThrow('Unknown preset x.');
    expect(model.drafts[0].error?.message).toBe('Unknown preset x.');
    model.dismiss(model.drafts[0].key);
    expect(model.drafts).toHaveLength(0);
  });

  it('is busy with a cluster while a change is under way, also one that fails', async () => {
    void model.refresh();
    api.lists[0].resolve(aList(aCluster()));
    await settle();
    const change = model.change('c-1', { workers: 9 });
    expect(model.activity('c-1')).toBe('change');
    api.changes[0].reject(new ApiError({ message: 'no', code: 'refused' }));
    await expect(change).rejects.toThrow('no');
    expect(model.activity('c-1')).toBeNull();
  });

  it('takes a cluster that is already gone off the list', async () => {
    void model.refresh();
    api.lists[0].resolve(aList(aCluster()));
    await settle();
    const shutdown = model.shutdown('c-1');
    api.shutdowns[0].reject(
      new ApiError({ message: 'No cluster c-1.', code: 'not_found' })
    );
    await shutdown;
    expect(model.clusters).toHaveLength(0);
  });

  it('tells changes of state, not the first list', async () => {
    const seen: (string | null)[] = [];
    model.stateChanged.connect((_, { after }) => {
      seen.push(after && after.state);
    });
    const answers = [
      aList(aCluster({ state: 'starting' })),
      aList(aCluster()),
      aList(aCluster()),
      aList()
    ];
    for (const [index, answer] of answers.entries()) {
      const done = model.refresh();
      api.lists[index].resolve(answer);
      await done;
    }
    expect(seen).toEqual(['running', null]);
  });

  it('selects the newest cluster that is of use, and falls back when the chosen one goes', async () => {
    const clusters = [
      aCluster({ id: 'a' }),
      aCluster({ id: 'b' }),
      aCluster({ id: 'c', state: 'failed' })
    ];
    void model.refresh();
    api.lists[0].resolve(aList(...clusters));
    await settle();
    expect(model.selected).toBe('b');
    model.select('c');
    expect(model.selected).toBe('c');
    void model.refresh();
    api.lists[1].resolve(aList(...clusters.slice(0, 1)));
    await settle();
    expect(model.selected).toBe('a');
  });

  it('remembers the selection', async () => {
    const state = new StateDB();
    const first = new ClusterModel({ api, state });
    first.select('a');
    first.dispose();
    const second = new ClusterModel({ api, state });
    await second.restored;
    void second.refresh();
    api.lists[0].resolve(aList(aCluster({ id: 'a' }), aCluster({ id: 'b' })));
    await settle();
    expect(second.selected).toBe('a');
    second.dispose();
  });

  it('does nothing more once disposed', async () => {
    void model.refresh();
    let count = 0;
    model.changed.connect(() => count++);
    model.dispose();
    api.lists[0].resolve(aList(aCluster()));
    await settle();
    expect(count).toBe(0);
  });
});
