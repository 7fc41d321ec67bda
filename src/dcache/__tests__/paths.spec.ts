import { ContentsManager } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { readCode, urlOf } from '../code';
import {
  crumbsOf,
  folderOf,
  fromDrivePath,
  inFolder,
  isWithin,
  nameOf,
  nameProblem,
  numberedName,
  toDrivePath,
  toLabPath,
  typedPath
} from '../paths';

const NAMES = [
  'a b',
  'a#b',
  'a?b',
  'a%b',
  'a%20b',
  'a%2Fb',
  'a+b',
  'a:b',
  'dcache:x',
  'a&b',
  'é',
  '日',
  '🛰',
  '.hidden',
  '..x',
  'a\\b',
  ' lead',
  'trail ',
  '"quoted"',
  "it's"
];

/** Of which odd names are put together. */
const PIECES = [
  ...' #?%:+&é日😀"\'\\.*[]{}~;=,|<>^`$@!()aB0-_',
  '..',
  '%20',
  '%2F',
  'dcache:'
];

/** The same ones each time. */
function oddNames(count: number): string[] {
  const names = new Set<string>();
  let state = 20260731;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  while (names.size < count) {
    const length = 1 + below(12);
    const pieces = Array.from({ length }, () => PIECES[below(PIECES.length)]);
    names.add(pieces.join(''));
  }
  names.delete('.');
  names.delete('..');
  return [...names];
}

it('keeps hundreds of odd names through Lab’s paths and the code for them', () => {
  const manager = new ContentsManager();
  const drive = { name: 'dcache', fileChanged: new Signal({}) };
  manager.addDrive(drive as never);
  for (const name of oddNames(500)) {
    const place = { endpoint: 'here', path: `/pnfs/${name}/${name}` };
    const normalized = manager.normalize(toLabPath(place));
    expect(manager.driveName(normalized)).toBe('dcache');
    expect(fromDrivePath(manager.localPath(normalized))).toEqual(place);
    expect([nameOf(place.path), nameProblem(name)]).toEqual([name, null]);
    const code = readCode([{ path: place.path, type: 'file' }], 'here');
    // A string of JSON is one of Python, see `literal` in code.ts.
    const literals = code.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
    const paths = literals.map(each => JSON.parse(each) as string);
    expect([place.path, urlOf(place.path)]).toEqual(
      expect.arrayContaining(paths.filter(each => each.includes(name)))
    );
    expect(paths.some(each => each.endsWith(place.path))).toBe(true);
  }
  manager.dispose();
});

describe('paths in Lab', () => {
  it.each(NAMES)('%p comes out of Lab’s own arithmetic as it went in', name => {
    const manager = new ContentsManager();
    const drive = { name: 'dcache', fileChanged: new Signal({}) };
    manager.addDrive(drive as never);
    const place = { endpoint: 'here', path: `/pnfs/${name}/${name}` };

    const normalized = manager.normalize(toLabPath(place));

    expect(manager.driveName(normalized)).toBe('dcache');
    expect(fromDrivePath(manager.localPath(normalized))).toEqual(place);
    manager.dispose();
  });

  it.each([
    ['', null],
    ['/', null],
    ['here', { endpoint: 'here', path: '/' }],
    ['here/', { endpoint: 'here', path: '/' }],
    ['/here/a', { endpoint: 'here', path: '/a' }]
  ])('%p inside the drive is %p', (path, place) => {
    expect(fromDrivePath(path)).toEqual(place);
  });

  it('names the root of an endpoint without a slash', () => {
    expect(toDrivePath({ endpoint: 'here', path: '/' })).toBe('here');
  });
});

describe('literal paths', () => {
  it.each([
    ['/', '', '/'],
    ['/a', 'a', '/'],
    ['/a/b', 'b', '/a']
  ])('%p has name %p in folder %p', (path, name, folder) => {
    expect(nameOf(path)).toBe(name);
    expect(folderOf(path)).toBe(folder);
    if (name) {
      expect(inFolder(folder, name)).toBe(path);
    }
  });

  it.each([
    ['/a/b', '/a', true],
    ['/a', '/a', true],
    ['/ab', '/a', false],
    ['/a', '/', true],
    ['/a', '/a/b', false]
  ])('%p within %p: %p', (path, folder, expected) => {
    expect(isWithin(path, folder)).toBe(expected);
  });

  it.each([
    ['sub', '/home', '/home/sub'],
    ['../x', '/home/a', '/home/x'],
    ['/x//y/./z/', '/home', '/x/y/z'],
    ['../../..', '/home', '/'],
    ['', '/home', '/home']
  ])('%p typed in %p is %p', (text, folder, expected) => {
    expect(typedPath(text, folder)).toBe(expected);
  });

  it('lists the way to a folder', () => {
    expect(crumbsOf('/')).toEqual([]);
    expect(crumbsOf('/a/b c')).toEqual([
      { name: 'a', path: '/a' },
      { name: 'b c', path: '/a/b c' }
    ]);
  });

  it.each([
    ['', 'empty'],
    ['a/b', 'slash'],
    ['.', 'dots'],
    ['..', 'dots'],
    ['...', null],
    ['a b', null]
  ])('%p as a name: %p', (name, problem) => {
    expect(nameProblem(name)).toBe(problem);
  });

  it.each([
    ['data.tar', 'data (2).tar'],
    ['.hidden', '.hidden (2)'],
    ['plain', 'plain (2)'],
    ['a.b.tif', 'a.b (2).tif']
  ])('a second %p is %p', (name, expected) => {
    expect(numberedName(name, 2)).toBe(expected);
  });
});
