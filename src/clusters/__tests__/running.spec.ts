/** The section in Lab's Running panel. */
import '@testing-library/jest-dom';
import { Dialog } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import type { IClients } from '../../common/types';
import { CommandIDs } from '../ids';
import type { ClusterModel } from '../model';
import { RunningClusters } from '../running';
import { aCluster, settle } from './samples';

const workers = { wanted: 4, queued: 1, starting: 0, connected: 3 };
const clusters = [
  aCluster({ id: 'a', name: 'one', workers }),
  aCluster({ id: 'b', name: 'two', state: 'starting' }),
  aCluster({ id: 'c', name: 'gone', state: 'stopped' }),
  aCluster({
    id: 'd',
    name: 'theirs',
    scheduler: { ...aCluster().scheduler, mode: 'attached' }
  })
];
const NOBODY: IClients = {
  clients: [],
  tasks: { processing: 0, waiting: 0, in_memory: 0 },
  bytes: 0
};

describe('RunningClusters', () => {
  const show = jest.fn();
  const shutdown = jest.fn();
  const refresh = jest.fn(() => Promise.resolve());
  const changed = new Signal<unknown, void>({});
  const clients = jest.fn<Promise<IClients>, [string]>();
  let running: RunningClusters;

  beforeEach(() => {
    jest.clearAllMocks();
    clients.mockResolvedValue(NOBODY);
    const commands = new CommandRegistry();
    commands.addCommand(CommandIDs.shutdown, { execute: shutdown });
    running = new RunningClusters({
      model: {
        api: { clients },
        clusters,
        changed,
        refresh
      } as unknown as ClusterModel,
      commands,
      trans: nullTranslator.load('jupyterlab_rsdat'),
      show
    });
  });

  it('lists the clusters that live, with their workers', () => {
    const items = running.running();
    expect(items.map(item => item.label())).toEqual(['one', 'two', 'theirs']);
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

  it('says before all are ended which these are', () => {
    expect(running.shutdownAllConfirmationText).toBe(
      'These clusters end, with their workers and the results that are only in their memory: one (3 workers), two (1 worker). These leave the list and go on: theirs.'
    );
  });

  it('ends all after the one question that Lab has asked, when nobody uses them', async () => {
    running.shutdownAll();
    await settled();
    // One that is not up can't tell.
    expect(clients.mock.calls).toEqual([['a', 4000]]);
    expect(shutdown.mock.calls).toEqual([
      [{ cluster: 'a', confirmed: true }],
      [{ cluster: 'b', confirmed: true }],
      [{ cluster: 'd', confirmed: true }]
    ]);
  });

  it.each([
    ['Cancel', 0],
    ['Shut down all', 3]
  ])(
    'asks once more, with what would be lost, when one is in use: %s',
    async (label, ended) => {
      const tasks = { processing: 2, waiting: 5, in_memory: 3 };
      clients.mockImplementation(id =>
        Promise.resolve(
          id === 'a' ? { clients: ['Client-1'], tasks, bytes: 2 ** 30 } : NOBODY
        )
      );
      running.shutdownAll();
      await settled();
      expect(shutdown).not.toHaveBeenCalled();
      const dialog = document.querySelector('.jp-Dialog')!;
      expect(dialog).toHaveTextContent('1 cluster is in use');
      expect(dialog).toHaveTextContent(/one.*Connected: 1 client\./);
      expect(dialog).toHaveTextContent('3 results (1 GiB) are only in memory.');
      expect(dialog).not.toHaveTextContent('two');
      [...dialog.querySelectorAll('button')]
        .find(({ textContent }) => textContent === label)!
        .click();
      await settled();
      Dialog.flush();
      expect(shutdown).toHaveBeenCalledTimes(ended);
    }
  );
});

/** Until what is loaded on first use is there, and what follows. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise(resolve => setTimeout(resolve));
    await settle();
  }
}
