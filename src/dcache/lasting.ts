/** What is told of actions that last longer than their dialogs. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell, tellFailure } from '../common/notice';

/** How long it is told how something ended that was cancelled too late. */
const LATE_MS = 6_000;

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
