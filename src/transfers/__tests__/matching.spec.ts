/** Which files that are chosen again stand for which that are missing. */
import { matching } from '../upload/matching';
import { aFile } from './fake';

/** Files with their sizes; each is told from others of its size by its name. */
function chosen(sizes: Record<string, number>) {
  return Object.entries(sizes).map(([path, size]) => ({
    path,
    file: aFile(path, size)
  }));
}

function missing(...paths: string[]) {
  return paths.map(path => ({ path, size: 3 }));
}

/** What is sent under which name, and what is not. */
function matched(sizes: Record<string, number>, ...paths: string[]) {
  const { files, without, changed } = matching(
    chosen(sizes),
    missing(...paths)
  );
  const sent = Object.fromEntries(
    files.map(({ path, file }) => [path, file.name])
  );
  return { sent, without, changed };
}

test.each<[string, Record<string, number>, string[], Record<string, string>]>([
  ['the same paths', { 'A/x': 3, 'B/x': 3 }, ['A/x'], { 'A/x': 'A/x' }],
  [
    'another folder with equal names',
    { 'B/x': 3 },
    ['A/x', 'B/x'],
    { 'B/x': 'B/x' }
  ],
  ['only another folder', { 'B/x': 3, 'B/y': 3 }, ['A/x', 'A/y'], {}],
  [
    'the folder above',
    { 'data/A/x': 3, 'data/B/x': 3 },
    ['A/x'],
    { 'A/x': 'data/A/x' }
  ],
  ['a folder inside', { 'in/x': 3 }, ['top/in/x'], { 'top/in/x': 'in/x' }],
  ['a single file', { x: 3 }, ['A/x', 'A/y'], { 'A/x': 'x' }],
  ['a single file that two may be', { x: 3 }, ['A/x', 'B/x'], {}],
  ['a folder that two may be', { 'in/x': 3 }, ['A/in/x', 'B/in/x'], {}],
  ['two that one may be', { 'a/A/x': 3, 'b/A/x': 3 }, ['A/x'], {}],
  ['one that is another', { 'B/x': 3 }, ['B/x', 'x'], { 'B/x': 'B/x' }]
])('%s', (_, sizes, paths, sent) => {
  const found = matched(sizes, ...paths);
  expect(found.sent).toEqual(sent);
  expect(found.without).toEqual(paths.filter(path => !(path in sent)));
  expect(found.changed).toEqual([]);
});

test('a file of another size is not the one that is missing', () => {
  expect(matched({ 'A/x': 18, 'A/y': 3 }, 'A/x', 'A/y')).toEqual({
    sent: { 'A/y': 'A/y' },
    without: [],
    changed: ['A/x']
  });
});
