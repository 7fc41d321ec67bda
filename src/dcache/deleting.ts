/** Deleting entries: asks, tells while it lasts, lets itself be stopped, and says what is gone then. */
import { Notification } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell, tellFailure } from '../common/notice';
import { ApiError } from '../common/request';
import type { IEntry } from '../common/types';
import type { IDCacheApi } from './api';
import {
  deletingWords,
  failedWords,
  insideWords,
  STOPPED_MS,
  stopAction,
  stoppedWords,
  tooLateWords
} from './deletingwords';
import { askDelete, type IDoomed } from './dialogs';
import { fateOf, lookAgain, type ILostOptions } from './lostdeletions';
import { toLabPath, type IPlace } from './paths';

/** Folders looked into before a deletion; of more it is only said that all below goes. */
const MAX_LOOKED_INTO = 20;

/** A deletion that takes longer is told. */
const SLOW_MS = 1_000;

/** What a request fails with that may go on all the same: a proxy's limit of time, a lost network. */
const UNANSWERED: readonly string[] = ['jupyter', 'network', 'timeout'];

export interface IDeleteOptions {
  api: Pick<IDCacheApi, 'info' | 'list' | 'remove' | 'stopRemoving'>;
  /** Lab's contents, so that open documents follow. */
  contents: Pick<Contents.IManager, 'delete'>;
  endpoint: string;
  entries: readonly IEntry[];
  /** Tell of a deletion whose answer was lost. */
  follow: ILostOptions['follow'];
  trans: TranslationBundle;
}

/** Ask, naming what goes, and delete; false if nothing was begun. What fails is told. */
export async function deleteEntries(options: IDeleteOptions): Promise<boolean> {
  const { trans } = options;
  let doomed: IDoomed[];
  try {
    doomed = await lookInto(options);
  } catch (reason) {
    tellFailure(trans.__('Can’t delete'), reason, trans);
    return false;
  }
  if (!(await askDelete(doomed, trans))) {
    return false;
  }
  const deletion = new Deletion(options, doomed);
  try {
    await deletion.run();
  } finally {
    deletion.dispose();
  }
  return true;
}

async function lookInto({
  api,
  endpoint,
  entries
}: IDeleteOptions): Promise<IDoomed[]> {
  const doomed: IDoomed[] = [];
  let folders = 0;
  for (const entry of entries) {
    if (entry.type !== 'directory') {
      doomed.push({ entry, inside: null });
    } else if (++folders > MAX_LOOKED_INTO) {
      doomed.push({ entry, inside: 'unknown' });
    } else {
      const { total } = await api.list({
        endpoint,
        path: entry.path,
        offset: 0,
        limit: 1,
        sort: 'name',
        // Hidden ones go, too: they count.
        hidden: true,
        filter: '',
        refresh: true
      });
      doomed.push({ entry, inside: total });
    }
  }
  return doomed;
}

/** One deletion of some entries, one after the other. */
class Deletion {
  constructor(options: IDeleteOptions, doomed: readonly IDoomed[]) {
    this._options = options;
    this._doomed = doomed;
    this._timer = setTimeout(() => this._tell(), SLOW_MS);
  }

  /** Until all are gone, it was stopped, or nothing answers. What fails is told; the others go on. */
  async run(): Promise<void> {
    for (const doomed of this._doomed) {
      if (this._isStopped || this._isLost) {
        break;
      }
      await this._remove(doomed);
    }
    if (this._isStopped && !this._isLost) {
      tell(this._stoppedWords(), 'info', { autoClose: STOPPED_MS });
    }
  }

  dispose(): void {
    clearTimeout(this._timer);
    if (this._notice !== null) {
      Notification.dismiss(this._notice);
    }
  }

  private async _remove({ entry, inside }: IDoomed): Promise<void> {
    const { api, contents, endpoint, trans } = this._options;
    const place = { endpoint, path: entry.path };
    this._current = entry.type === 'directory' ? place : null;
    this._begun++;
    try {
      // The drive deletes recursively. A folder that was said to be empty must be so.
      await (inside === 0
        ? api.remove(place, false)
        : contents.delete(toLabPath(place)));
      this._deleted++;
    } catch (reason) {
      const { code, details, text } = ApiError.from(reason);
      const within = typeof details.deleted === 'number' ? details.deleted : 0;
      this._within += within;
      if (code === 'stopped') {
        // Here, or on another page.
        this._isStopped = true;
        this._left = entry.name;
        return;
      }
      if (UNANSWERED.includes(code) && (await this._wentOn(place))) {
        return;
      }
      tell(failedWords(entry.name, within, text, trans), 'error', {
        autoClose: false
      });
    } finally {
      this._current = null;
    }
  }

  /** Whether what got no answer goes on or may, and is told from elsewhere then, or has ended well. */
  private async _wentOn(place: IPlace): Promise<boolean> {
    const fate = await fateOf(this._options, place);
    if (fate === 'gone') {
      this._deleted++;
    } else if (fate instanceof ApiError) {
      // Others would get no answer either, and nobody would know what of them is deleted.
      this._isLost = true;
      lookAgain(this._options, place, fate, this._doomed.length - this._begun);
    }
    return fate !== 'there';
  }

  /** Say that it goes on; it can be stopped where it is more than one request. */
  private _tell(): void {
    const { entries, trans } = this._options;
    const [first] = entries;
    const words =
      entries.length === 1
        ? deletingWords(first.name, trans)
        : trans._n(
            'Deleting %1 entry…',
            'Deleting %1 entries…',
            entries.length
          );
    const canStop = entries.length > 1 || first.type === 'directory';
    this._notice = tell(words, 'in-progress', {
      autoClose: false,
      actions: canStop ? [stopAction(() => this._stop(), trans)] : []
    });
  }

  private async _stop(): Promise<void> {
    const { api, trans } = this._options;
    this._isStopped = true;
    if (this._current !== null) {
      try {
        await api.stopRemoving(this._current);
      } catch (reason) {
        tellFailure(trans.__('Can’t stop deleting'), reason, trans);
        if (this._current !== null && this._notice !== null) {
          // Lab closes a notice whose button was pressed.
          Notification.dismiss(this._notice);
          this._tell();
        }
      }
    }
  }

  private _stoppedWords(): string {
    const { trans } = this._options;
    const [deleted, within, left] = [this._deleted, this._within, this._left];
    const all = this._doomed.length;
    if (deleted === all) {
      return tooLateWords(trans);
    }
    if (deleted === 0 && (within === 0 || (all === 1 && left !== null))) {
      return stoppedWords(left ?? '', within, trans);
    }
    return [
      all === 1
        ? trans.__('Stopped.')
        : trans._n(
            'Stopped. %2 of %1 entry was deleted.',
            'Stopped. %2 of %1 entries were deleted.',
            all,
            deleted.toLocaleString()
          ),
      ...(left !== null && within > 0 ? [insideWords(left, within, trans)] : [])
    ].join(' ');
  }

  private _options: IDeleteOptions;
  private _doomed: readonly IDoomed[];
  private _timer: ReturnType<typeof setTimeout>;
  private _notice: string | null = null;
  private _isStopped = false;
  /** Nothing answers any more. */
  private _isLost = false;
  private _begun = 0;
  /** The folder that is being deleted now. */
  private _current: IPlace | null = null;
  /** Entries of those chosen that are gone. */
  private _deleted = 0;
  /** Entries that are gone from folders that are not. */
  private _within = 0;
  /** The folder in which it was stopped. */
  private _left: string | null = null;
}
