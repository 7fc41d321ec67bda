/** What is told of actions that last longer than their dialogs. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell, tellFailure } from '../common/notice';
import type { IEntry } from '../common/types';

/** How long it is told how something ended that was cancelled too late. */
const LATE_MS = 6_000;

/** A deletion that takes longer is told. */
const SLOW_MS = 1_000;

/** What is told of an action whose dialog was cancelled while it ran; each gets what was typed. */
export interface ILateWords {
  failed: (value: string) => string;
  goesOn: (value: string) => string;
  done: (value: string) => string;
}

/**
 * Ask in a dialog that shows what fails. What was asked of dCache can't be taken back: that it goes
 * on after the dialog was cancelled is told, and how it ends.
 *
 * @param action - Its signal aborts when the dialog is left: nothing more shall be begun then.
 * @param ask - Shows the dialog, which tries the action with what was typed until that succeeds.
 */
export async function whileAsking(
  action: (value: string, signal: AbortSignal) => Promise<void>,
  words: ILateWords,
  trans: TranslationBundle,
  ask: (attempt: (value: string) => Promise<void>) => Promise<void>
): Promise<void> {
  const control = new AbortController();
  const { signal } = control;
  /** What was typed for the attempt that runs. */
  const running: string[] = [];
  let notice: string | null = null;
  await ask(async value => {
    running.push(value);
    try {
      await action(value, signal);
    } catch (reason) {
      if (!signal.aborted) {
        throw reason;
      }
      tellFailure(words.failed(value), reason, trans);
      return;
    } finally {
      running.pop();
      if (notice !== null) {
        Notification.dismiss(notice);
      }
    }
    if (notice !== null) {
      tell(words.done(value), 'success', { autoClose: LATE_MS });
    }
  });
  control.abort();
  for (const value of running) {
    notice = tell(words.goesOn(value), 'in-progress', { autoClose: false });
  }
}

/** A deletion that is told while it goes on. */
export interface IDeleting {
  /** Whether what is not deleted yet is to stay. */
  readonly isStopped: boolean;
  /** It has ended. */
  end(): void;
}

/** Say that a deletion goes on, where it takes longer than one waits for; it can be stopped. */
export function tellDeleting(
  entries: readonly IEntry[],
  trans: TranslationBundle
): IDeleting {
  let isStopped = false;
  let notice: string | null = null;
  const stop: Notification.IAction = {
    label: trans.__('Stop'),
    caption: trans.__('Keep what is not deleted yet'),
    callback: () => {
      isStopped = true;
    }
  };
  const timer = setTimeout(() => {
    const words =
      entries.length === 1
        ? trans.__('Deleting “%1”…', entries[0].name)
        : trans._n(
            'Deleting %1 entry…',
            'Deleting %1 entries…',
            entries.length
          );
    notice = tell(words, 'in-progress', {
      autoClose: false,
      // One entry is one request, which can't be taken back.
      actions: entries.length > 1 ? [stop] : []
    });
  }, SLOW_MS);
  return {
    get isStopped() {
      return isStopped;
    },
    end: () => {
      clearTimeout(timer);
      if (notice !== null) {
        Notification.dismiss(notice);
      }
    }
  };
}
