/** The section in Lab's Running panel. */
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { CommandIDs } from '../ids';
import type { ClusterModel } from '../model';
import { RunningClusters } from '../running';
import { aCluster } from './samples';

const workers = { wanted: 4, queued: 1, starting: 0, connected: 3 };
const clusters = [
  aCluster({ id: 'a', name: 'one', workers }),
  aCluster({ id: 'b', name: 'two', state: 'starting' }),
  aCluster({ id: 'c', name: 'gone', state: 'stopped' })
];

describe('RunningClusters', () => {
  const show = jest.fn();
  const shutdown = jest.fn();
  const refresh = jest.fn(() => Promise.resolve());
  const changed = new Signal<unknown, void>({});
  let running: RunningClusters;

  beforeEach(() => {
    jest.clearAllMocks();
    const commands = new CommandRegistry();
    commands.addCommand(CommandIDs.shutdown, { execute: shutdown });
    running = new RunningClusters({
      model: { clusters, changed, refresh } as unknown as ClusterModel,
      commands,
      trans: nullTranslator.load('jupyterlab_rsdat'),
      show
    });
  });

  it('lists the clusters that live, with their workers', () => {
    const items = running.running();
    expect(items.map(item => item.label())).toEqual(['one', 'two']);
    expect(items[0].detail?.()).toMatch(/4\swanted.*3\sconnected/);
    expect(items[0].labelTitle?.()).toMatch(/^one, running: /);
    running.refreshRunning();
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(running.runningChanged).toBe(changed);
  });

  it('leads to the card, and asks before it ends one', () => {
    const [item] = running.running();
    item.open?.();
    expect(show).toHaveBeenCalledWith('a');
    item.shutdown?.();
    expect(shutdown).toHaveBeenCalledWith({ cluster: 'a', confirmed: false });
  });

  it('ends all after the one question that Lab has asked', () => {
    expect(running.shutdownAllConfirmationText).toMatch(/are lost/);
    running.shutdownAll();
    expect(shutdown.mock.calls).toEqual([
      [{ cluster: 'a', confirmed: true }],
      [{ cluster: 'b', confirmed: true }]
    ]);
  });
});
