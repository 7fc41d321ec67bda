/** The panel's small pure parts: columns, history, bookmarks, completion, names, modes. */
import { nullTranslator } from '@jupyterlab/translation';
import { Bookmarks } from '../bookmarks';
import {
  ColumnsModel,
  DEFAULT_CHOICE,
  layoutColumns,
  LOCALITY_SHORT_WIDTH,
  LOCALITY_WORD_WIDTH,
  MAX_WIDTH,
  MIN_WIDTH
} from '../columns';
import { completePath } from '../complete';
import { describeKind, describeLocality, splitName } from '../format';
import { go, NOWHERE, visit } from '../history';
import { describeMode } from '../mode';
import { MAX_SELECTED, NOTHING, rangeTo } from '../selection';
import { FakeApi, failure } from './fake';

const trans = nullTranslator.load('jupyterlab');

describe('columns', () => {
  const keys = (width: number, choice = DEFAULT_CHOICE) =>
    layoutColumns(width, choice).map(({ key }) => key);

  it.each([
    [130, ['name', 'locality']],
    [240, ['name', 'locality']],
    [250, ['name', 'locality', 'size']],
    [420, ['name', 'locality', 'size', 'modified']]
  ])('%d pixels have room for %p', (width, expected) => {
    expect(keys(width)).toEqual(expected);
  });

  it('shows a word of a locality, a short one where there is little room', () => {
    const width = (grid: number) =>
      layoutColumns(grid, DEFAULT_CHOICE)[1].width;
    expect(width(130)).toBeLessThan(LOCALITY_SHORT_WIDTH);
    for (const grid of [200, 260, 320, 479]) {
      expect(width(grid)).toBeGreaterThan(LOCALITY_SHORT_WIDTH);
      expect(width(grid)).toBeLessThan(LOCALITY_WORD_WIDTH);
    }
    expect(width(480)).toBeGreaterThan(LOCALITY_WORD_WIDTH);
  });

  it('are chosen, resized within bounds, and reset', () => {
    const columns = new ColumnsModel();
    columns.toggle('created');
    columns.toggle('size');
    expect(keys(1000, columns.choice)).toEqual([
      'name',
      'locality',
      'modified',
      'created'
    ]);
    columns.toggle('name');
    expect(keys(1000, columns.choice)[0]).toBe('name');
    columns.resize('modified', 5000);
    expect(columns.choice.widths.modified).toBe(MAX_WIDTH);
    columns.resize('modified', -1);
    expect(columns.choice.widths.modified).toBe(MIN_WIDTH);
    columns.resize('modified', null);
    expect(columns.choice.widths.modified).toBeUndefined();
    columns.reset();
    expect(columns.choice).toEqual(DEFAULT_CHOICE);
  });

  it('take up what was remembered, and nothing that makes no sense', () => {
    const columns = new ColumnsModel();
    columns.restore({
      shown: ['name', 'kind', 'gone' as never],
      widths: { kind: 9999, size: 'wide' as never }
    });
    expect(columns.choice).toEqual({
      shown: ['name', 'kind'],
      widths: { kind: MAX_WIDTH }
    });
    columns.restore({});
    expect(columns.choice).toEqual(DEFAULT_CHOICE);
  });
});

describe('history', () => {
  const place = (path: string) => ({ endpoint: 'here', path });
  const at = (history: typeof NOWHERE) => history.places[history.at]?.path;

  it('leads back and forward, and forgets what lay ahead', () => {
    let history = visit(
      visit(visit(NOWHERE, place('/a')), place('/b')),
      place('/c')
    );
    expect(visit(history, place('/c'))).toBe(history);
    expect(go(history, 1)).toBeNull();
    history = go(go(history, -1)!, -1)!;
    expect(at(history)).toBe('/a');
    expect(go(history, -1)).toBeNull();
    expect(at(go(history, 1)!)).toBe('/b');
    history = visit(history, place('/d'));
    expect(history.places.map(({ path }) => path)).toEqual(['/a', '/d']);
  });

  it('does not grow without end', () => {
    let history = NOWHERE;
    for (let number = 0; number < 500; number++) {
      history = visit(history, place(`/${number}`));
    }
    expect(history.places).toHaveLength(100);
    expect(at(history)).toBe('/499');
  });
});

