/** Notebooks and their clusters: what is said of them, remembered, offered and told. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import type { IPastCluster } from '../../common/types';
import { Farewells } from '../farewell';
import { CommandIDs } from '../ids';
import { menuItems } from '../indicator';
import { NotebookLinks } from '../links';
import { remembered } from '../memory';
import { Mismatches } from '../mismatch';
import { Reconnecting } from '../reconnect';
import { Remembering } from '../remembering';
import type { NotebookRuntime } from '../runtime';
import { NotebookSettings } from '../settings';
import { description, label } from '../words';
import { FakeChanges, FakeClusters, FakePanel, aCluster, later } from './fake';

const trans = nullTranslator.load('jupyterlab_rsdat');

describe('notebooks', () => {
  let clusters: FakeClusters;
  let changes: FakeChanges;
  let links: NotebookLinks;
  let settings: NotebookSettings;
  let emit: jest.SpyInstance;
  let one: FakePanel;
  let two: FakePanel;
  const compare = jest.fn();
  const past = jest.fn();
  const startAgain = jest.fn();
  const connect = jest.fn();
  const choose = jest.fn();
  const show = jest.fn();
  const api = { compare, past };

  const told = (): string[] => emit.mock.calls.map(([words]) => words);
  const press = (notice: number, label: string): void => {
    const actions: Notification.IAction[] = emit.mock.calls[notice][2].actions;
    actions.find(each => each.label === label)!.callback({} as MouseEvent);
  };
  const labels = (notice: number): string[] =>
    emit.mock.calls[notice][2].actions.map(
      (each: Notification.IAction) => each.label
    );

  beforeEach(() => {
    jest.useFakeTimers();
    jest.resetAllMocks();
    compare.mockResolvedValue({ workers: 2, mismatch: null });
    past.mockResolvedValue({ clusters: [] });
    emit = jest.spyOn(Notification.manager, 'notify').mockReturnValue('n-1');
    clusters = new FakeClusters();
    changes = new FakeChanges();
    links = new NotebookLinks({ clusters, changes: changes as never });
    settings = new NotebookSettings();
    one = new FakePanel('one.ipynb');
    two = new FakePanel('two.ipynb');
    links.of(one.panel);
    links.of(two.panel);
    clusters.set(aCluster());
  });

  afterEach(() => {
    links.dispose();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const words = (panel: FakePanel): string[] => {
    const { state } = links.of(panel.panel);
    return [label(state, trans), description(state, null, trans)];
  };

  it('tell what they are connected to, from beginning to end', async () => {
    expect(words(one)).toEqual(['', 'Dask: not connected to a cluster']);
    one.connectTo('Scheduler-1');
    await later();
    expect(words(one)).toEqual([
      'maps (2 workers)',
      'Dask: connected to maps, 2 workers'
    ]);
    expect(links.connectedTo('c-1')).toEqual([
      { path: 'one.ipynb', clients: ['Client-one.ipynb'] }
    ]);
    const workers = { wanted: 1, queued: 0, starting: 0, connected: 1 };
    clusters.set(aCluster({ workers }));
    expect(words(one)[0]).toBe('maps (1 worker)');
    one.connectTo('Scheduler-1', 'connecting');
    await later();
    expect(words(one)[0]).toBe('maps (reconnecting)');
    clusters.set();
    expect(words(one)).toEqual([
      'maps (ended)',
      'Dask: the cluster maps has ended'
    ]);
    one.sessionContext.clients = [];
    one.sessionContext.runCell();
    await later();
    expect(words(one)[0]).toBe('');
  });

  it('of a scheduler that is not known ask for the clusters once', async () => {
    one.connectTo('Scheduler-9');
    two.connectTo('Scheduler-9');
    await later();
    expect(words(one)[0]).toBe('other scheduler');
    expect(clusters.refresh).toHaveBeenCalledTimes(1);
  });

  it('a scheduler of others that is detached has not ended', async () => {
    const scheduler = { ...aCluster().scheduler, mode: 'attached' as const };
    clusters.set(aCluster({ scheduler }));
    one.connectTo('Scheduler-1');
    await later();
    clusters.set();
    expect(words(one)[0]).toBe('other scheduler');
  });

  it('keep only clusters fresh that one is connected to, while one is open', async () => {
    changes.changed.emit({ kind: 'cluster', id: 'c-1' });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(clusters.refresh).not.toHaveBeenCalled();
    one.connectTo('Scheduler-1');
    await later();
    changes.changed.emit({ kind: 'cluster', id: 'c-1' });
    changes.changed.emit({ kind: 'cluster', id: 'c-1' });
    changes.changed.emit({ kind: 'cluster', id: 'c-2' });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(clusters.refresh).toHaveBeenCalledTimes(1);
    one.dispose();
    expect(clusters.glances).toBe(1);
    two.dispose();
    expect(clusters.glances).toBe(0);
  });

  describe('that remember', () => {
    beforeEach(() => {
      new Remembering({ links, settings, trans });
    });

    it('are asked once, for all of them', async () => {
      one.connectTo('Scheduler-1');
      two.connectTo('Scheduler-1');
      await later();
      expect(told()).toHaveLength(1);
      expect(told()[0]).toContain('one.ipynb works with maps');
      expect(remembered(one.panel.model!)).toBeNull();
      press(0, 'Remember');
      await later();
      // Id and name: no address, no path of a key.
      expect(one.metadata.get('rsdat')).toEqual({
        cluster: { id: 'c-1', name: 'maps' }
      });
      expect(remembered(two.panel.model!)).toEqual({ id: 'c-1', name: 'maps' });
    });

    it('do not, when told so', async () => {
      one.connectTo('Scheduler-1');
      await later();
      press(0, 'Do not');
      two.connectTo('Scheduler-1');
      await later();
      expect(told()).toHaveLength(1);
      expect(one.metadata.size + two.metadata.size).toBe(0);
    });
  });

  describe('that are opened again', () => {
    let reconnecting: Reconnecting;
    const open = async (panel: FakePanel): Promise<void> => {
      panel.metadata.set('rsdat', {
        mine: 1,
        cluster: { id: 'c-1', name: 'maps' }
      });
      await reconnecting.offer(panel.panel);
    };

    beforeEach(() => {
      const parts = { api, clusters, links, settings, trans };
      reconnecting = new Reconnecting({
        ...parts,
        connect,
        startAgain,
        choose
      });
    });

    it('are offered to connect, once', async () => {
      await open(one);
      expect(told()).toEqual([
        'one.ipynb worked with the cluster maps. Connect again?'
      ]);
      expect(labels(0)).toEqual(['Connect', 'Not now', 'Forget']);
      await open(one);
      expect(told()).toHaveLength(1);
      press(0, 'Connect');
      expect(connect).toHaveBeenCalledWith(one.panel, 'c-1');
      press(0, 'Forget');
      // What others keep there stays.
      expect(one.metadata.get('rsdat')).toEqual({ mine: 1 });
    });

    it('are offered it when the clusters are known, where the first list failed', async () => {
      clusters.isReady = false;
      await open(one);
      expect(told()).toEqual([]);
      clusters.set(aCluster());
      await later();
      expect(told()).toHaveLength(1);
      await open(one);
      expect(told()).toHaveLength(1);
    });

    it('are not while the kernel is connected still, nor when that is off', async () => {
      one.sessionContext.clients = [
        { id: 'Client-1', scheduler: 'Scheduler-1', status: 'running' }
      ];
      await open(one);
      await settings.setRemember('off');
      await open(two);
      expect(told()).toEqual([]);
    });

    it('are told that the cluster is gone, with the way to another', async () => {
      const end = { code: 'idle', message: 'Shut down by itself' };
      past.mockResolvedValue({
        clusters: [{ id: 'c-1', end } as IPastCluster]
      });
      clusters.set(aCluster({ id: 'c-2', name: 'other' }));
      await open(one);
      expect(told()).toEqual([
        'one.ipynb worked with the cluster maps, which has ended: Shut down by itself.'
      ]);
      expect(labels(0)).toEqual(['Start again', 'Choose another', 'Forget']);
      press(0, 'Start again');
      expect(startAgain).toHaveBeenCalledWith('c-1', [one.panel]);
      press(0, 'Choose another');
      expect(choose).toHaveBeenCalledWith(one.panel);
    });

    it('can not start again what was deleted', async () => {
      clusters.set();
      await open(one);
      expect(told()[0]).toContain('which is gone');
      expect(labels(0)).toEqual(['Forget']);
    });
  });

  describe('whose versions differ', () => {
    let mismatches: Mismatches;
    beforeEach(() => {
      mismatches = new Mismatches({ api, links, settings, trans, show });
    });

    const mismatch = {
      message:
        'Versions of Python differ: 3.12 in the notebook; 3.11 in the workers',
      hint: 'Install the same.',
      serious: true
    };

    it('are told as soon as they are connected, once', async () => {
      compare.mockResolvedValue({ workers: 2, mismatch });
      one.connectTo('Scheduler-1');
      await later();
      expect(compare).toHaveBeenCalledWith('c-1', {
        python: '3.12.1',
        dask: '2026.8.0'
      });
      expect(told()).toHaveLength(1);
      expect(told()[0]).toContain('3.12 in the notebook; 3.11 in the workers');
      clusters.set(aCluster({ cores: 9 }));
      await later();
      expect(compare).toHaveBeenCalledTimes(1);
      press(0, 'Show cluster');
      expect(show).toHaveBeenCalledWith('c-1');
    });

    it('stay marked when that was read, and are told again when asked', async () => {
      const changed = jest.fn();
      mismatches.changed.connect(changed);
      compare.mockResolvedValue({ workers: 2, mismatch });
      one.connectTo('Scheduler-1');
      await later();
      expect(mismatches.of(one.panel)).toEqual(mismatch);
      expect(changed).toHaveBeenCalledTimes(1);
      const words = (): string =>
        description(links.of(one.panel).state, mismatches.of(one.panel), trans);
      expect(words()).toBe(
        'Dask: connected to maps, 2 workers, versions differ'
      );
      const menu = (): unknown[] =>
        menuItems({
          panel: one.panel,
          runtime: {
            state: panel => links.of(panel).state,
            choices: [],
            remembers: () => false,
            wishes: { of: () => null } as never,
            mismatches
          } as Partial<NotebookRuntime> as NotebookRuntime,
          commands: new CommandRegistry(),
          trans
        }).map(({ command }) => command);
      expect(menu()).toContain(CommandIDs.versions);
      expect(told()).toHaveLength(1);
      mismatches.repeat(one.panel);
      expect(told()).toHaveLength(2);
      expect(told()[1]).toBe(told()[0]);

      // No longer connected: nothing differs.
      one.sessionContext.clients = [];
      one.sessionContext.runCell();
      await later();
      expect(mismatches.of(one.panel)).toBeNull();
      expect(words()).toBe('Dask: not connected to a cluster');
      expect(menu()).not.toContain(CommandIDs.versions);
      mismatches.repeat(one.panel);
      expect(told()).toHaveLength(2);
    });

    it('are compared again when nobody answered', async () => {
      compare.mockRejectedValueOnce(new Error('no network'));
      one.connectTo('Scheduler-1');
      await later();
      expect(compare).toHaveBeenCalledTimes(1);
      compare.mockResolvedValue({ workers: 2, mismatch });
      await jest.advanceTimersByTimeAsync(3_000);
      expect(told()).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(600_000);
      expect(compare).toHaveBeenCalledTimes(2);
    });

    it('are not compared for ever when nobody answers', async () => {
      compare.mockRejectedValue(new Error('no network'));
      one.connectTo('Scheduler-1');
      await later();
      await jest.advanceTimersByTimeAsync(600_000);
      expect(compare).toHaveBeenCalledTimes(4);
    });

    it('are compared anew when page or network come back', async () => {
      const hidden = jest.spyOn(document, 'hidden', 'get');
      hidden.mockReturnValue(true);
      compare.mockRejectedValue(new Error('no network'));
      one.connectTo('Scheduler-1');
      await later();
      await jest.advanceTimersByTimeAsync(600_000);
      // Out of sight nobody asks.
      expect(compare).toHaveBeenCalledTimes(1);
      hidden.mockReturnValue(false);
      document.dispatchEvent(new Event('visibilitychange'));
      await later();
      expect(compare).toHaveBeenCalledTimes(2);
      compare.mockResolvedValue({ workers: 2, mismatch });
      window.dispatchEvent(new Event('online'));
      await later();
      expect(told()).toHaveLength(1);
      window.dispatchEvent(new Event('online'));
      await later();
      expect(compare).toHaveBeenCalledTimes(3);
    });

    it('of a notebook that is closed are not compared any more', async () => {
      compare.mockRejectedValue(new Error('no network'));
      one.connectTo('Scheduler-1');
      await later();
      one.dispose();
      await jest.advanceTimersByTimeAsync(600_000);
      window.dispatchEvent(new Event('online'));
      await later();
      expect(compare).toHaveBeenCalledTimes(1);
    });

    it('are looked at again when the first workers have come', async () => {
      const workers = { wanted: 1, queued: 1, starting: 0, connected: 0 };
      clusters.set(aCluster({ workers }));
      one.connectTo('Scheduler-1');
      await later();
      expect(told()).toEqual([]);
      compare.mockResolvedValue({ workers: 2, mismatch });
      clusters.set(aCluster());
      await later();
      expect(compare).toHaveBeenCalledTimes(2);
      expect(told()).toHaveLength(1);
    });
  });

  describe('whose cluster ends', () => {
    beforeEach(async () => {
      new Farewells({ api, clusters, links, trans, startAgain });
      one.connectTo('Scheduler-1');
      two.connectTo('Scheduler-1');
      await later();
    });

    it('are told together, with the reason that is known at its end', async () => {
      const end = { code: 'idle', message: 'Shut down by itself' };
      past.mockResolvedValue({
        clusters: [{ id: 'c-1', end } as IPastCluster]
      });
      clusters.set(aCluster({ state: 'stopping' }));
      await later();
      expect(told()).toEqual([]);
      // One's kernel is restarted, and its first cell connects it again.
      const { clients } = one.sessionContext;
      one.sessionContext.clients = [];
      one.sessionContext.runCell();
      await later();
      one.sessionContext.clients = clients;
      one.sessionContext.runCell();
      await later();
      clusters.set();
      await later();
      expect(told()).toEqual([
        'The cluster maps has ended: Shut down by itself. Results that were only in its memory are gone. Connected: one.ipynb, two.ipynb.'
      ]);
      press(0, 'Start again');
      expect(startAgain).toHaveBeenCalledWith('c-1', [one.panel, two.panel]);
    });

    it('are told also of one that only an earlier client is connected to', async () => {
      const [other, client] = ['c-2', 'Client-new'];
      const scheduler = { ...aCluster().scheduler, id: 'Scheduler-2' };
      const second = aCluster({ id: other, name: 'other', scheduler });
      one.sessionContext.clients.push({
        id: client,
        scheduler: 'Scheduler-2',
        status: 'running'
      });
      one.sessionContext.runCell();
      two.sessionContext.clients = [];
      two.sessionContext.runCell();
      clusters.set(aCluster(), second);
      await later();
      expect(words(one)[0]).toBe('other (2 workers)');
      expect(links.connectedTo('c-1')).toHaveLength(1);
      changes.changed.emit({ kind: 'cluster', id: 'c-1' });
      await jest.advanceTimersByTimeAsync(10_000);
      expect(clusters.refresh).toHaveBeenCalled();
      clusters.set(second);
      await later();
      const end =
        'The cluster maps has ended. Results that were only in its memory are gone. Connected: one.ipynb.';
      expect(told()).toEqual([end]);
      // What it goes on with is as before.
      expect(words(one)[0]).toBe('other (2 workers)');
      clusters.set({ ...second, cores: 9 });
      await later();
      expect(told()).toEqual([end]);
      expect(links.connectedTo(other)).toEqual([
        { path: 'one.ipynb', clients: [client] }
      ]);
    });

    it('are told of a scheduler that died, and not again at its funeral', async () => {
      clusters.set(
        aCluster({
          state: 'failed',
          diagnosis: { message: 'The scheduler has died', hint: null }
        })
      );
      await later();
      expect(told()[0]).toContain('has failed: The scheduler has died.');
      clusters.set();
      await later();
      expect(told()).toHaveLength(1);
    });
  });
});
