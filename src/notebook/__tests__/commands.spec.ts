/** What others ask of the notebooks by commands. */
import type { INotebookTracker } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { addCommands } from '../commands';
import { CommandIDs } from '../ids';
import { NotebookLinks } from '../links';
import type { NotebookRuntime } from '../runtime';
import { FakeChanges, FakeClusters, FakePanel, aCluster, later } from './fake';

describe('the notebooks that are connected to a cluster', () => {
  let links: NotebookLinks;

  beforeEach(() => jest.useFakeTimers());

  afterEach(() => {
    links.dispose();
    jest.useRealTimers();
  });

  it('are listed, or that in front alone', async () => {
    const clusters = new FakeClusters();
    const changes = new FakeChanges();
    links = new NotebookLinks({ clusters, changes: changes as never });
    const [one, two, other] = ['one', 'two', 'other'].map(
      name => new FakePanel(`${name}.ipynb`)
    );
    for (const each of [one, two, other]) {
      links.of(each.panel);
    }
    clusters.set(aCluster());
    one.connectTo('Scheduler-1');
    two.connectTo('Scheduler-1');
    await later();

    const commands = new CommandRegistry();
    const notebooks = { currentWidget: null as FakePanel | null };
    let runtime: NotebookRuntime | null = null;
    addCommands({
      commands,
      clusters,
      notebooks: notebooks as unknown as INotebookTracker,
      translator: nullTranslator,
      runtime: () => runtime
    });
    const listed = async (args: object): Promise<string[]> => {
      const found: { path: string }[] = await commands.execute(
        CommandIDs.connected,
        { cluster: 'c-1', ...args }
      );
      return found.map(({ path }) => path);
    };
    // No notebook was opened yet.
    expect(await listed({})).toEqual([]);
    runtime = { links } as NotebookRuntime;
    expect(await listed({})).toEqual(['one.ipynb', 'two.ipynb']);
    expect(await listed({ current: true })).toEqual([]);
    notebooks.currentWidget = two;
    expect(await listed({ current: true })).toEqual(['two.ipynb']);
    notebooks.currentWidget = other;
    expect(await listed({ current: true })).toEqual([]);
    expect(await listed({ cluster: 'c-2' })).toEqual([]);
  });
});
