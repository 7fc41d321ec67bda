/** The code that is inserted; tests/examples/test_stac_code.py runs each of these cells. */
import { stackCode, type ICodeRequest } from '../code';
import { commonCollection } from '../selection';

interface ICase {
  name: string;
  request: ICodeRequest;
  /** Lines of the cell. */
  code: string[];
}

// Not imported: TypeScript would have it in its project.
const CASES: ICase[] = jest.requireActual('./inserted_code.json');

const REQUEST: ICodeRequest = {
  source: { href: 'dcache:///a/catalog.json', endpoint: null },
  search: null,
  ids: null,
  collection: null,
  filter: {},
  assets: ['red'],
  cluster: null,
  root: '/home/ann/nb'
};

test.each(CASES.map(each => [each.name, each] as const))(
  '%s',
  (_, { code, request }) => {
    expect(stackCode(request).split('\n')).toEqual(code);
  }
);

test('a cluster that runs is connected to', () => {
  expect(stackCode({ ...REQUEST, cluster: 'my "cluster"' })).toBe(
    [
      'import rsdat',
      'from rsdat.stac import items, open_stack',
      '',
      'client = rsdat.connect("my \\"cluster\\"")',
      'found = items("dcache:///a/catalog.json")',
      'stack = open_stack(found, ["red"])',
      'stack'
    ].join('\n')
  );
});

test('a cell stays short, however many items are selected', () => {
  const ids = Array.from({ length: 5000 }, (_, index) => `item-${index}`);
  const code = stackCode({ ...REQUEST, ids, filter: { bbox: '1,2,3,4' } });
  expect(code.split('\n').length).toBeLessThan(10);
  expect(code).toContain('# 5000 items were selected');
  expect(code).toContain('bbox=[1, 2, 3, 4]');
});

test('hundreds that are selected are named, in lines that are not too long', () => {
  const ids = Array.from({ length: 500 }, (_, index) => `item ${index}`);
  const lines = stackCode({ ...REQUEST, ids }).split('\n');
  expect(lines.every(line => line.length <= 88)).toBe(true);
  expect(lines.length).toBeLessThan(100);
  const text = lines.join('\n');
  const [, list] = /ids=(\[.*?\]),\n\)/s.exec(text)!;
  expect(JSON.parse(list.replace(/,\s*\]/, ']'))).toEqual(ids);
  expect(text).not.toContain('#');
});

test('a catalog of the workspace is found from any folder', () => {
  const source = { href: 'workspace:/a b/catalog.json', endpoint: null };
  expect(stackCode({ ...REQUEST, source })).toContain(
    'items("/home/ann/nb/a b/catalog.json")'
  );
});

describe('what a search found', () => {
  const search = {
    url: 'https://example.org/stac',
    collections: ['s2'],
    bbox: [4, 51, 5, 52],
    query: ['eo:cloud_cover<20'],
    limit: 100
  };
  const source = { href: 'search:one', endpoint: null };

  it('is searched again as it was', () => {
    expect(stackCode({ ...REQUEST, search, source })).toBe(
      [
        'from rsdat.stac import open_stack, search',
        '',
        'found = search(',
        '    "https://example.org/stac",',
        '    collections=["s2"],',
        '    bbox=[4, 51, 5, 52],',
        '    query=["eo:cloud_cover<20"],',
        '    max_items=100,',
        ')',
        'stack = open_stack(found, ["red"])',
        'stack'
      ].join('\n')
    );
  });

  it('is searched again as it was, then narrowed by the filter', () => {
    const filter = { bbox: '4.5,50,6,53', text: 'T31' };
    const code = stackCode({ ...REQUEST, search, source, filter });
    expect(code).toContain('from rsdat.stac import items, open_stack, search');
    expect(code).toContain('    bbox=[4, 51, 5, 52],');
    expect(code).toContain(
      'found = items(found, bbox=[4.5, 50, 6, 53], text="T31")'
    );
  });

  it('of one of its collections is asked for there alone', () => {
    const code = stackCode({
      ...REQUEST,
      search: { ...search, collections: ['s1', 's2'] },
      source,
      ids: ['one'],
      collection: 's2'
    });
    expect(code).toContain('collections=["s2"], ids=["one"]');
  });

  it('is not asked for by more ids than fit an address', () => {
    const ids = Array.from({ length: 101 }, (_, index) => `item-${index}`);
    const code = stackCode({ ...REQUEST, search, source, ids });
    expect(code).toContain('# 101 items were selected');
    expect(code).not.toContain('ids=');
    const most = stackCode({
      ...REQUEST,
      search,
      source,
      ids: ids.slice(1)
    });
    expect(most).toContain('ids=[');
  });

  it('is asked for by id where a few are selected', () => {
    expect(stackCode({ ...REQUEST, search, source, ids: ['one'] })).toContain(
      'search("https://example.org/stac", collections=["s2"], ids=["one"])'
    );
  });
});

test('items have a collection in common, or none', () => {
  const of = (...collections: (string | null | undefined)[]) =>
    commonCollection(
      collections.map(collection => ({ href: '/a', id: 'a', collection }))
    );
  expect(of('s1', 's1')).toBe('s1');
  expect(of('s1', 's2')).toBeNull();
  expect(of('s1', null)).toBeNull();
  // On the map no more than the id is known.
  expect(of('s1', undefined)).toBeNull();
  expect(of(undefined)).toBeNull();
  expect(of()).toBeNull();
});
