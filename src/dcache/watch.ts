/** Keeps the folder in view up to date: asks to be told its changes, and looks itself where none are told. */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { IDCacheApi } from './api';
import type { DCacheModel } from './model';

/** The companion tells changes for two minutes after each asking (docs/api.yaml, watchFolder). */
const ASK_MS = 60_000;

/** Longest wait between two looks at a folder in which nothing changes. */
const LOOK_MAX_MS = 15 * 60_000;

/** A folder of n entries takes dCache some n / 1700 s to list; it shall do so for 1 % of its time at most. */
const LOOK_MS_PER_ENTRY = 60;

/**
 * The watch over the folder that a panel shows.
 *
 * Nothing is asked while nobody looks: neither at the panel nor at the page.
 */
export class FolderWatch implements IDisposable {
  constructor(options: FolderWatch.IOptions) {
    this._api = options.api;
    this._model = options.model;
    this._poll = new Poll({
      auto: false,
      name: 'rsdat-dcache-watch',
      factory: () => this._ask(),
      frequency: { interval: ASK_MS, backoff: true, max: 5 * ASK_MS },
      standby: () => !this._model.isShown || 'when-hidden'
    });
    this._model.changed.connect(this._onMove, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._model.changed.disconnect(this._onMove, this);
    this._poll.dispose();
  }

  /** Somebody has begun to look, or looks at another folder. */
  start(): void {
    void this._poll.start();
    void this._poll.refresh();
  }

  private _onMove(): void {
    const { endpoint, path } = this._model;
    const place = `${endpoint}:${path}`;
    if (place !== this._place) {
      this._place = place;
      this._look_ms = 0;
      if (this._model.isShown) {
        this.start();
      }
    }
  }

  private async _ask(): Promise<void> {
    const { endpoint, path, listing } = this._model;
    if (endpoint === null || listing === null) {
      return;
    }
    const isLive = await this._api.watch({ endpoint, path });
    if (isLive) {
      this._look_ms = 0;
      return;
    }
    if (!listing.isLoaded || !listing.isComplete || this._isDisposed) {
      return;
    }
    const least_ms = Math.max(ASK_MS, listing.total * LOOK_MS_PER_ENTRY);
    if (this._look_ms === 0) {
      // It was listed a moment ago, when it came into view.
      this._rest(least_ms);
    } else if (Date.now() >= this._next) {
      const before = listing.fingerprint;
      await this._model.refresh();
      const isSame = listing.fingerprint === before;
      this._rest(isSame ? Math.min(2 * this._look_ms, LOOK_MAX_MS) : least_ms);
    }
  }

  private _rest(time_ms: number): void {
    this._look_ms = time_ms;
    this._next = Date.now() + time_ms;
  }

  private _api: Pick<IDCacheApi, 'watch'>;
  private _model: DCacheModel;
  private _poll: Poll;
  private _place = '';
  /** Wait until the next look; 0 while changes are told. */
  private _look_ms = 0;
  private _next = 0;
  private _isDisposed = false;
}

export namespace FolderWatch {
  export interface IOptions {
    api: Pick<IDCacheApi, 'watch'>;
    model: DCacheModel;
  }
}
