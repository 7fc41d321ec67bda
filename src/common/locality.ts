/** Where the copies of a file of dCache are, in words. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IEntry } from './types';

/** What is worth telling about where a file's copies are. */
export interface ILocality {
  /** Null for the usual: it can be read, and has no copy on tape. */
  symbol: 'tape' | 'disk-and-tape' | 'unavailable' | null;
  /** For a column of its own. */
  word: string;
  /** For a narrow one, beside the symbol. */
  short: string;
  text: string;
}

/** The symbol and words for an entry's locality; null where there is nothing to tell. */
export function describeLocality(
  entry: Pick<IEntry, 'type' | 'locality'>,
  trans: TranslationBundle
): ILocality | null {
  if (entry.type === 'directory') {
    return null;
  }
  switch (entry.locality) {
    case 'NEARLINE':
      return {
        symbol: 'tape',
        word: trans.__('on tape'),
        short: trans.__('tape'),
        text: trans.__('On tape: stage it before opening')
      };
    case 'ONLINE_AND_NEARLINE':
      return {
        symbol: 'disk-and-tape',
        word: trans.__('disk + tape'),
        short: trans.__('both'),
        text: trans.__('On disk and on tape')
      };
    case 'LOST':
      return {
        symbol: 'unavailable',
        word: trans.__('lost'),
        short: trans.__('lost'),
        text: trans.__('Lost: dCache has no copy of it')
      };
    case 'UNAVAILABLE':
      return {
        symbol: 'unavailable',
        word: trans.__('pool down'),
        short: trans.__('down'),
        text: trans.__('Can’t be read now: the pool that holds it is down')
      };
    case 'ONLINE':
      return {
        symbol: null,
        word: trans.__('on disk'),
        short: trans.__('disk'),
        text: trans.__('On disk')
      };
    default:
      return null;
  }
}
