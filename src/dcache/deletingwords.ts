/** What is told of deletions: of this page's own, and of those that an earlier page began. */
import type { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { stopped } from '../common/sentences';

/** How long it is told what was deleted before it was stopped. */
export const STOPPED_MS = 10_000;

export function deletingWords(name: string, trans: TranslationBundle): string {
  return trans.__('Deleting “%1”…', name);
}

/**
 * @param within - Entries in it that were deleted all the same.
 * @param text - Why it could not be deleted.
 */
export function failedWords(
  name: string,
  within: number,
  text: string,
  trans: TranslationBundle
): string {
  const words = trans.__('Can’t delete “%1”: %2', name, text);
  const before = trans._n(
    '%1 entry in it was deleted before.',
    '%1 entries in it were deleted before.',
    within
  );
  return within > 0 ? `${stopped(words)} ${before}` : words;
}

/**
 * @param text - Why it is not known.
 * @param left - Entries that were to be deleted after it.
 */
export function unknownWords(
  name: string,
  text: string,
  left: number,
  trans: TranslationBundle
): string {
  const words = trans.__(
    'It is not known whether “%1” is deleted: %2',
    name,
    text
  );
  const others = trans._n(
    '%1 other entry was left.',
    '%1 other entries were left.',
    left
  );
  return left > 0 ? `${stopped(words)} ${others}` : words;
}

/** It was not known for a while, and what was deleted before is not known at all. */
export function stillThereWords(
  name: string,
  trans: TranslationBundle
): string {
  return trans.__(
    '“%1” is still there. If it is a folder, some of what was in it may be deleted.',
    name
  );
}

/** What is gone of a folder whose deletion was stopped. */
export function insideWords(
  name: string,
  within: number,
  trans: TranslationBundle
): string {
  return trans._n(
    'In “%2” %1 entry was deleted, the rest is still there.',
    'In “%2” %1 entries were deleted, the rest is still there.',
    within,
    name
  );
}

/** All of what is told of one folder that was stopped. */
export function stoppedWords(
  name: string,
  within: number,
  trans: TranslationBundle
): string {
  return within > 0
    ? `${trans.__('Stopped.')} ${insideWords(name, within, trans)}`
    : trans.__('Stopped. Nothing was deleted.');
}

export function tooLateWords(trans: TranslationBundle): string {
  return trans.__('It was too late to stop: all is deleted.');
}

export function stopAction(
  stop: () => Promise<void>,
  trans: TranslationBundle
): Notification.IAction {
  return {
    label: trans.__('Stop'),
    caption: trans.__('Keep what is not deleted yet'),
    callback: () => void stop()
  };
}