describe('bookmarks', () => {
  it('are marked, unmarked and kept in order', () => {
    const bookmarks = new Bookmarks();
    const changed = jest.fn();
    bookmarks.changed.connect(changed);
    bookmarks.toggle({ endpoint: 'b', path: '/x' });
    bookmarks.toggle({ endpoint: 'a', path: '/z' });
    bookmarks.toggle({ endpoint: 'a', path: '/y' });
    expect(bookmarks.places.map(({ path }) => path)).toEqual([
      '/y',
      '/z',
      '/x'
    ]);
    expect(bookmarks.has({ endpoint: 'a', path: '/x' })).toBe(false);
    bookmarks.toggle({ endpoint: 'b', path: '/x' });
    expect(bookmarks.places).toHaveLength(2);
    expect(changed).toHaveBeenCalledTimes(4);
    // What is the same as before is no change: settings answer to a change by a change.
    bookmarks.restore([...bookmarks.places]);
    expect(changed).toHaveBeenCalledTimes(4);
  });

  it('are only places', () => {
    const bookmarks = new Bookmarks();
    bookmarks.restore([
      { endpoint: 'a', path: '/y' },
      { path: 'x' },
      null,
      'z'
    ]);
    expect(bookmarks.places).toEqual([{ endpoint: 'a', path: '/y' }]);
    bookmarks.restore('broken');
    expect(bookmarks.places).toEqual([]);
  });
});

describe('completion of a path', () => {
  const complete = (api: FakeApi, typed: string) =>
    completePath(api, 'here', typed, new AbortController().signal);

  it('offers folders, those that begin with what was typed first', async () => {
    const api = new FakeApi();
    api.add('/data/2025-runs', { type: 'directory' });
    api.add('/data/runs é', { type: 'directory' });
    api.add('/data/runs.txt');
    expect(await complete(api, '/data/runs')).toEqual([
      '/data/runs é',
      '/data/2025-runs'
    ]);
    expect(await complete(api, 'data')).toEqual([]);
  });

  it('offers nothing where nothing can be listed', async () => {
    const api = new FakeApi();
    api.nextFailure = failure('not_found', 404);
    expect(await complete(api, '/gone/x')).toEqual([]);
  });
});

describe('names', () => {
  it.each([
    ['short.txt', ['short.txt', '']],
    ['S2B_MSIL2A_20260102T030405.tif', ['S2B_MSIL2A_20260102T', '030405.tif']],
    ['a\nb\u007f', ['a␊b␡', '']]
  ])('%p is shown as %p', (name, parts) => {
    expect(splitName(name)).toEqual(parts);
  });

  it('are not cut within a character', () => {
    const name = `${'x'.repeat(20)}e\u0301🛰${'y'.repeat(9)}`;
    const [head, tail] = splitName(name);
    expect(head + tail).toBe(name);
    expect(tail.startsWith('🛰')).toBe(true);
    const accent = splitName(`${'x'.repeat(20)}e\u0301${'y'.repeat(9)}`);
    expect(accent[1].startsWith('e\u0301')).toBe(true);
  });
});

it('tells localities by symbol and word', () => {
  const of = (locality: 'ONLINE' | 'NEARLINE' | 'LOST' | 'NONE') =>
    describeLocality({ type: 'file', locality }, trans);
  expect(of('NEARLINE')).toMatchObject({ symbol: 'tape', word: 'on tape' });
  expect(of('ONLINE')).toMatchObject({ symbol: null, word: 'on disk' });
  expect(of('LOST')).toMatchObject({ symbol: 'unavailable', word: 'lost' });
  expect(of('NONE')).toBeNull();
});

it('tells kinds and modes', () => {
  expect(describeKind({ type: 'directory', mime: null }, trans)).toBe('Folder');
  expect(describeKind({ type: 'file', mime: 'image/tiff' }, trans)).toBe(
    'image/tiff'
  );
  expect(describeMode(0o750, 'directory')).toBe('drwxr-x--- (750)');
  expect(describeMode(0o7, 'file')).toBe('-------rwx (007)');
});

it('a range has an end, however long the list is', () => {
  const selection = { ...NOTHING, anchor: 10, active: 10 };
  expect(rangeTo(selection, 10 ** 9)).toEqual({
    first: 10,
    end: 10 + MAX_SELECTED
  });
});
