/** Notebooks that wait for their cluster: the newest wish counts, and nothing is run unasked hours later. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { CHANGED } from '../../common/events';
import type { ICluster } from '../../common/types';
import { addCommands } from '../commands';
import { putClient } from '../connect';
import { ClusterCommands, CommandIDs } from '../ids';
import { menuItems } from '../indicator';
import { NotebookRuntime } from '../runtime';
import { FakeClusters, FakePanel, aCluster, later } from './fake';

jest.mock('../connect', () => ({ putClient: jest.fn() }));

const HOURS_MS = 2 * 3_600_000;

describe('a notebook whose cluster is not up yet', () => {
  let clusters: FakeClusters;
  let commands: CommandRegistry;
  let runtime: NotebookRuntime;
  let one: FakePanel;
  let two: FakePanel;
  let emit: jest.SpyInstance;
  let dismiss: jest.SpyInstance;
  const stream = new Signal<object, unknown>({});
  const a = aCluster({ id: 'a', name: 'A', state: 'starting' });
  const b = aCluster({
    id: 'b',
    name: 'B',
    scheduler: { ...a.scheduler, id: 'Scheduler-B' }
  });
  const up: ICluster = { ...a, state: 'running' };

  const connected = (): string[] =>
    (putClient as jest.Mock).mock.calls.map(
      ([panel, { name }]) => `${panel.path}: ${name}`
    );
  const told = (): string[] => emit.mock.calls.map(([words]) => words);
  const press = (notice: number, label: string): void => {
    const actions: Notification.IAction[] = emit.mock.calls[notice][2].actions;
    actions.find(each => each.label === label)!.callback({} as MouseEvent);
  };

  beforeEach(() => {
    jest.useFakeTimers();
    jest.resetAllMocks();
    (putClient as jest.Mock).mockReturnValue(true);
    let count = 0;
    emit = jest
      .spyOn(Notification.manager, 'notify')
      .mockImplementation(() => `n-${count++}`);
    dismiss = jest.spyOn(Notification.manager, 'dismiss');
    clusters = new FakeClusters();
    clusters.set(a, b);
    commands = new CommandRegistry();
    runtime = new NotebookRuntime({
      api: {
        compare: jest.fn(),
        past: () => Promise.resolve({ clusters: [] })
      },
      clusters,
      events: { stream } as never,
      commands,
      registry: null,
      translator: nullTranslator,
      trans: nullTranslator.load('jupyterlab_rsdat')
    });
    one = new FakePanel('one.ipynb');
    two = new FakePanel('two.ipynb');
    runtime.links.of(one.panel);
  });

  afterEach(() => {
    runtime.links.dispose();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('says so while it waits, and is connected when the cluster is up', async () => {
    runtime.connect(one.panel, 'a');
    expect(told()).toEqual([
      'one.ipynb will be connected to A as soon as that runs.'
    ]);
    expect(connected()).toEqual([]);
    clusters.set(up, b);
    expect(connected()).toEqual(['one.ipynb: A']);
    expect(dismiss).toHaveBeenCalledWith('n-0');
    clusters.set({ ...up, cores: 9 }, b);
    expect(connected()).toHaveLength(1);
    expect(told()).toHaveLength(1);
  });

  it('asks for the clusters by events, not by watching them', async () => {
    runtime.connect(one.panel, 'a');
    expect(clusters.watches).toBe(0);
    clusters.refresh.mockClear();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(clusters.refresh).not.toHaveBeenCalled();
    const event = { schema_id: CHANGED, kind: 'cluster', number: 1 };
    stream.emit({ ...event, id: 'b' });
    stream.emit({ ...event, id: 'a' });
    stream.emit({ ...event, id: 'a' });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(clusters.refresh).toHaveBeenCalledTimes(1);
  });

  it('goes with the newest wish', async () => {
    runtime.connect(one.panel, 'a');
    runtime.connect(one.panel, 'b');
    expect(dismiss).toHaveBeenCalledWith('n-0');
    await jest.advanceTimersByTimeAsync(HOURS_MS);
    clusters.set(up, b);
    expect(connected()).toEqual(['one.ipynb: B']);
    expect(told()).toHaveLength(1);
  });

  it('and not with a cluster that is made while another is chosen', async () => {
    const making = new PromiseDelegate<ICluster>();
    commands.addCommand(ClusterCommands.create, {
      execute: () => making.promise
    });
    const done = runtime.connectNew([one.panel, two.panel]);
    runtime.connect(one.panel, 'b');
    const made = aCluster({ id: 'c', name: 'C' });
    clusters.set(a, b, made);
    making.resolve(made);
    await done;
    expect(connected()).toEqual(['one.ipynb: B', 'two.ipynb: C']);
  });

  it('is not given up for a cluster that the list lacks until that was asked for', async () => {
    const c = aCluster({ id: 'c', name: 'C', state: 'starting' });
    const asking = new PromiseDelegate<void>();
    clusters.refresh.mockReturnValue(asking.promise);
    runtime.connect(one.panel, 'c');
    // Of another cluster, from before it was made.
    clusters.set(up, b);
    expect(told()).toEqual([
      'one.ipynb will be connected to c as soon as that runs.'
    ]);
    clusters.set(up, b, c);
    asking.resolve();
    await later();
    expect(told()).toHaveLength(1);
    clusters.set(up, b, { ...c, state: 'running' });
    expect(connected()).toEqual(['one.ipynb: C']);
  });

  describe('that is to have a new one instead', () => {
    let making: PromiseDelegate<ICluster | null>;
    let done: Promise<void>;

    beforeEach(() => {
      making = new PromiseDelegate();
      commands.addCommand(ClusterCommands.create, {
        execute: () => making.promise
      });
      runtime.connect(one.panel, 'a');
      done = runtime.connectNew([one.panel]);
      clusters.set(up, b);
      expect(connected()).toEqual([]);
    });

    it('is connected to that alone', async () => {
      const made = aCluster({ id: 'c', name: 'C' });
      clusters.set(up, b, made);
      making.resolve(made);
      await done;
      expect(connected()).toEqual(['one.ipynb: C']);
      expect(dismiss).toHaveBeenCalledWith('n-0');
    });

    it('and to the one that it waited for where none is made', async () => {
      making.resolve(null);
      await done;
      expect(connected()).toEqual(['one.ipynb: A']);
    });

    it('also where a second one is asked for before that is known', async () => {
      const first = making;
      making = new PromiseDelegate();
      const second = runtime.connectNew([one.panel]);
      first.resolve(null);
      await done;
      expect(connected()).toEqual([]);
      making.resolve(null);
      await second;
      expect(connected()).toEqual(['one.ipynb: A']);
    });
  });

  it('can be told not to wait in its menu, too: its notification may be gone', async () => {
    addCommands({
      commands,
      clusters,
      notebooks: { currentWidget: one } as never,
      translator: nullTranslator,
      front: () => one.panel,
      runtime: () => runtime
    });
    const menu = (): string[] =>
      menuItems({
        panel: one.panel,
        runtime,
        commands,
        trans: nullTranslator.load('jupyterlab_rsdat')
      }).flatMap(({ command }) => command ?? []);
    const changed = jest.fn();
    runtime.wishes.changed.connect(changed);
    const { disconnect } = CommandIDs;
    expect(menu()).not.toContain(disconnect);
    expect(commands.isEnabled(disconnect)).toBe(false);
    runtime.connect(one.panel, 'a');
    expect(changed).toHaveBeenCalledTimes(1);
    expect(menu()).toContain(disconnect);
    expect(commands.isEnabled(disconnect)).toBe(true);
    expect(commands.label(disconnect)).toBe('Do Not Connect Notebook to A');
    await commands.execute(disconnect);
    expect(changed).toHaveBeenCalledTimes(2);
    expect(dismiss).toHaveBeenCalledWith('n-0');
    expect(commands.isEnabled(disconnect)).toBe(false);
    clusters.set(up, b);
    expect(connected()).toEqual([]);
    expect(told()).toHaveLength(1);
    // A client that it has is what Disconnect is about.
    one.connectTo('Scheduler-B');
    await later();
    runtime.connect(one.panel, 'c');
    expect(commands.label(disconnect)).toBe(
      'Disconnect Notebook from Dask Cluster'
    );
  });

  it('can be told not to wait, and does not when it is closed', () => {
    runtime.connect(one.panel, 'a');
    runtime.connect(two.panel, 'a');
    press(0, 'Cancel');
    two.dispose();
    expect(dismiss).toHaveBeenCalledWith('n-1');
    clusters.set(up, b);
    expect(connected()).toEqual([]);
    expect(told()).toHaveLength(2);
  });

  it('is connected also where its kernel has begun and written of itself meanwhile', () => {
    runtime.connect(one.panel, 'a');
    one.model.metadataChanged.emit();
    one.model.contentChanged.emit();
    clusters.set(up, b);
    expect(connected()).toEqual(['one.ipynb: A']);
  });

  it.each([
    [
      'has waited long',
      async () => void (await jest.advanceTimersByTimeAsync(HOURS_MS))
    ],
    ['was edited meanwhile', async () => one.model.contentChanged.emit()],
    ['was run meanwhile', async () => one.sessionContext.runCell()]
  ])('is asked first where it %s', async (_, wait) => {
    runtime.connect(one.panel, 'a', false);
    await wait();
    clusters.set(up, b);
    expect(connected()).toEqual([]);
    expect(told()[1]).toBe('The cluster A runs now. Connect one.ipynb?');
    press(1, 'Connect');
    expect(connected()).toEqual(['one.ipynb: A']);
    expect((putClient as jest.Mock).mock.calls[0][2].run).toBe(false);
  });

  it.each([
    [
      'is connected by a cell of its own',
      async () => {
        one.connectTo('Scheduler-1');
        await later();
      }
    ],
    ['is disconnected', () => runtime.disconnect(one.panel)],
    ['goes to another cluster', () => runtime.connect(one.panel, 'b')],
    ['waits for another one', () => runtime.connect(one.panel, 'c')],
    ['is closed', () => one.dispose()],
    ['lost that cluster', () => clusters.set({ ...a, state: 'stopping' }, b)],
    ['lost it at once', () => clusters.set(b)]
  ])('is asked no longer when it %s', async (_, act) => {
    runtime.connect(one.panel, 'a');
    one.model.contentChanged.emit();
    clusters.set(up, b, aCluster({ id: 'c', state: 'starting' }));
    expect(told()).toHaveLength(2);
    clusters.set({ ...up, cores: 9 }, b);
    expect(dismiss).not.toHaveBeenCalledWith('n-1');
    await act();
    expect(dismiss).toHaveBeenCalledWith('n-1');
    // The end of a cluster that it was not connected to is no news.
    clusters.set(b);
    await later();
    expect(told()).not.toContain(
      'one.ipynb was not connected: the cluster A has ended.'
    );
  });

  it('is told that the cluster failed or is gone', async () => {
    const diagnosis = { message: 'The account has no hours', hint: null };
    runtime.connect(one.panel, 'a');
    clusters.set({ ...a, state: 'failed', diagnosis }, b);
    runtime.connect(two.panel, 'b');
    clusters.set(b);
    runtime.connect(two.panel, 'a');
    await later();
    expect(told().filter(words => words.includes('not connected'))).toEqual([
      'one.ipynb was not connected: the cluster A has failed: The account has no hours.',
      'two.ipynb was not connected: the cluster a has ended.'
    ]);
    expect(connected()).toEqual(['two.ipynb: B']);
  });

  it('is said to be busy, with a way back, when it is to be disconnected', async () => {
    one.connectTo('Scheduler-B');
    await later();
    const asked = one.sessionContext.asked.length;
    emit.mockClear();
    one.sessionContext.setStatus('busy');
    await runtime.disconnect(one.panel);
    expect(told()).toEqual([
      'one.ipynb was not disconnected: its kernel is busy. Wait for its cells, or interrupt them.'
    ]);
    one.sessionContext.setStatus('unknown');
    await runtime.disconnect(one.panel);
    expect(told()[1]).toBe(
      'one.ipynb was not disconnected: its kernel does not answer now.'
    );
    expect(one.sessionContext.asked).toHaveLength(asked);
    one.sessionContext.setStatus('idle');
    press(1, 'Try again');
    await later();
    expect(one.sessionContext.asked.length).toBeGreaterThan(asked);
    expect(told()).toHaveLength(2);
  });
});
