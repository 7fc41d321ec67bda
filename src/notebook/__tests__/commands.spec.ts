/** What others ask of the notebooks by commands. */
import type { INotebookTracker } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import type { Widget } from '@lumino/widgets';
import { addCommands } from '../commands';
import { CommandIDs } from '../ids';
import { NotebookLinks } from '../links';
import type { NotebookRuntime } from '../runtime';
import { FakeChanges, FakeClusters, FakePanel, aCluster, later } from './fake';

describe('the notebooks that are connected to a cluster', () => {
  let links: NotebookLinks;
  let clusters: FakeClusters;
  let commands: CommandRegistry;
  let runtime: NotebookRuntime | null;
  const notebooks = { currentWidget: null as FakePanel | null };
  let front: object | null;

  beforeEach(() => {
    jest.useFakeTimers();
    clusters = new FakeClusters();
    clusters.set(aCluster());
    const changes = new FakeChanges();
    links = new NotebookLinks({ clusters, changes: changes as never });
    commands = new CommandRegistry();
    runtime = null;
    notebooks.currentWidget = front = null;
    addCommands({
      commands,
      clusters,
      notebooks: notebooks as unknown as INotebookTracker,
      translator: nullTranslator,
      front: () => front as Widget | null,
      runtime: () => runtime
    });
  });

  afterEach(() => {
    links.dispose();
    jest.useRealTimers();
  });

  const listed = async (args: object): Promise<string[] | null> => {
    const found: { path: string }[] | null = await commands.execute(
      CommandIDs.connected,
      { cluster: 'c-1', ...args }
    );
    return found && found.map(({ path }) => path);
  };
  const inFront = (): Promise<string[] | null> => listed({ current: true });
  const show = (panel: FakePanel): void => {
    notebooks.currentWidget = front = panel;
  };

  it('are listed, or that in front alone', async () => {
    const [one, two, other] = ['one', 'two', 'other'].map(
      name => new FakePanel(`${name}.ipynb`)
    );
    for (const each of [one, two, other]) {
      links.of(each.panel);
    }
    one.connectTo('Scheduler-1');
    two.connectTo('Scheduler-1');
    await later();
    await links.of(other.panel).watch.ask();
    // No notebook was opened yet.
    expect(await listed({})).toEqual([]);
    runtime = { links } as NotebookRuntime;
    expect(await listed({})).toEqual(['one.ipynb', 'two.ipynb']);
    show(two);
    expect(await inFront()).toEqual(['two.ipynb']);
    show(other);
    expect(await inFront()).toEqual([]);
    expect(await listed({ cluster: 'c-2' })).toEqual([]);
  });

  it('are not known where a kernel has computed since it made its client', async () => {
    const one = new FakePanel('one.ipynb');
    runtime = { links } as NotebookRuntime;
    show(one);
    expect(await inFront()).toBeNull();
    await links.of(one.panel).watch.ask();
    expect(await inFront()).toEqual([]);
    one.sessionContext.setStatus('busy');
    one.connectTo('Scheduler-1');
    await later();
    expect(await inFront()).toBeNull();
    one.sessionContext.setStatus('idle');
    expect(await inFront()).toBeNull();
    await later();
    expect(await inFront()).toEqual(['one.ipynb']);
    // What it was connected to before it computes counts.
    one.sessionContext.setStatus('busy');
    one.sessionContext.runCell('cell-2');
    expect(await inFront()).toEqual(['one.ipynb']);
    expect(await listed({ cluster: 'c-2', current: true })).toEqual([]);
  });

  it('are not known right after a cell, before it is asked', async () => {
    const one = new FakePanel('one.ipynb');
    runtime = { links } as NotebookRuntime;
    show(one);
    await links.of(one.panel).watch.ask();
    one.connectTo('Scheduler-1');
    expect(await inFront()).toBeNull();
    await later();
    expect(await inFront()).toEqual(['one.ipynb']);
  });

  it('are not known where something else is in front, such as a console', async () => {
    const one = new FakePanel('one.ipynb');
    runtime = { links } as NotebookRuntime;
    one.connectTo('Scheduler-1');
    notebooks.currentWidget = one;
    await links.of(one.panel).watch.ask();
    expect(await inFront()).toBeNull();
    front = one;
    expect(await inFront()).toEqual(['one.ipynb']);
  });
});
