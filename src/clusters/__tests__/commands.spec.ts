/** The commands: described, enabled when they can do something, acting on the right cluster. */
import type { INotebookTracker } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { CommandIDs, addCommands } from '../commands';
import { ClusterModel } from '../model';
import { FakeApi, aCluster, aList, settle } from './samples';

describe('cluster commands', () => {
  let api: FakeApi;
  let model: ClusterModel;
  let commands: CommandRegistry;
  const openLog = jest.fn(() => Promise.resolve());

  beforeEach(async () => {
    api = new FakeApi();
    model = new ClusterModel({ api });
    commands = new CommandRegistry();
    openLog.mockClear();
    addCommands({
      commands,
      model,
      translator: nullTranslator,
      notebooks: { currentWidget: null } as INotebookTracker,
      activate: () => undefined,
      openLog
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
      'rsdat:insert-client-code',
      'rsdat:new-cluster',
      'rsdat:open-logs',
      'rsdat:scale-cluster',
      'rsdat:shutdown-cluster'
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

  it('a refused creation does not fail the command: the card tells it', async () => {
    const done = commands.execute(CommandIDs.newCluster, { workers: 2 });
    api.creations[0].reject(new Error('no'));
    expect(await done).toBeNull();
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
});
