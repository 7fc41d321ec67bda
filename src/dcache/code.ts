/** The Python code that reads what is selected. Pure. */
import type { IEntry } from '../common/types';

/**
 * Code for a notebook cell: opens one file, goes through several, or lists a folder.
 *
 * @param endpoint - Name to put into the code; null for the default endpoint, which needs none.
 */
export function readCode(
  entries: readonly Pick<IEntry, 'path' | 'type'>[],
  endpoint: string | null
): string {
  const [first] = entries;
  if (entries.length === 1 && first.type === 'directory') {
    return filesystem(endpoint, [
      `for path in dcache.ls(${literal(first.path)}, detail=False):`,
      '    print(path)'
    ]);
  }
  // fsspec reads "::" in a URL as a chain of file systems (fsspec 2026.9, `core._un_chain`).
  const isPlain = entries.every(({ path }) => !path.includes('::'));
  if (entries.length === 1) {
    return isPlain
      ? fsspec([
          `with fsspec.open(${literal(urlOf(first.path))}, "rb"${keyword(endpoint)}) as file:`,
          '    data = file.read()'
        ])
      : filesystem(endpoint, [
          `with dcache.open(${literal(first.path)}, "rb") as file:`,
          '    data = file.read()'
        ]);
  }
  const list = [
    'paths = [',
    ...entries.map(({ path }) => `    ${literal(path)},`),
    ']'
  ];
  return filesystem(endpoint, [
    ...list,
    'for path in paths:',
    '    with dcache.open(path, "rb") as file:',
    '        data = file.read()'
  ]);
}

/** The URL by which fsspec knows a path; nothing in it is encoded. */
export function urlOf(path: string): string {
  return `dcache://${path}`;
}

function fsspec(lines: readonly string[]): string {
  return ['import fsspec', '', ...lines].join('\n');
}

function filesystem(endpoint: string | null, lines: readonly string[]): string {
  const make = `dcache = fsspec.filesystem("dcache"${keyword(endpoint)})`;
  return fsspec([make, ...lines]);
}

function keyword(endpoint: string | null): string {
  return endpoint === null ? '' : `, endpoint=${literal(endpoint)}`;
}

/** JSON's string literals are Python's as well: the same escapes, and no others. */
function literal(text: string): string {
  return JSON.stringify(text);
}
