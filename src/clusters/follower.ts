/** When to ask the companion again: on its events, and slowly by itself, while someone watches. */
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll, Throttler } from '@lumino/polling';
import type { ChangeStream, IChange } from '../common/events';

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
    this._poll.dispose();
    this._glance.dispose();
    this._throttler.dispose();
    this._glanceThrottler.dispose();
    this._changes?.changed.disconnect(this._onEvent, this);
  }

  private _onEvent(_: ChangeStream, change: IChange): void {
    if (change.kind !== 'cluster') {
      return;
    }
    // An answer under way may be older than what changed.
    this._isOutdated = true;
    if (this._watchers > 0) {
      void this._throttler.invoke();
    } else if (this._glancers > 0) {
      void this._glanceThrottler.invoke();
    }
  }

  private async _loadAll(): Promise<void> {
    let isOld: boolean;
    do {
      this._isOutdated = false;
      isOld = await this._load();
    } while ((isOld || this._isOutdated) && !this._isDisposed);
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
  /** Something changed since the request under way began. */
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
