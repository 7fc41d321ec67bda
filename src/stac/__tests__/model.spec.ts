/** Items, filter, selection, tree and details, on a companion of our own. */
import { ApiError } from '../../common/request';
import { boxText, parseBox, wrapBox } from '../filter';
import {
  dcachePath,
  mayBeStac,
  nameOfHref,
  sourceOfLabPath,
  workspacePath
} from '../hrefs';
import { ItemModel, thumbnailOf, type IAsset } from '../item';
import { TreeModel } from '../tree';
import { aNode, aRow, CATALOG, COLLECTION, setup, until } from './fake';

async function shown(count = 8) {
  const all = setup();
  all.api.rows = Array.from({ length: count }, (_, index) => aRow(index));
  all.items.show(all.source);
  await until(() => all.items.rows?.isLoaded === true);
  await until(() => all.items.summary !== null);
  return all;
}

describe('addresses', () => {
  it.each([
    ['dcache:///pnfs/a b#c.json', '/pnfs/a b#c.json'],
    ['dcache://pnfs/a.json', '/pnfs/a.json'],
    ['https://example.org/a.json', null]
  ])('the path of %s is %p', (href, path) => {
    expect(dcachePath(href)).toBe(path);
  });

  it.each([
    ['dcache:here/a/b.json', { href: 'dcache:///a/b.json', endpoint: 'here' }],
    ['a/b.json', { href: 'workspace:/a/b.json', endpoint: null }],
    ['RTC:a/b.json', { href: 'workspace:/a/b.json', endpoint: null }],
    ['other:a.json', null]
  ])('Lab’s %s is %p', (path, source) => {
    expect(sourceOfLabPath(path)).toEqual(source);
  });

  it('knows names and suffixes', () => {
    expect(nameOfHref('https://example.org/a/b.json?x=/y')).toBe('b.json');
    expect(workspacePath('workspace:/a/b.json')).toBe('a/b.json');
    expect(['a.JSON', 'a.geojson', 'a.tif'].map(mayBeStac)).toEqual([
      true,
      true,
      false
    ]);
  });
});

describe('boxes', () => {
  it.each([
    ['4.2, 51.8 4.6;52.1', [4.2, 51.8, 4.6, 52.1]],
    ['170,-20,-170,-10', [170, -20, -170, -10]],
    ['1,2,3', null],
    ['1,50,2,40', null],
    ['1,2,3,91', null],
    ['1,,2,3', null]
  ])('%s is %p', (text, box) => {
    expect(parseBox(text)).toEqual(box);
  });

  it('what is drawn across the edge of the world is brought into it', () => {
    expect(wrapBox([170, 10, 190, 20])).toEqual([170, 10, -170, 20]);
    expect(wrapBox([-200, 20, -180, 10])).toEqual([160, 10, 180, 20]);
    expect(wrapBox([-300, -95, 300, 95])).toEqual([-180, -90, 180, 90]);
    expect(boxText([1.23456789, 2, 3, 4])).toBe('1.234568,2,3,4');
  });
});

