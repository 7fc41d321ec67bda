/** Deletions that nobody here waits for: told while they go on, can be stopped, and their end is told. */
import { Notification } from '@jupyterlab/apputils';
import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream } from '../common/events';
import { Followed } from '../common/followed';
import { followMissed } from '../common/missed';
import { tell, tellFailure } from '../common/notice';
import { ApiError } from '../common/request';
import type { IDeletion } from '../common/types';
import type { IDCacheApi } from './api';
import {
  deletingWords,
  failedWords,
  STOPPED_MS,
  stopAction,
  stoppedWords,
  tooLateWords
} from './deletingwords';
import type { Found } from './lostdeletions';
import { nameOf, type IPlace } from './paths';

/** One that goes on. */
interface IShown {
  deletion: IDeletion;
  /** The id of its notification. */
  notice: string;
  /** Whether it was stopped from here. */
  isStopped: boolean;
}

/**
 * Notices of the deletions that go on at this moment, until the last of them has ended.
 *
 * Those that this page begins later are told by who began them (`deleting.ts`).
 */
export class DeletionNotices implements IDisposable {
  constructor(options: DeletionNotices.IOptions) {
    this._options = options;
    this._list = new Followed<IDeletion>({
      name: 'jupyterlab-rsdat:deletions',
      kind: 'deletion',
      changes: options.changes,
      load: () => options.api.deletions(),
      isMoving: ({ state }) => state === 'running'
    });
  }

  /** Emitted when there is nothing more to tell. */
  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  /**
   * What there was to tell at the start.
   *
   * @throws ApiError if the companion gave no list.
   */
  found(): Found {
    if (this._problem !== null) {
      throw this._problem;
    }
    return this._found;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._list.dispose();
    this._disposed.emit();
    Signal.clearData(this);
  }

  /**
   * Look once which there are; without any, or without an answer, that is all.
   *
   * @param only - Tell of this one alone; by default of all.
   */
  async start(only?: IPlace): Promise<void> {
    await this._list.refresh();
    const untold = this._list.items.filter(
      ({ endpoint, path, seen, state }) =>
        (state === 'running' || !seen) &&
        (!only || (only.endpoint === endpoint && only.path === path))
    );
    for (const deletion of untold) {
      if (deletion.state === 'running') {
        this._show(deletion);
      } else {
        this._tellEnd(deletion, false);
      }
    }
    this._list.changed.connect(this._onChanged, this);
    this._problem = this._list.error;
    if (untold.length > 0) {
      this._found = untold.every(isDone) ? 'done' : 'told';
    }
    this._onChanged();
  }

  /** Ask again: an event did not come. */
  refresh(): Promise<void> {
    return this._list.refresh();
  }

  private _show(deletion: IDeletion): void {
    const shown: IShown = { deletion, isStopped: false, notice: '' };
    shown.notice = this._notice(shown);
    this._shown.push(shown);
  }

  private _notice(shown: IShown): string {
    const { trans } = this._options;
    const words = deletingWords(nameOf(shown.deletion.path), trans);
    return tell(words, 'in-progress', {
      autoClose: false,
      actions: [stopAction(() => this._stop(shown), trans)]
    });
  }

  private async _stop(shown: IShown): Promise<void> {
    const { api, trans } = this._options;
    shown.isStopped = true;
    try {
      await api.stopDeletion(shown.deletion.id);
    } catch (reason) {
      shown.isStopped = false;
      if (this._shown.includes(shown)) {
        // Lab closes a notice whose button was pressed.
        Notification.dismiss(shown.notice);
        shown.notice = this._notice(shown);
      }
      tellFailure(trans.__('Can’t stop deleting'), reason, trans);
    }
  }

  private _onChanged(): void {
    if (this._list.error !== null && this._shown.length > 0) {
      return; // how they are is not known
    }
    this._shown = this._shown.filter(shown => {
      const now = this._list.item(shown.deletion.id);
      if (now?.state === 'running') {
        return true;
      }
      Notification.dismiss(shown.notice);
      if (now) {
        this._tellEnd(now, shown.isStopped);
      } else {
        this._tellLost(shown.deletion);
      }
      return false;
    });
    if (this._shown.length === 0) {
      this.dispose();
    }
  }

  private _tellEnd(deletion: IDeletion, isStopped: boolean): void {
    const { api, trans } = this._options;
    const { deleted, error, path, seen, state } = deletion;
    const name = nameOf(path);
    if (state === 'stopped') {
      const words = stoppedWords(name, deleted, trans);
      tell(words, 'info', { autoClose: STOPPED_MS });
    } else if (state === 'failed' && error) {
      const { text } = new ApiError({ ...error, code: error.details.code });
      tell(failedWords(name, deleted, text, trans), 'error', {
        autoClose: false
      });
    } else if (isStopped) {
      tell(tooLateWords(trans), 'info', { autoClose: STOPPED_MS });
    }
    if (!seen) {
      // If that can't be noted now, the next page tells it once more.
      void api.seeDeletion(deletion.id).catch(() => undefined);
    }
  }

  /** The companion knows it no more: it was started anew. */
  private _tellLost({ path }: IDeletion): void {
    const { trans } = this._options;
    const words = trans.__(
      'Deleting “%1” was broken off when the Jupyter server ended. What was not deleted is still there.',
      nameOf(path)
    );
    tell(words, 'warning', { autoClose: false });
  }

  private _options: DeletionNotices.IOptions;
  private _list: Followed<IDeletion>;
  private _shown: IShown[] = [];
  private _disposed = new Signal<this, void>(this);
  private _problem: ApiError | null = null;
  private _found: Found = 'none';
  private _isDisposed = false;
}

function isDone({ state }: IDeletion): boolean {
  return state === 'done';
}

export namespace DeletionNotices {
  export interface IOptions {
    api: Pick<IDCacheApi, 'deletions' | 'stopDeletion' | 'seeDeletion'>;
    changes: Pick<ChangeStream, 'changed'>;
    trans: TranslationBundle;
  }
}

/**
 * Tell of the deletions that go on now, by the page's events, until the last of them has ended.
 * Asks for them once.
 *
 * @param only - Tell of this one alone; by default of all.
 * @returns What tells, until the last of them has ended.
 */
export async function followDeletions(
  options: Omit<DeletionNotices.IOptions, 'changes'> & {
    stream: ChangeStream;
    settings: ServerConnection.ISettings;
  },
  only?: IPlace
): Promise<DeletionNotices> {
  const { api, settings, stream, trans } = options;
  const notices = new DeletionNotices({ api, changes: stream, trans });
  await notices.start(only);
  if (!notices.isDisposed) {
    const lost = followMissed({ stream, settings, isIdle: () => false });
    lost.missed.connect(() => void notices.refresh());
    notices.disposed.connect(() => lost.dispose());
    // One that ended before this number was known is not missed later.
    void lost.check().then(() => notices.refresh());
  }
  return notices;
}
