/** The code that the panel inserts; tests/examples/test_inserted_code.py runs each of these cells. */
import { readCode, urlOf, type ICodeEntry } from '../code';
import { hasPreview, readingOf, suffixOf } from '../filetypes';

interface ICase {
  name: string;
  entries: ICodeEntry[];
  endpoint: string | null;
  /** Lines of the cell. */
  code: string[];
}

// Not imported: TypeScript would have it in its project.
const CASES: ICase[] = jest.requireActual('./inserted_code.json');

test.each(CASES.map(each => [each.name, each] as const))(
  '%s',
  (_, { entries, endpoint, code }) => {
    expect(readCode(entries, endpoint).split('\n')).toEqual(code);
  }
);

test('a cell stays short, however many entries are selected', () => {
  const entries = Array.from({ length: 5000 }, (_, number) => ({
    path: `/data/folder/${number}.tif`,
    type: 'file' as const
  }));
  const lines = readCode(entries, null).split('\n');
  expect(lines.length).toBeLessThan(10);
  expect(lines).toContain('paths = dcache.ls("/data/folder", detail=False)');
  expect(lines.join()).toContain('# 5000 entries were selected');
});

test('nothing of a URL is encoded', () => {
  expect(urlOf('/a b#c?%20')).toBe('dcache:///a b#c?%20');
});

test.each([
  ['a.TIF', 'tif'],
  ['.hidden', ''],
  ['no', ''],
  ['a.b.gz', 'gz']
])('the suffix of %s is %p', (name, suffix) => {
  expect(suffixOf(name)).toBe(suffix);
});

test('a zarr store is a folder, and a file of that name is not one', () => {
  expect(readingOf({ path: '/a.zarr', type: 'directory' })).toBe('zarr');
  expect(readingOf({ path: '/a.zarr', type: 'file' })).toBe('bytes');
  expect(readingOf({ path: '/a.tif', type: 'directory' })).toBe('folder');
});

test('pictures are made of images and rasters, not of folders', () => {
  const of = (name: string, type: 'file' | 'directory' = 'file') =>
    hasPreview({ name, type });
  expect([
    of('a.tif'),
    of('a.PNG'),
    of('a.nc'),
    of('a.tif', 'directory')
  ]).toEqual([true, true, false, false]);
});
