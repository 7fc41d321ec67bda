/** What is said before a cluster is shut down. */
import { dismissDialog, waitForDialog } from '@jupyterlab/testing';
import { nullTranslator } from '@jupyterlab/translation';
import { waitFor } from '@testing-library/react';
import { CommandRegistry } from '@lumino/commands';
import { ApiError } from '../../common/request';
import type { IClients } from '../../common/types';
import { askShutdown, askShutdownAll, lossWords } from '../shutdowndialog';
import { FakeApi, aCluster } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');
const NOTHING = { processing: 0, waiting: 0, in_memory: 0 };
const SILENT =
  'Its scheduler does not tell now who uses it and what it computes.';
const notebook = { path: 'a.ipynb', clients: ['Client-a'] };

function someClients(...clients: string[]): IClients {
  return { clients, tasks: NOTHING, bytes: 0 };
}

describe('what would be lost', () => {
  it('names notebooks, counts other clients, tasks and results', () => {
    const told = {
      clients: ['Client-a', 'Client-b', 'Client-c'],
      tasks: { processing: 3, waiting: 120, in_memory: 40 },
      bytes: 2 * 2 ** 30
    };
    expect(lossWords(told, [notebook], trans)).toEqual([
      'Connected: a.ipynb, 2 other clients.',
      'Dask tasks: 3 running, 120 waiting.',
      expect.stringMatching(/^40 results \(2.* are only in memory\.$/)
    ]);
  });

  it('says when that is nothing', () => {
    expect(lossWords(someClients(), [], trans)).toEqual([
      'Nobody is connected, and it holds no results.'
    ]);
  });

  it('believes the scheduler more than what a kernel said some time ago', () => {
    expect(lossWords(someClients('Client-b'), [notebook], trans)).toEqual([
      'Connected: 1 client.'
    ]);
  });

  it('names the notebooks of a scheduler that does not tell', () => {
    expect(lossWords(null, [notebook], trans)).toEqual([
      'Connected: a.ipynb.',
      SILENT
    ]);
    expect(lossWords(null, [], trans)).toEqual([SILENT]);
  });
});

it('a scheduler that is not up is not asked what would be lost', async () => {
  const api = new FakeApi();
  const commands = new CommandRegistry();
  // It has its files from its creation on.
  const cluster = aCluster({ state: 'starting' });
  const asked = askShutdown(cluster, { api, commands, trans });
  await waitForDialog();
  const text = (): string | null | undefined =>
    document.querySelector('.jp-Dialog')?.textContent;
  await waitFor(() => expect(text()).toContain('Its scheduler'));
  expect(api.clients).not.toHaveBeenCalled();
  expect(text()).not.toContain(SILENT);
  await dismissDialog();
  expect(await asked).toBe(false);
});

it('the dialog can be answered before the scheduler has', async () => {
  const api = new FakeApi();
  let answer: (clients: IClients) => void = () => undefined;
  api.clients.mockReturnValue(new Promise(resolve => (answer = resolve)));
  const commands = new CommandRegistry();
  commands.addCommand('rsdat:list-connected-notebooks', {
    execute: () => [notebook]
  });
  const asked = askShutdown(aCluster(), { api, commands, trans });
  await waitForDialog();
  const text = (): string | null | undefined =>
    document.querySelector('.jp-Dialog')?.textContent;
  await waitFor(() =>
    expect(text()).toContain('Its scheduler and its 1 worker')
  );
  expect(text()).not.toContain('Connected');
  answer(someClients('Client-a'));
  await waitFor(() => expect(text()).toContain('Connected: a.ipynb.'));
  await dismissDialog();
  expect(await asked).toBe(false);
});

it('a scheduler that does not answer is not taken for one that nobody uses', async () => {
  const api = new FakeApi();
  api.clients.mockRejectedValue(new Error('busy'));
  const commands = new CommandRegistry();
  const asked = askShutdown(aCluster(), { api, commands, trans });
  await waitForDialog();
  await waitFor(() =>
    expect(document.querySelector('.jp-Dialog')?.textContent).toContain(SILENT)
  );
  await dismissDialog();
  expect(await asked).toBe(false);
});

describe('all at once', () => {
  const ask = (answers: Record<string, IClients | null>): Promise<boolean> => {
    const api = new FakeApi();
    api.clients.mockImplementation(id => {
      const answer = answers[id];
      return answer ? Promise.resolve(answer) : Promise.reject(new Error());
    });
    const commands = new CommandRegistry();
    const clusters = Object.keys(answers).map(id => aCluster({ id, name: id }));
    return askShutdownAll(clusters, { api, commands, trans });
  };
  const dialog = (): Element | null => document.querySelector('.jp-Dialog');

  it.each([
    ['that run', { ...NOTHING, processing: 40 }, '40 running, 0 waiting'],
    ['that wait', { ...NOTHING, waiting: 9 }, '0 running, 9 waiting']
  ])(
    'asks for tasks %s although nobody is connected for them',
    async (_, tasks, words) => {
      const asked = ask({
        busy: { clients: [], tasks, bytes: 0 },
        idle: someClients()
      });
      await waitForDialog();
      expect(dialog()?.textContent).toContain('1 cluster is in use');
      expect(dialog()?.textContent).toContain(`busyDask tasks: ${words}.`);
      expect(dialog()?.textContent).not.toContain('idle');
      await dismissDialog();
      expect(await asked).toBe(false);
    }
  );

  it('asks about one that does not tell, and says so', async () => {
    const asked = ask({ silent: null, used: someClients('Client-1') });
    await waitForDialog();
    expect(dialog()?.textContent).toContain('2 clusters may be in use');
    expect(dialog()?.textContent).toContain(`silent${SILENT}`);
    await dismissDialog();
    expect(await asked).toBe(false);
  });

  it('asks nothing where nothing is lost', async () => {
    expect(await ask({ idle: someClients() })).toBe(true);
  });

  it('nor where no scheduler is up yet', async () => {
    const api = new FakeApi();
    const message = 'The scheduler is not up';
    api.clients.mockRejectedValue(
      new ApiError({ message, code: 'scheduler_not_up', status: 409 })
    );
    const commands = new CommandRegistry();
    const clusters = [aCluster({ state: 'starting' }), aCluster({ id: 'c-2' })];
    const asked = askShutdownAll(clusters, { api, commands, trans });
    expect(await asked).toBe(true);
    expect(api.clients.mock.calls.map(([id]) => id)).toEqual(['c-2']);
  });
});
