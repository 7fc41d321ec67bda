/** Tells once that page and companion do not fit together, and looks again when there is reason to. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ICompanion } from '../tokens';
import { tell } from './notice';
import { sentences } from './sentences';

/** A page that was out of sight for so long may find another Jupyter. */
const AWAY_MS = 10 * 60_000;

export interface IWatchOptions {
  companion: ICompanion;
  trans: TranslationBundle;
  reload: () => void;
}

/** One notification for each problem, gone when the problem is. */
export function tellProblems(options: IWatchOptions): void {
  const { companion, reload, trans } = options;
  let told = '';
  let notice: string | null = null;
  const look = (): void => {
    const { problem } = companion;
    const text = problem === null ? '' : sentences(problem);
    if (text === told) {
      return;
    }
    told = text;
    if (notice !== null) {
      Notification.dismiss(notice);
      notice = null;
    }
    if (problem !== null) {
      const action: Notification.IAction =
        problem.code === 'reload'
          ? { label: trans.__('Reload'), callback: reload }
          : {
              label: trans.__('Check again'),
              callback: () => void companion.check()
            };
      notice = tell(text, 'warning', {
        autoClose: false,
        actions: [action]
      });
    }
  };
  companion.changed.connect(look);
  look();
}

/** Ask again when somebody comes back to a page that was hidden for long. */
export function askOnReturn(
  companion: ICompanion,
  page: Pick<Document, 'addEventListener' | 'hidden'> = document,
  now: () => number = Date.now
): void {
  let left_ms = now();
  page.addEventListener('visibilitychange', () => {
    if (page.hidden) {
      left_ms = now();
    } else if (now() - left_ms >= AWAY_MS) {
      void companion.check();
    }
  });
}