describe('items', () => {
  it('come the latest first, with pictures of where and when', async () => {
    const { items } = await shown();
    expect(items.rows!.rowAt(0)?.id).toBe('item-00007');
    expect(items.sort).toEqual({ key: 'datetime', reverse: true });
    expect(items.footprints?.total).toBe(8);
    expect(items.assets).toEqual(['red']);
  });

  it('come also where a table without rows looks at none', async () => {
    const { items, source } = setup();
    items.show(source);
    items.look({ first: 0, end: 0 });
    await until(() => items.rows?.isLoaded === true);
    expect(items.rows!.total).toBe(8);
  });

  it('are filtered by the server, once for filters in quick succession', async () => {
    const { api, items } = await shown();
    api.asked = [];
    for (const text of ['i', 'it', 'item-00003']) {
      items.setFilter({ text });
    }
    await until(() => items.rows?.isLoaded === true && items.rows.total === 1);
    expect(api.asked.filter(what => what.startsWith('items'))).toHaveLength(1);
    items.clearFilter();
    await until(() => items.rows?.total === 8);
    expect(items.filter).toEqual({});
  });

  it('keep the picture of all times while a part of them is shown', async () => {
    const { api, items } = await shown();
    api.asked = [];
    items.setFilter({ datetime: '2024-01-03T00:00:00Z/..' });
    await until(() => items.rows?.isLoaded === true && items.rows.total === 6);
    await until(() => items.footprints?.total === 6);
    expect(items.summary?.total).toBe(8);
    expect(api.asked.some(what => what.startsWith('summary'))).toBe(false);
  });

  it('are sorted by a column, and again the other way round', async () => {
    const { items } = await shown();
    items.sortBy('id');
    await until(() => items.rows?.rowAt(0)?.id === 'item-00000');
    items.sortBy('id');
    await until(() => items.rows?.rowAt(0)?.id === 'item-00007');
  });

  it('appear while they are being read', async () => {
    const { api, changes, items, source } = setup();
    api.isComplete = false;
    items.show(source);
    await until(() => items.rows?.total === 8);
    expect(items.rows!.isComplete).toBe(false);
    api.rows = Array.from({ length: 20 }, (_, index) => aRow(index));
    api.isComplete = true;
    changes.emit({ kind: 'stac', id: 'dcache:///other.json' });
    changes.emit({ kind: 'stac', id: COLLECTION });
    await until(() => items.rows?.total === 20 && items.rows.isComplete);
    expect(items.rows!.rowAt(0)?.id).toBe('item-00019');
  });

  it('that can’t be read say why, and come when it works again', async () => {
    const { api, items, source } = setup();
    api.failure = new ApiError({ message: 'no door', code: 'door' });
    items.show(source);
    await until(() => items.rows?.problem !== null);
    expect(items.rows!.problem?.text).toBe('no door');
    await until(() => items.problem !== null);
    api.failure = null;
    await items.refresh();
    expect(items.rows!.problem).toBeNull();
    expect(items.rows!.total).toBe(8);
    expect(items.problem).toBeNull();
  });
});

describe('the selection', () => {
  it('is one, several, a range over pages, or all', async () => {
    const { items } = await shown(500);
    items.select(0);
    items.toggle(2);
    expect(items.count).toBe(2);
    items.toggle(0);
    expect([...items.selection.items.values()].map(({ id }) => id)).toEqual([
      'item-00497'
    ]);
    items.select(10);
    await items.extendTo(410);
    expect(items.count).toBe(401);
    expect(items.request()?.selection?.items).toHaveLength(401);
    items.selectAll();
    expect(items.selection.isAll).toBe(true);
    expect(items.request()?.selection).toEqual({});
    items.clearSelection();
    expect(items.count).toBe(500);
  });

  it('made on the map reaches the table, also where its row is not here', async () => {
    const { items } = await shown(500);
    const { href, id } = aRow(3);
    await items.pick({ href, id }, false);
    // The last but three of all, on the third page.
    expect(items.selection.active).toBe(496);
    await items.pick({ href: aRow(400).href, id: aRow(400).id }, true);
    expect(items.count).toBe(2);
  });

  it.each(['datetime', 'id', 'cloud_cover'] as const)(
    'made on the map is found among very many rows sorted by %s, by few questions',
    async key => {
      const { api, items } = await shown(20_000);
      if (key !== 'datetime') {
        items.sortBy(key);
        await until(() => items.rows?.isLoaded === true);
      }
      const before = api.asked.length;
      const { href, id } = aRow(7_777);
      await items.pick({ href, id }, false);
      const { active } = items.selection;
      expect(items.rows?.rowAt(active)?.href).toBe(href);
      expect(
        api.asked.slice(before).filter(what => what.startsWith('items'))
      ).not.toHaveLength(0);
      expect(api.asked.length - before).toBeLessThan(15);
    }
  );

  it('made on the map stays where its row can’t be found', async () => {
    const { api, items } = await shown(1_000);
    const { href, id } = aRow(5);
    api.rows = api.rows.filter(row => row.href !== href);
    await items.pick({ href, id }, false);
    expect(items.count).toBe(1);
    expect(items.selection.active).toBe(-1);
  });

  it('shows the item’s details, those of the last one only', async () => {
    const { api, items } = await shown();
    for (const row of [0, 1, 2]) {
      items.select(row);
    }
    await until(() => items.item.item !== null);
    expect(items.item.chosen?.id).toBe('item-00005');
    expect(api.asked.filter(what => what.startsWith('item '))).toHaveLength(1);
  });
});

