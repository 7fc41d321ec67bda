/** The parts of a tab, as one sees and works them. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import type { Drag } from '@lumino/dragdrop';
import { Signal } from '@lumino/signaling';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { columnsFor } from '../columns';
import type { IMapSettings, IStacContext } from '../components/context';
import { ItemDetails } from '../components/details';
import { ItemsPane } from '../components/items';
import { MapPane, SearchMap } from '../components/mappane';
import { TreePane } from '../components/tree';
import type { Box } from '../filter';
import { CommandIDs, OtherCommandIDs } from '../ids';
import type { IAsset } from '../item';
import { withAlpha } from '../map/colors';
import type { Footprint, IMapView, IPicked } from '../map/interface';
import { SearchModel } from '../search';
import { TreeModel } from '../tree';
import { aRow, CATALOG, COLLECTION, setup, until } from './fake';

const trans = nullTranslator.load('jupyterlab_rsdat');

class FakeMap implements IMapView {
  picked = new Signal<this, IPicked>(this);
  drawn = new Signal<this, Box>(this);
  isDisposed = false;
  footprints: readonly Footprint[] = [];
  selected: ReadonlySet<string> | null = new Set();
  area: Box | null = null;
  isDrawing = false;
  fitted: (Box | null)[] = [];
  zoomed = 0;
  setFootprints(footprints: readonly Footprint[]) {
    this.footprints = footprints;
  }
  setSelected(hrefs: ReadonlySet<string> | null) {
    this.selected = hrefs;
  }
  setArea(area: Box | null) {
    this.area = area;
  }
  setDrawing(isDrawing: boolean) {
    this.isDrawing = isDrawing;
  }
  setColors() {}
  setTiles() {}
  fit(area: Box | null) {
    this.fitted.push(area);
  }
  zoom(steps: number) {
    this.zoomed += steps;
  }
  resize() {}
  dispose() {
    this.isDisposed = true;
  }
}

async function show(count = 8) {
  // jsdom has no layout: a place of 400 × 240 pixels.
  for (const [name, value] of [
    ['clientHeight', 240],
    ['clientWidth', 420]
  ] as const) {
    jest
      .spyOn(HTMLElement.prototype, name, 'get')
      .mockImplementation(() => value);
  }
  const all = setup();
  all.api.rows = Array.from({ length: count }, (_, index) => aRow(index));
  const map = new FakeMap();
  const settings: IMapSettings = {
    tiles: { url: '', attribution: '' },
    changed: new Signal<object, void>({}),
    makeMap: async () => map
  };
  const commands = new CommandRegistry();
  const executed: [string, unknown][] = [];
  for (const id of [
    ...Object.values(CommandIDs),
    ...Object.values(OtherCommandIDs)
  ]) {
    commands.addCommand(id, {
      execute: args => void executed.push([id, args])
    });
  }
  const context: IStacContext = {
    items: all.items,
    commands,
    trans,
    map: settings,
    makeDrag: () => ({}) as Drag
  };
  const load = async () => {
    await act(async () => {
      all.items.show(all.source);
      await until(
        () => all.items.rows?.isLoaded === true && all.items.summary !== null
      );
    });
  };
  return {
    ...all,
    context,
    executed,
    load,
    map,
    settings,
    user: userEvent.setup()
  };
}

beforeAll(() => {
  window.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
});

afterEach(() => jest.restoreAllMocks());

describe('the table', () => {
  it('draws what is in view of many, and moves by keyboard', async () => {
    const { context, items, load, user } = await show(5000);
    render(<ItemsPane {...context} hint="" />);
    await load();
    const grid = screen.getByRole('grid', { name: 'Items' });
    expect(grid).toHaveAttribute('aria-rowcount', '5001');
    expect(within(grid).getAllByRole('row').length).toBeLessThan(60);
    grid.focus();
    await user.keyboard('{ArrowDown}');
    expect(items.selection.active).toBe(1);
    await user.keyboard('{Shift>}{ArrowDown}{ArrowDown}{/Shift}');
    await act(() => until(() => items.selection.items.size === 3));
    await user.keyboard('{End}');
    expect(items.selection.active).toBe(4999);
    await user.keyboard('{Control>}a{/Control}');
    expect(items.selection.isAll).toBe(true);
    expect(screen.getByText(/5000 items · 5,000 selected/)).toBeVisible();
    await user.keyboard('{Escape}');
    expect(items.selection.isAll).toBe(false);
  });

  it('sorts by a header and runs "insert code" by Enter', async () => {
    const { context, executed, items, load, user } = await show();
    render(<ItemsPane {...context} hint="" />);
    await load();
    const header = screen.getByRole('columnheader', { name: 'Time' });
    expect(header).toHaveAttribute('aria-sort', 'descending');
    await user.click(within(header).getByRole('button'));
    expect(items.sort).toEqual({ key: 'datetime', reverse: false });
    screen.getByRole('grid').focus();
    await user.keyboard('{Enter}');
    expect(executed.map(([id]) => id)).toEqual([CommandIDs.insertCode]);
  });

  it('tells how far its index is, and what could not be read', async () => {
    const { api, context, load, user } = await show();
    api.isComplete = false;
    api.problems = [{ href: 'dcache:///bad.json', message: 'no JSON' }];
    render(<ItemsPane {...context} hint="Choose one." />);
    expect(screen.getByText('Choose one.')).toBeVisible();
    await load();
    expect(screen.getByText(/8 read so far/)).toBeVisible();
    expect(screen.queryByText('no JSON')).toBeNull();
    await user.click(
      screen.getByRole('button', { name: '1 item could not be read' })
    );
    expect(screen.getByText('no JSON')).toBeVisible();
  });

  it('has fewer columns where there is little room', () => {
    const keys = (width: number) => columnsFor(width).map(({ key }) => key);
    expect(keys(500)).toEqual(['datetime', 'id', 'cloud_cover', 'assets']);
    expect(keys(300)).toEqual(['datetime', 'id']);
    expect(keys(100)).toEqual(['id']);
    expect(columnsFor(500)).toBe(columnsFor(600));
  });
});

describe('the filter', () => {
  it('takes an area that is one, and says what is wrong with others', async () => {
    const { context, items, load, user } = await show();
    render(<ItemsPane {...context} hint="" />);
    await load();
    const field = screen.getByRole('textbox', { name: /^Area/ });
    await user.type(field, '1, 2, 3{Enter}');
    expect(screen.getByRole('alert')).toHaveTextContent('Four numbers');
    expect(items.filter.bbox).toBeUndefined();
    await user.type(field, ', 60{Enter}');
    expect(items.filter.bbox).toBe('1,2,3,60');
    await user.click(screen.getByRole('button', { name: 'Clear filter' }));
    expect(items.filter).toEqual({});
    expect(field).toHaveValue('');
  });

  it('of time is a slider of two handles', async () => {
    const { context, items, load, user } = await show();
    render(<ItemsPane {...context} hint="" />);
    await load();
    const start = screen.getByRole('slider', { name: 'Earliest time' });
    const end = screen.getByRole('slider', { name: 'Latest time' });
    expect(start).toHaveAttribute('aria-valuetext', '2024-01-01');
    start.focus();
    await user.keyboard('{ArrowRight}{ArrowRight}');
    expect(items.filter.datetime).toBe('2024-01-03T00:00:00Z/..');
    end.focus();
    await user.keyboard('{ArrowLeft}');
    expect(items.filter.datetime).toBe(
      '2024-01-03T00:00:00Z/2024-01-08T00:00:00Z'
    );
    await user.keyboard('{Home}');
    // Not past the other one.
    expect(end).toHaveAttribute('aria-valuetext', '2024-01-03');
    await user.keyboard('{End}');
    start.focus();
    await user.keyboard('{Home}');
    expect(items.filter.datetime).toBeUndefined();
  });

  it('of time follows the pointer, and asks when it is let go', async () => {
    const { context, items, load } = await show();
    render(<ItemsPane {...context} hint="" />);
    await load();
    jest
      .spyOn(HTMLElement.prototype, 'getBoundingClientRect')
      .mockReturnValue({ left: 0, width: 800 } as DOMRect);
    const end = screen.getByRole('slider', { name: 'Latest time' });
    // jsdom has no pointer events.
    const send = (type: string, clientX: number) =>
      fireEvent(end, new MouseEvent(type, { bubbles: true, clientX }));
    send('pointerdown', 800);
    send('pointermove', 400);
    expect(items.filter.datetime).toBeUndefined();
    expect(end).toHaveAttribute('aria-valuetext', '2024-01-05');
    send('pointerup', 400);
    expect(items.filter.datetime).toBe('../2024-01-05T00:00:00Z');
  });

  it('of assets decides what code opens', async () => {
    const { context, items, load, user } = await show();
    render(<ItemsPane {...context} hint="" />);
    await load();
    await user.click(screen.getByRole('button', { name: 'Assets: red' }));
    await user.click(screen.getByRole('checkbox', { name: /thumbnail/ }));
    expect(items.assets).toEqual(['red', 'thumbnail']);
    await user.click(screen.getByRole('checkbox', { name: /red/ }));
    expect(items.request()?.assets).toEqual(['thumbnail']);
  });
});

describe('the map', () => {
  it('shows outlines and what is selected, and selects', async () => {
    const { context, items, load, map } = await show();
    render(<MapPane {...context} />);
    await load();
    expect(map.footprints).toHaveLength(8);
    expect(map.fitted).toEqual([null, [-150, 50, -140, 51]]);
    act(() => items.select(0));
    expect(map.selected).toEqual(new Set([aRow(7).href]));
    await act(async () => {
      map.picked.emit({ footprint: map.footprints[2], isAdded: true });
      await until(() => items.selection.items.size === 2);
    });
    expect(map.selected?.size).toBe(2);
    const canvas = screen.getByRole('group', { name: 'Map of the items' });
    expect(canvas).toHaveAccessibleDescription(
      /8 outlines are shown\. .*2 items are selected/
    );
  });

  it.each([true, false])(
    'shows all once it was read, unless it was moved: %s',
    async wasMoved => {
      const { api, context, items, load, map, user } = await show();
      api.isComplete = false;
      render(<MapPane {...context} />);
      await load();
      expect(map.fitted).toHaveLength(2);
      if (wasMoved) {
        await user.click(screen.getByRole('button', { name: 'Zoom in' }));
      }
      api.isComplete = true;
      await act(() => items.refresh());
      await act(() => items.refresh());
      expect(map.fitted).toHaveLength(wasMoved ? 2 : 3);
    }
  );

  it('draws an area, which becomes the filter', async () => {
    const { context, items, load, map, user } = await show();
    render(<MapPane {...context} />);
    await load();
    const button = screen.getByRole('button', { name: 'Draw area' });
    await user.click(button);
    expect(map.isDrawing).toBe(true);
    act(() => map.drawn.emit([-149.5, 50, -148.5, 51]));
    expect(map.isDrawing).toBe(false);
    expect(items.filter.bbox).toBe('-149.5,50,-148.5,51');
    expect(map.area).toEqual([-149.5, 50, -148.5, 51]);
    await user.click(screen.getByRole('button', { name: 'Zoom in' }));
    expect(map.zoomed).toBe(1);
  });

  it('of a search draws the area that is searched in', async () => {
    const { api, changes, context, items, map } = await show();
    const search = new SearchModel({ api, changes });
    render(<SearchMap {...context} search={search} />);
    await act(() => until(() => map.fitted.length > 0));
    act(() => map.drawn.emit([4, 51, 5, 52]));
    expect(search.fields.bbox).toBe('4,51,5,52');
    expect(map.area).toEqual([4, 51, 5, 52]);
    expect(items.filter.bbox).toBeUndefined();
    act(() => search.set({ bbox: '' }));
    expect(map.area).toBeNull();
    search.dispose();
  });

  it('that can’t be loaded says so', async () => {
    const { context } = await show();
    const makeMap = () => Promise.reject(new Error('chunk 5 failed'));
    render(<MapPane {...context} map={{ ...context.map, makeMap }} />);
    expect(await screen.findByRole('alert')).toHaveTextContent(
      'Reload the page. (chunk 5 failed)'
    );
  });

  it('understands the colours of themes', () => {
    expect(withAlpha('#0af', 0.5)).toBe('rgba(0, 170, 255, 0.5)');
    expect(withAlpha('rgb(1, 2, 3)', 0.5)).toBe('rgba(1, 2, 3, 0.5)');
    expect(withAlpha('teal', 0.5)).toContain('color-mix');
  });
});

describe('the tree', () => {
  it('is opened, closed and chosen from by keyboard', async () => {
    const { api, user } = await show();
    const tree = new TreeModel({
      api,
      root: { href: CATALOG, endpoint: null }
    });
    render(<TreePane tree={tree} trans={trans} />);
    await act(() => tree.start());
    const branches = screen.getAllByRole('treeitem');
    expect(branches.map(branch => branch.getAttribute('aria-level'))).toEqual([
      '1',
      '2',
      '2'
    ]);
    branches[0].focus();
    await user.keyboard('{ArrowDown}{Enter}');
    await act(() => until(() => tree.selected === COLLECTION));
    expect(screen.getByRole('treeitem', { selected: true })).toHaveTextContent(
      'The stack'
    );
    await user.keyboard('{ArrowLeft}{ArrowLeft}');
    expect(screen.getAllByRole('treeitem')).toHaveLength(1);
    await user.keyboard('{ArrowRight}');
    expect(screen.getAllByRole('treeitem')).toHaveLength(3);
    await user.keyboard('{End}{Enter}');
    expect(await screen.findByRole('alert')).toHaveTextContent(
      'no dcache:///data/gone.json'
    );
    tree.dispose();
  });

  it('shows a description as text, whatever it holds', async () => {
    const { api } = await show();
    const tree = new TreeModel({
      api,
      root: { href: COLLECTION, endpoint: null }
    });
    const { container } = render(<TreePane tree={tree} trans={trans} />);
    await act(() => tree.start());
    expect(screen.getByText('<img src=x onerror=alert(1)>')).toBeVisible();
    expect(container.querySelector('img')).toBeNull();
    tree.dispose();
  });
});

describe('the details', () => {
  const asset = (part: Partial<IAsset>): IAsset => ({
    key: 'red',
    title: 'Red',
    type: 'image/tiff',
    roles: ['data'],
    href: 'dcache:///data/red.tif',
    place: { endpoint: 'here', path: '/data/red.tif' },
    size: 2048,
    locality: 'NEARLINE',
    ...part
  });

  it('tell properties, and what can be done with assets', async () => {
    const { api, context, executed, items, load, user } = await show();
    api.details = {
      assets: [
        asset({}),
        asset({
          key: 'far',
          title: null,
          href: 'https://example.org/a.tif',
          place: null,
          size: null,
          locality: null
        }),
        asset({ key: 'lost', type: null, locality: 'MISSING' })
      ]
    };
    render(<ItemDetails {...context} model={items.item} />);
    expect(screen.getByText(/^Select an item/)).toBeVisible();
    await load();
    act(() => items.select(0));
    await act(() => until(() => items.item.item !== null));
    expect(screen.getByText('<b>bold</b>')).toBeVisible();
    expect(screen.getByText('image/tiff · 2 KiB')).toBeVisible();
    expect(
      screen.getByRole('img', { name: 'On tape: stage it before opening' })
    ).toHaveTextContent('on tape');
    expect(screen.getByText('elsewhere')).toBeVisible();
    expect(screen.getByText('not there')).toBeVisible();
    await user.click(
      screen.getByRole('button', { name: 'Stage from tape: red' })
    );
    await user.click(screen.getByRole('button', { name: 'Open: red' }));
    await user.click(screen.getByRole('button', { name: 'Copy address: far' }));
    expect(screen.queryByRole('button', { name: 'Open: lost' })).toBeNull();
    expect(executed).toEqual([
      [
        OtherCommandIDs.stageFiles,
        { endpoint: 'here', paths: ['/data/red.tif'] }
      ],
      [OtherCommandIDs.openFile, { endpoint: 'here', path: '/data/red.tif' }],
      [CommandIDs.copyHref, { href: 'https://example.org/a.tif' }]
    ]);
    const table = screen.getByRole('table', { name: 'Properties' });
    expect(within(table).getByText('eo:cloud_cover')).toBeVisible();
    await user.type(
      screen.getByRole('searchbox', { name: 'Filter properties' }),
      'DATETIME'
    );
    expect(within(table).getAllByRole('row')).toHaveLength(1);
  });
});
