/** The commands: described, enabled when they can do something, acting on the right cluster. */
import type { INotebookTracker } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { dismissDialog, waitForDialog } from '@jupyterlab/testing';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { CommandIDs, addCommands } from '../commands';
import { JobTables } from '../jobs/tables';
import { ClusterModel } from '../model';
import {
  FakeApi,
  aCluster,
  aGroup,
  aJob,
  aList,
  aWorker,
  settle
} from './samples';

describe('cluster commands', () => {
  let api: FakeApi;
  let model: ClusterModel;
  let commands: CommandRegistry;
  let tables: JobTables;
  const openLog = jest.fn(() => Promise.resolve());
  const openJobs = jest.fn(() => Promise.resolve());
  const showPanel = jest.fn();

  beforeEach(async () => {
    api = new FakeApi();
    model = new ClusterModel({ api });
    commands = new CommandRegistry();
    tables = new JobTables(model, nullTranslator.load('jupyterlab_rsdat'));
    openLog.mockClear();
    openJobs.mockClear();
    showPanel.mockClear();
    addCommands({
      commands,
      model,
      translator: nullTranslator,
      notebooks: { currentWidget: null } as INotebookTracker,
      activate: () => undefined,
      showPanel,
      openLog,
      tables,
      openJobs
    });
  });

  afterEach(() => {
    model.dispose();
  });

  const fill = async (): Promise<void> => {
    void model.refresh();
    api.lists[0].resolve(
      aList(aCluster({ id: 'a' }), aCluster({ id: 'b', state: 'failed' }))
    );
    await settle();
  };

  it('keep the names that others rely on', () => {
    expect(Object.values(CommandIDs).sort()).toEqual([
      'rsdat:add-worker-group',
      'rsdat:attach-cluster',
      'rsdat:cancel-job',
      'rsdat:delete-past-cluster',
      'rsdat:drop-queued',
      'rsdat:hold-job',
      'rsdat:insert-client-code',
      'rsdat:keep-cluster',
      'rsdat:new-cluster',
      'rsdat:open-job-log',
      'rsdat:open-jobs',
      'rsdat:open-logs',
      'rsdat:release-job',
      'rsdat:remove-worker-group',
      'rsdat:scale-cluster',
      'rsdat:set-idle-shutdown',
      'rsdat:show-clusters',
      'rsdat:shutdown-cluster',
      'rsdat:toggle-renewal'
    ]);
  });

  it.each(Object.values(CommandIDs))('%s is described', async id => {
    const { args } = await commands.describedBy(id);
    expect(args).toMatchObject({ type: 'object' });
    expect(Object.keys(args?.properties ?? {})).not.toHaveLength(0);
    expect(commands.label(id)).not.toBe('');
    expect(commands.caption(id)).not.toBe('');
    expect(commands.icon(id)).toBeDefined();
  });

  it('those on one cluster are off without one', async () => {
    const onCluster = [
      CommandIDs.scale,
      CommandIDs.shutdown,
      CommandIDs.insertCode,
      CommandIDs.openLogs
    ];
    const enabled = (): boolean[] =>
      onCluster.map(id => commands.isEnabled(id));
    expect(enabled()).toEqual([false, false, false, false]);
    await fill();
    expect(enabled()).toEqual([true, true, true, true]);
    expect(commands.isEnabled(CommandIDs.scale, { cluster: 'b' })).toBe(false);
    expect(commands.isEnabled(CommandIDs.insertCode, { cluster: 'b' })).toBe(
      false
    );
    expect(commands.isEnabled(CommandIDs.shutdown, { cluster: 'b' })).toBe(
      true
    );
  });

  it('scale without a dialog when the numbers are given', async () => {
    await fill();
    void commands.execute(CommandIDs.scale, { workers: 4 });
    void commands.execute(CommandIDs.scale, { minimum: 1, maximum: 2 });
    expect(api.sent).toEqual([
      { workers: 4 },
      { adapt: { minimum: 1, maximum: 2 } }
    ]);
  });

  it('shut down without asking when confirmed', async () => {
    await fill();
    void commands.execute(CommandIDs.shutdown, { confirmed: true });
    expect(api.shutdowns).toHaveLength(1);
  });

  it('ask for the options once, however slowly the site answers', async () => {
    const site = api.site.getMockImplementation()!;
    const slow = new PromiseDelegate<void>();
    api.site.mockImplementation(() => slow.promise.then(site));
    const asked = commands.execute(CommandIDs.newCluster, { form: true });
    expect(await commands.execute(CommandIDs.newCluster, { form: true })).toBe(
      null
    );
    expect(api.site).toHaveBeenCalledTimes(1);
    slow.reject(new Error('silent'));
    expect(await asked).toBe(null);
    void commands.execute(CommandIDs.newCluster, { form: true });
    expect(api.site).toHaveBeenCalledTimes(2);
    await settle();
  });

  it('a refused creation does not fail the command: the card tells it', async () => {
    const done = commands.execute(CommandIDs.newCluster, { workers: 2 });
    api.creations[0].reject(new Error('no'));
    expect(await done).toBeNull();
    expect(showPanel).toHaveBeenCalledTimes(1);
    expect(api.sent).toEqual([{ workers: 2 }]);
    expect(model.drafts[0].error?.message).toBe('no');
  });

  it('logs open the scheduler first, also of a cluster not in the list', async () => {
    await commands.execute(CommandIDs.openLogs, { cluster: 'gone' });
    await commands.execute(CommandIDs.openLogs, {
      cluster: 'a',
      source: '7_1'
    });
    expect(openLog.mock.calls).toEqual([
      ['gone', 'scheduler'],
      ['a', '7_1']
    ]);
  });

  describe('on jobs', () => {
    const idle = aJob({ id: '7_0', actions: ['cancel', 'hold'] });
    const busy = aJob({
      id: '7_1',
      state: 'RUNNING',
      actions: ['cancel'],
      workers: [aWorker({ in_memory: 3 })]
    });

    beforeEach(async () => {
      void model.refresh();
      api.lists[0].resolve(aList(aCluster({ id: 'a', jobs: [idle, busy] })));
      await settle();
    });

    it('are on as the job says', () => {
      const enabled = (job: string): string[] =>
        ['cancel-job', 'hold-job', 'release-job', 'open-job-log'].filter(name =>
          commands.isEnabled(`rsdat:${name}`, { cluster: 'a', job })
        );
      expect(enabled('7_0')).toEqual([
        'cancel-job',
        'hold-job',
        'open-job-log'
      ]);
      expect(enabled('7_1')).toEqual(['cancel-job', 'open-job-log']);
      expect(enabled('8')).toEqual([]);
    });

    it('act on the row last pointed at when no job is named', async () => {
      expect(commands.isEnabled(CommandIDs.holdJob)).toBe(false);
      tables.get('a', 'tab').active = '7_0';
      void commands.execute(CommandIDs.holdJob);
      expect(api.sent).toEqual([['a', '7_0', 'hold']]);
      await commands.execute(CommandIDs.openJobLog);
      expect(openLog).toHaveBeenCalledWith('a', '7_0');
    });

    it('cancel at once what holds nothing, and ask where work would be lost', async () => {
      void commands.execute(CommandIDs.cancelJob, { cluster: 'a', job: '7_0' });
      expect(api.sent).toEqual([['a', '7_0', 'cancel']]);
      const asked = commands.execute(CommandIDs.cancelJob, {
        cluster: 'a',
        job: '7_1'
      });
      await waitForDialog();
      expect(document.querySelector('.jp-Dialog')?.textContent).toContain(
        'it holds the results of 3'
      );
      expect(api.sent).toHaveLength(1);
      await dismissDialog();
      await asked;
      expect(api.sent).toHaveLength(1);
      void commands.execute(CommandIDs.cancelJob, {
        cluster: 'a',
        job: '7_1',
        confirmed: true
      });
      expect(api.sent).toHaveLength(2);
    });
  });

  describe('on groups, life and strangers', () => {
    const waiting = { wanted: 3, queued: 2, starting: 0, connected: 1 };
    const cluster = aCluster({
      id: 'a',
      workers: waiting,
      groups: [
        aGroup(),
        aGroup({ name: 'gpu', workers: waiting }),
        aGroup({ name: 'big' })
      ]
    });

    const show = async (...clusters: ReturnType<typeof aCluster>[]) => {
      void model.refresh();
      api.lists[0].resolve(aList(...clusters));
      await settle();
    };

    it('scale the group named', async () => {
      await show(cluster);
      void commands.execute(CommandIDs.scale, { group: 'gpu', workers: 5 });
      expect(api.sent).toEqual([{ workers: 5, group: 'gpu' }]);
    });

    it('drop the waiting jobs of every group that has some', async () => {
      await show(cluster);
      expect(commands.isEnabled(CommandIDs.dropQueued, { group: 'big' })).toBe(
        false
      );
      void commands.execute(CommandIDs.dropQueued);
      expect(api.sent).toEqual([{ drop_queued: true, group: 'gpu' }]);
    });

    it('the first group stays, others go when confirmed', async () => {
      await show(cluster);
      expect(
        commands.isEnabled(CommandIDs.removeGroup, { group: 'workers' })
      ).toBe(false);
      void commands.execute(CommandIDs.removeGroup, {
        group: 'gpu',
        confirmed: true
      });
      expect(api.sent).toEqual([['a', 'gpu']]);
    });

    it('a group that is gone stands for no other', async () => {
      await show({ ...cluster, groups: cluster.groups.slice(0, 2) });
      const group = 'gone';
      for (const id of [CommandIDs.dropQueued, CommandIDs.removeGroup]) {
        expect(commands.isEnabled(id, { group })).toBe(false);
        await commands.execute(id, { group, confirmed: true });
      }
      expect(api.sent).toEqual([]);
    });

    it('add a group as given', async () => {
      await show(cluster);
      const request = { name: 'gpu2', workers: 1 };
      void commands.execute(CommandIDs.addGroup, { request });
      expect(api.sent).toEqual([request]);
    });

    it('keep, idle shutdown and renewal send their change', async () => {
      await show(
        aCluster({ idle: { after: 600, ends_at: '2026-01-01T11:00:00Z' } })
      );
      expect(commands.isToggled(CommandIDs.idleShutdown)).toBe(true);
      expect(commands.isToggled(CommandIDs.renew)).toBe(false);
      const answer = async (): Promise<void> => {
        api.changes.forEach(change => change.resolve(model.clusters[0]));
        await settle();
      };
      void commands.execute(CommandIDs.keep);
      await answer();
      void commands.execute(CommandIDs.idleShutdown, { after: null });
      await settle();
      await answer();
      void commands.execute(CommandIDs.renew);
      expect(api.sent).toEqual([
        { keep: true },
        { idle_after: null },
        { renew: true }
      ]);
    });

    it('nothing to keep without a countdown', async () => {
      await show(aCluster());
      expect(commands.isEnabled(CommandIDs.keep)).toBe(false);
    });

    it('an attached cluster is not scaled, and detached instead of shut down', async () => {
      const attach = { address: 'tcp://10.0.0.9:8786' };
      void commands.execute(CommandIDs.attach, { attach });
      expect(api.sent).toEqual([{ attach }]);
      const scheduler = { ...aCluster().scheduler, mode: 'attached' as const };
      api.creations[0].resolve(aCluster({ scheduler, groups: [] }));
      await settle();
      for (const id of [
        CommandIDs.scale,
        CommandIDs.addGroup,
        CommandIDs.dropQueued,
        CommandIDs.idleShutdown,
        CommandIDs.renew
      ]) {
        expect(commands.isEnabled(id)).toBe(false);
      }
      expect(commands.isEnabled(CommandIDs.insertCode)).toBe(true);
      expect(commands.label(CommandIDs.shutdown)).toBe('Detach Cluster');
    });
  });
});
