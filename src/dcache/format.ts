/** How times and localities read. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IEntry } from '../common/types';

/** A time of the API in the reader's language and zone; empty when unknown. */
export function formatTime(
  time: string | null,
  style: 'short' | 'medium' | 'full' = 'medium'
): string {
  if (time === null) {
    return '';
  }
  const date = new Date(time);
  const options: Intl.DateTimeFormatOptions =
    style === 'full'
      ? { dateStyle: 'full', timeStyle: 'long' }
      : style === 'medium'
        ? { dateStyle: 'medium', timeStyle: 'short' }
        : { dateStyle: 'short' };
  return new Intl.DateTimeFormat(undefined, options).format(date);
}

/** Whether reading an entry would wait for tape. */
export function isOnTape(entry: Pick<IEntry, 'type' | 'locality'>): boolean {
  return entry.type !== 'directory' && entry.locality === 'NEARLINE';
}

/** Whether a copy on disk stands in for one on tape; a pin may keep it there. */
export function isStaged(entry: Pick<IEntry, 'type' | 'locality'>): boolean {
  return entry.type !== 'directory' && entry.locality === 'ONLINE_AND_NEARLINE';
}

/** What is worth telling about where a file's copies are. */
export interface ILocality {
  symbol: 'tape' | 'disk-and-tape' | 'unavailable';
  text: string;
}

/** The symbol and words for an entry's locality; null for what can be read and nothing else. */
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
        text: trans.__('On tape: stage it before opening')
      };
    case 'ONLINE_AND_NEARLINE':
      return { symbol: 'disk-and-tape', text: trans.__('On disk and on tape') };
    case 'LOST':
      return {
        symbol: 'unavailable',
        text: trans.__('Lost: dCache has no copy of it')
      };
    case 'UNAVAILABLE':
      return {
        symbol: 'unavailable',
        text: trans.__('Can’t be read now: the pool that holds it is down')
      };
    default:
      return null;
  }
}
