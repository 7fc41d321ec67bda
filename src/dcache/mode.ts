/** Unix permissions as `ls -l` shows them. Pure. */
import type { IEntry } from '../common/types';

const KINDS: Readonly<Record<IEntry['type'], string>> = {
  directory: 'd',
  link: 'l',
  file: '-',
  other: '?'
};

/** `0o750` of a folder as `drwxr-x--- (750)`. */
export function describeMode(mode: number, type: IEntry['type']): string {
  const bits = mode & 0o777;
  const letters = Array.from('rwxrwxrwx', (letter, index) =>
    bits & (1 << (8 - index)) ? letter : '-'
  ).join('');
  return `${KINDS[type]}${letters} (${bits.toString(8).padStart(3, '0')})`;
}
