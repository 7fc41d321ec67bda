/** When to ask the companion again: on its events, and slowly by itself, while someone watches. */
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll, Throttler } from '@lumino/polling';
import type { ChangeStream, IChange } from '../common/events';
import { onReturn } from '../common/returned';

/** How often to ask while something is on its way, and while nothing is. */
const FAST_MS = 5_000;
const CALM_MS = 30_000;
/** Longest wait between requests that fail. */
const BACKOFF_MS = 300_000;
/** Events closer together than this share one request. */
const EVENT_SPACING_MS = 250;
/** The same two while the clusters are only glanced at, from the status bar. */
const GLANCE_MS = 600_000;
const GLANCE_SPACING_MS = 60_000;
/** What is older than this when somebody comes back to the page is asked for at once. */
const OLD_MS = 60_000;

export class Follower implements IDisposable {
  constructor(options: Follower.IOptions) {
    this._load = options.load;
    this._changes = options.changes ?? null;
    this._changes?.changed.connect(this._onEvent, this);
    this._poll = new Poll({
      name: options.name,
      factory: () => this.fetch(),
      frequency: { interval: CALM_MS, backoff: true, max: BACKOFF_MS },
      standby: () => this._watchers === 0 || 'when-hidden'
    });
    this._glance = new Poll({
      name: `${options.name}-glance`,
      factory: () => this.fetch(),
      frequency: { interval: GLANCE_MS, backoff: true, max: GLANCE_MS * 4 },
      standby: () => this._glancers === 0 || this._watchers > 0 || 'when-hidden'
    });
    this._returns = onReturn(() => this._onReturn());
  }

  /** Whether somebody watches or glances. */
  get isFollowed(): boolean {
    return this._watchers > 0 || this._glancers > 0;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask and go on asking until the returned object is disposed. */
  watch(): IDisposable {
    this._watchers += 1;
    if (this._watchers === 1) {
      // What fails is told by the loader, and asked again by the poll.
      void this.fetch().catch(() => undefined);
    }
    return new DisposableDelegate(() => {
      this._watchers -= 1;
    });
  }

  /**
   * Like `watch`, for who needs to know only roughly: asks once, then some time after an event and
   * every ten minutes, so that the companion is not kept asking the queue for nobody.
   */
  glance(): IDisposable {
    this._glancers += 1;
    if (this._glancers === 1 && this._watchers === 0) {
      void this.fetch().catch(() => undefined);
    }
    return new DisposableDelegate(() => {
      this._glancers -= 1;
    });
  }

  /** Load now, once for all calls made meanwhile. Rejects as the loader does. */
  fetch(): Promise<void> {
    this._pending ??= this._loadAll().finally(() => {
      this._pending = null;
    });
    return this._pending;
  }

  /** Something changed: ask as soon as those who follow need it. */
  note(): void {
    // An answer under way may be older than what changed.
    this._isOutdated = true;
    if (this._watchers > 0) {
      void this._throttler.invoke();
    } else if (this._glancers > 0) {
      void this._glanceThrottler.invoke();
    }
  }

  /** Ask more often while something is on its way. */
  pace(isUnsettled: boolean): void {
    this._isUnsettled = isUnsettled;
    const interval = isUnsettled ? FAST_MS : this._calm_ms;
    if (this._isDisposed || interval === this._poll.frequency.interval) {
      return;
    }
    this._poll.frequency = { ...this._poll.frequency, interval };
    if (interval === FAST_MS) {
      // The poll would only follow after its present, long wait.
      void this._poll.schedule({ interval, phase: 'resolved' });
    }
  }

  /** How often to ask while nothing is on its way, in milliseconds. */
  set calm_ms(calm_ms: number) {
    this._calm_ms = calm_ms;
    this.pace(this._isUnsettled);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._returns.dispose();
    this._poll.dispose();
    this._glance.dispose();
    this._throttler.dispose();
    this._glanceThrottler.dispose();
    this._changes?.changed.disconnect(this._onEvent, this);
  }

  private _onEvent(_: ChangeStream, change: IChange): void {
    if (change.kind === 'cluster') {
      this.note();
    }
  }

  /** While the page was hidden events were not followed, and without network there were none. */
  private _onReturn(): void {
    const isOld = this._isOutdated || Date.now() - this._loaded_ms > OLD_MS;
    if (this.isFollowed && isOld) {
      void this.fetch().catch(() => undefined);
    }
  }

  private async _loadAll(): Promise<void> {
    let isOld: boolean;
    do {
      this._isOutdated = false;
      try {
        isOld = await this._load();
      } catch (reason) {
        this._isOutdated = true;
        throw reason;
      }
    } while ((isOld || this._isOutdated) && !this._isDisposed);
    this._loaded_ms = Date.now();
  }

  private _load: () => Promise<boolean>;
  private _changes: ChangeStream | null;
  private _poll: Poll;
  private _glance: Poll;
  private _throttler = new Throttler(
    () => this.fetch().catch(() => undefined),
    EVENT_SPACING_MS
  );
  private _glanceThrottler = new Throttler(
    async () => {
      // Whoever began to watch meanwhile has asked already.
      if (this._watchers === 0 && !document.hidden) {
        await this.fetch().catch(() => undefined);
      }
    },
    { limit: GLANCE_SPACING_MS, edge: 'trailing' }
  );
  private _pending: Promise<void> | null = null;
  private _returns: IDisposable;
  /** When it was last loaded; the browser's clock, which goes on while the computer sleeps. */
  private _loaded_ms = -Infinity;
  /** Something changed since the last request began, or that failed. */
  private _isOutdated = false;
  private _calm_ms = CALM_MS;
  private _isUnsettled = false;
  private _watchers = 0;
  private _glancers = 0;
  private _isDisposed = false;
}

export namespace Follower {
  export interface IOptions {
    /** Name of the poll, for Lab's debugging. */
    name: string;
    /** Ask and apply the answer; resolves to whether it came too late and must be asked again. */
    load: () => Promise<boolean>;
    /** The companion's events; owned by the caller. */
    changes?: ChangeStream;
  }
}