describe('the picture of an item', () => {
  const asset = (part: Partial<IAsset>): IAsset => ({
    key: 'a',
    title: null,
    type: null,
    roles: [],
    href: 'dcache:///a.png',
    place: { endpoint: 'here', path: '/a.png' },
    size: null,
    locality: 'ONLINE',
    ...part
  });

  it('is its thumbnail, else its overview, if it is on disk', () => {
    const tape = asset({ roles: ['thumbnail'], locality: 'NEARLINE' });
    const overview = asset({ key: 'overview' });
    expect(thumbnailOf([asset({}), tape, overview])).toBe(overview);
    expect(thumbnailOf([tape])).toBeNull();
  });

  it('is made by the companion in dCache, and loaded directly elsewhere', async () => {
    const { api, items } = await shown();
    api.details = { assets: [asset({ roles: ['thumbnail'] })] };
    items.select(0);
    await until(() => items.item.picture.state === 'ready');
    const href = 'https://example.org/a.png';
    api.details = {
      assets: [asset({ roles: ['thumbnail'], href, place: null })]
    };
    items.select(1);
    await until(() => items.item.picture.state === 'address');
    api.details = {
      assets: [
        asset({
          roles: ['thumbnail'],
          href: 'javascript:alert(1)',
          place: null
        })
      ]
    };
    items.select(2);
    await until(() => items.item.item !== null);
    expect(items.item.picture).toEqual({ state: 'none' });
  });
});

describe('the tree', () => {
  const make = () => {
    const { api } = setup();
    const tree = new TreeModel({
      api,
      root: { href: CATALOG, endpoint: null }
    });
    return { api, tree };
  };

  it('asks for a branch when it is opened, and tells what is chosen', async () => {
    const { api, tree } = make();
    const chosen: string[] = [];
    tree.chosen.connect((_, { id }) => void chosen.push(id));
    await tree.start();
    expect(tree.branches.map(({ level, title }) => [level, title])).toEqual([
      [1, 'The catalog'],
      [2, 'The stack'],
      [2, 'gone']
    ]);
    expect(api.asked).toEqual([`node ${CATALOG}`]);
    await tree.select(COLLECTION);
    expect(chosen).toEqual(['catalog', 'stack']);
    expect(tree.branches[1].canOpen).toBe(false);
  });

  it('says what can’t be read, and goes on with the rest', async () => {
    const { tree } = make();
    await tree.start();
    await tree.select('dcache:///data/gone.json');
    expect(tree.branches[2].problem?.code).toBe('not_found');
    tree.close(CATALOG);
    expect(tree.branches).toHaveLength(1);
  });

  it('a catalog that was written meanwhile is shown by a refresh', async () => {
    const { api, tree } = make();
    const chosen: string[] = [];
    tree.chosen.connect((_, { id }) => void chosen.push(id));
    const node = api.nodes.get(CATALOG)!;
    api.nodes.delete(CATALOG);
    await tree.start();
    expect(tree.rootProblem?.code).toBe('not_found');
    expect(api.asked).toHaveLength(1);
    api.nodes.set(CATALOG, node);
    await tree.refresh();
    await tree.refresh();
    expect(chosen).toEqual(['catalog']);
  });

  it('ends where a catalog links one above it', async () => {
    const { api, tree } = make();
    api.nodes.set(
      COLLECTION,
      aNode({
        href: COLLECTION,
        children: [{ href: CATALOG, title: 'loop', kind: 'catalog' }]
      })
    );
    await tree.start();
    await tree.open(COLLECTION);
    expect(tree.branches).toHaveLength(4);
    expect(tree.branches[2].canOpen).toBe(false);
  });
});

test('details are of the item with the row’s address, since ids are unique in a collection only', async () => {
  const { api } = setup();
  const item = new ItemModel(api);
  const search = { href: 'search:one', endpoint: null };
  for (const href of ['https://a.example/s1/7', 'https://a.example/s2/7']) {
    await item.show(search, { href, id: '7' }, 0);
  }
  await item.show(setup().source, { href: 'dcache:///c/7.json', id: '7' }, 0);
  expect(api.asked).toEqual([
    'item search:one https://a.example/s1/7',
    'item search:one https://a.example/s2/7',
    'item dcache:///c/7.json '
  ]);
  item.dispose();
});
