/** How times and localities read. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IEntry } from '../common/types';

export { describeLocality, type ILocality } from '../common/locality';

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

/** Characters of a name's end that stay in view when it is cut. */
const TAIL = 10;

/**
 * A name as two parts, of which the first may be cut where there is no room: names differ most often
 * in their ends. Control characters, which break a line, are shown by their symbols.
 */
export function splitName(name: string): [string, string] {
  const characters = Array.from(name, shownCharacter);
  let at = characters.length - TAIL;
  if (at <= TAIL) {
    return [characters.join(''), ''];
  }
  // An accent, a joiner or what follows one belongs to the character before.
  while (at > 0 && /^[\p{M}\u200d]/u.test(characters[at])) {
    at--;
  }
  return [characters.slice(0, at).join(''), characters.slice(at).join('')];
}

function shownCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x20
    ? String.fromCharCode(0x2400 + code)
    : code === 0x7f
      ? '\u2421'
      : character;
}

/** What kind of thing an entry is. */
export function describeKind(
  entry: Pick<IEntry, 'type' | 'mime'>,
  trans: TranslationBundle
): string {
  switch (entry.type) {
    case 'directory':
      return trans.__('Folder');
    case 'link':
      return trans.__('Link');
    default:
      return entry.mime ?? '';
  }
}
