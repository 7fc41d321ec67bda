/** The list of plots and its commands. */
import '@testing-library/jest-dom';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import schema from '../../../schema/dashboards.json';
import {
  CommandIDs,
  SIDES,
  THEIR_LAYOUT,
  addCommands,
  addTheirs
} from '../commands';
import { DashboardsList } from '../components/list';
import { DashboardsModel } from '../model';
import { FakeApi, FakeClusters, aCluster, settle } from './samples';

describe('DashboardsList', () => {
  let clusters: FakeClusters;
  let commands: CommandRegistry;
  let model: DashboardsModel;
  const open = jest.fn(({ plot }: { plot: string }) => `id-${plot}`);
  const onPress = jest.fn();

  const fill = async (): Promise<void> => {
    await act(async () => {
      model.isShown = true;
      clusters.set(aCluster());
      await settle();
    });
  };

  beforeEach(() => {
    open.mockClear();
    onPress.mockClear();
    clusters = new FakeClusters();
    commands = new CommandRegistry();
    model = new DashboardsModel({ api: new FakeApi(), clusters });
    addCommands({
      commands,
      clusters,
      translator: nullTranslator,
      open,
      pointed: () => model.pointed,
      hasSides: true,
      layout: () => ['Task Stream', 'Progress', 'Workers Memory']
    });
    render(
      <DashboardsList
        model={model}
        commands={commands}
        trans={nullTranslator.load('jupyterlab_rsdat')}
        onPress={onPress}
      />
    );
  });

  afterEach(() => {
    model.dispose();
  });

  it('says what will be here, before there is anything', async () => {
    expect(screen.getByRole('status')).toHaveTextContent(/plots of a cluster/);
    act(() => clusters.set());
    expect(screen.getByRole('status')).toHaveTextContent(/plots of a cluster/);
    const scheduler = { ...aCluster().scheduler, dashboard: null };
    act(() => clusters.set(aCluster({ state: 'starting', scheduler })));
    expect(screen.getByRole('status')).toHaveTextContent(/as soon as/);
  });

  it('says of a scheduler that runs why it has no plots', () => {
    const scheduler = { ...aCluster().scheduler, dashboard: null };
    act(() => clusters.set(aCluster({ scheduler })));
    expect(screen.getByRole('status')).toHaveTextContent(
      'The scheduler of SLURMCluster 1 serves no dashboard.'
    );
    act(() =>
      clusters.set(aCluster({ scheduler: { ...scheduler, address: null } }))
    );
    expect(screen.getByRole('status')).toHaveTextContent(
      'The scheduler of SLURMCluster 1 does not answer now. Its plots appear as soon as it does.'
    );
  });

  it('offers no plots of a cluster that has ended, and does not promise any', async () => {
    await fill();
    const scheduler = { ...aCluster().scheduler, dashboard: null };
    act(() => clusters.set(aCluster({ state: 'failed', scheduler })));
    expect(screen.getByRole('status')).toHaveTextContent(
      'SLURMCluster 1 has failed: it has no plots. Its card says why.'
    );
    expect(screen.queryByRole('listitem')).toBeNull();
    act(() => clusters.set(aCluster({ state: 'stopping', scheduler })));
    expect(screen.getByRole('status')).toHaveTextContent(
      'SLURMCluster 1 is shut down: it has no plots any more.'
    );
  });

  it('opens a plot by click and lets it be dragged', async () => {
    await fill();
    expect(screen.getByRole('listitem', { name: 'Plot Of c-1' })).toBeVisible();
    const plot = screen.getByRole('button', { name: 'Plot Of c-1' });
    await userEvent.click(plot);
    expect(open).toHaveBeenCalledWith(
      { cluster: 'c-1', plot: 'Plot Of c-1', page: 'individual-plot' },
      { mode: undefined }
    );
    onPress.mockClear();
    fireEvent.pointerDown(plot);
    expect(onPress).toHaveBeenCalledTimes(1);
  });

  it('opens the plot with the focus at any side, also one that is open', async () => {
    await fill();
    const plot = screen.getByRole('button', { name: 'Plot Of c-1' });
    expect(commands.isEnabled(CommandIDs.openPlot)).toBe(false);
    act(() => plot.focus());
    for (const mode of SIDES) {
      await commands.execute(CommandIDs.openPlot, { mode });
    }
    await commands.execute(CommandIDs.openPlot);
    const pointed = {
      cluster: 'c-1',
      plot: 'Plot Of c-1',
      page: 'individual-plot'
    };
    expect(open.mock.calls).toEqual([
      [pointed, { mode: 'split-right', isMove: true }],
      [pointed, { mode: 'split-bottom', isMove: true }],
      [pointed, { mode: 'split-left', isMove: true }],
      [pointed, { mode: 'split-top', isMove: true }],
      [pointed, { mode: undefined, isMove: false }]
    ]);
    // What is not in the list any more can't be meant.
    act(() => clusters.set(aCluster({ state: 'failed' })));
    expect(commands.isEnabled(CommandIDs.openPlot)).toBe(false);
    act(() => clusters.set(aCluster({ id: 'c-2' })));
    expect(commands.isEnabled(CommandIDs.openPlot)).toBe(false);
  });

  it('a plot that is clicked with the other button is meant, too', async () => {
    await fill();
    const plot = screen.getByRole('button', { name: 'Status' });
    fireEvent.contextMenu(plot);
    expect(model.pointed?.plot.name).toBe('Status');
  });

  it('the menu of a plot and its keys name each side once', () => {
    const {
      'jupyter.lab.menus': { context },
      'jupyter.lab.shortcuts': keys
    } = schema;
    const labels = context.map(({ command, args }) =>
      commands.label(command, args)
    );
    expect(labels).toEqual([
      'Open Plot',
      'Open Plot to the Right',
      'Open Plot Below',
      'Open Plot to the Left',
      'Open Plot Above'
    ]);
    expect(keys.map(({ args }) => args.mode)).toEqual(SIDES);
    for (const { selector } of [...context, ...keys]) {
      expect(selector).toBe('.jp-rsdat-Plot');
    }
    for (const { command, args } of context) {
      expect(commands.isVisible(command, args)).toBe(true);
    }
  });

  it('offers no sides where the application has none', async () => {
    await fill();
    act(() => screen.getByRole('button', { name: 'Status' }).focus());
    const without = new CommandRegistry();
    addCommands({
      commands: without,
      clusters,
      translator: nullTranslator,
      open,
      pointed: () => model.pointed,
      hasSides: false,
      layout: () => []
    });
    const id = CommandIDs.openPlot;
    expect(without.isVisible(id)).toBe(true);
    expect(without.isEnabled(id)).toBe(true);
    for (const mode of SIDES) {
      expect(without.isVisible(id, { mode })).toBe(false);
      expect(without.isEnabled(id, { mode })).toBe(false);
    }
  });

  it('has one stop for Tab, moved by the arrows', async () => {
    await fill();
    const buttons = screen
      .getAllByRole('listitem')
      .map(item => item.querySelector('button')!);
    const stops = (): number[] =>
      buttons.flatMap((button, index) =>
        button.tabIndex === 0 ? [index] : []
      );
    expect(stops()).toEqual([0]);
    act(() => buttons[0].focus());
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    expect(buttons[2]).toHaveFocus();
    expect(stops()).toEqual([2]);
  });

  it('means the plot with the focus also where another cluster comes under it', async () => {
    await fill();
    const two = aCluster({ id: 'c-2', name: 'two' });
    const select = (id: string): Promise<void> =>
      act(async () => {
        clusters.set(aCluster(), two);
        clusters.select(id);
        await settle();
      });
    // Of both is known which plots they have.
    await select('c-2');
    await select('c-1');
    const plot = screen.getByRole('button', { name: 'Status' });
    act(() => plot.focus());
    await select('c-2');
    expect(plot).toHaveFocus();
    const args = { mode: 'split-right' };
    expect(commands.isEnabled(CommandIDs.openPlot, args)).toBe(true);
    await commands.execute(CommandIDs.openPlot, args);
    expect(open.mock.calls[0][0]).toMatchObject({
      cluster: 'c-2',
      plot: 'Status'
    });
  });

  it('the layout puts its plots beside what is open, below each other', async () => {
    await fill();
    await userEvent.click(screen.getByRole('button', { name: 'Open layout' }));
    expect(open.mock.calls).toEqual([
      [{ cluster: 'c-1', plot: 'Task Stream' }, { mode: 'split-right' }],
      [
        { cluster: 'c-1', plot: 'Progress' },
        { mode: 'split-bottom', ref: 'id-Task Stream' }
      ],
      [
        { cluster: 'c-1', plot: 'Workers Memory' },
        { mode: 'split-bottom', ref: 'id-Progress' }
      ]
    ]);
  });

  it('shows the plots by group, and of them those that are looked for', async () => {
    await fill();
    const headings = (): (string | null)[] =>
      screen.getAllByRole('heading').map(({ textContent }) => textContent);
    expect(headings()).toEqual([
      'Most used',
      'Dask tasks',
      'Scheduler',
      'More'
    ]);
    const filter = screen.getByRole('searchbox', { name: 'Filter dashboards' });
    await userEvent.type(filter, 'c-1 plot');
    expect(headings()).toEqual(['More']);
    expect(screen.getAllByRole('listitem')).toHaveLength(1);
    await userEvent.type(filter, 'x');
    expect(screen.getByRole('status')).toHaveTextContent(
      'No plot has "c-1 plotx" in its name.'
    );
  });

  describe("the button in a client's description", () => {
    const layout = async (url: string): Promise<void> => {
      addTheirs({
        commands,
        clusters,
        translator: nullTranslator,
        open,
        pointed: () => null,
        hasSides: true,
        layout: () => []
      });
      await act(() => commands.execute(THEIR_LAYOUT, { url }));
    };
    const twin = aCluster({ id: 'c-2', name: 'twin' });
    const PROXIED = '/user/ann/proxy/8787/status';

    /** The notebook in front has clients of these. */
    const connect = (...ids: string[]): jest.Mock => {
      const connected = jest.fn(({ cluster }) =>
        ids.includes(cluster) ? [{ path: 'a.ipynb' }] : []
      );
      commands.addCommand('rsdat:list-connected-notebooks', {
        execute: connected
      });
      return connected;
    };
    const openedAt = (): string[] =>
      open.mock.calls.map(([plot]) => (plot as { cluster?: string }).cluster!);

    it('opens the layout of the cluster whose address in Jupyter the link is', async () => {
      clusters.set(twin, aCluster());
      await layout('/user/ann/rsdat/clusters/c-1/dashboard/status');
      expect(open).toHaveBeenCalledWith(
        { cluster: 'c-1', plot: 'Task Stream' },
        { mode: 'split-right' }
      );
    });

    // The second is as sites configure it: the host is that of the page.
    const LINKS = ['http://10.0.0.1:8787/status', PROXIED];

    it.each(
      LINKS.flatMap(url => [
        [url, [aCluster()]] as const,
        [url, [twin, aCluster()]] as const
      ])
    )('opens that of the notebook for the link %s', async (url, known) => {
      const connected = connect('c-1');
      clusters.set(...known);
      await layout(url);
      expect(connected).toHaveBeenCalledWith({ cluster: 'c-1', current: true });
      expect(new Set(openedAt())).toEqual(new Set(['c-1']));
    });

    it.each([
      ['another host', 'http://10.0.0.2:8787/status', ['c-1'], [aCluster()]],
      ['a LocalCluster on its host', LINKS[0], [], [aCluster()]],
      ['a LocalCluster behind a proxy', PROXIED, [], [aCluster()]],
      ['none of two', LINKS[0], [], [twin, aCluster()]],
      ['both of two', LINKS[0], ['c-1', 'c-2'], [twin, aCluster()]]
    ])('guesses nothing: %s', async (_, url, ids, known) => {
      const warn = jest
        .spyOn(Notification.manager, 'notify')
        .mockReturnValue('');
      connect(...ids);
      clusters.set(...known);
      await layout(url);
      expect(open).not.toHaveBeenCalled();
      expect(warn.mock.calls[0][0]).toContain(url);
      warn.mockRestore();
    });

    it('opens that of the only cluster on its host while the notebook is not known', async () => {
      commands.addCommand('rsdat:list-connected-notebooks', {
        execute: () => null
      });
      const scheduler = { ...twin.scheduler, address: 'tls://10.0.0.2:1' };
      clusters.set({ ...twin, scheduler }, aCluster());
      await layout(LINKS[0]);
      expect(new Set(openedAt())).toEqual(new Set(['c-1']));
    });

    it.each([
      ['one of two on its host', LINKS[0], [twin, aCluster()]],
      ['behind a proxy', PROXIED, [aCluster()]],
      ['of another host', 'http://10.0.0.2:8787/status', [aCluster()]]
    ])('and guesses nothing: %s', async (_, url, known) => {
      const warn = jest
        .spyOn(Notification.manager, 'notify')
        .mockReturnValue('');
      commands.addCommand('rsdat:list-connected-notebooks', {
        execute: () => null
      });
      clusters.set(...known);
      await layout(url);
      expect(open).not.toHaveBeenCalled();
      expect(warn.mock.calls[0][0]).toContain(url);
      warn.mockRestore();
    });

    it('guesses nothing where nobody knows of notebooks', async () => {
      const warn = jest
        .spyOn(Notification.manager, 'notify')
        .mockReturnValue('');
      clusters.set(aCluster());
      await layout(PROXIED);
      expect(open).not.toHaveBeenCalled();
      expect(warn).toHaveBeenCalledTimes(1);
      warn.mockRestore();
    });
  });

  it.each(Object.values(CommandIDs))('%s is described', async id => {
    const { args } = await commands.describedBy(id);
    expect(args).toMatchObject({ type: 'object' });
    expect(commands.label(id)).not.toBe('');
    expect(commands.caption(id)).not.toBe('');
    expect(commands.icon(id)).toBeDefined();
    expect(commands.isEnabled(id)).toBe(false);
    await fill();
    act(() => screen.getByRole('button', { name: 'Status' }).focus());
    expect(commands.isEnabled(id)).toBe(true);
  });
});
