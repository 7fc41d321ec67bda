/** A list of the companion's, asked for again when its events say so and someone wants to know. */
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll, Throttler } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream, IChange } from './events';
import { ApiError } from './request';
import { share } from './share';

/** How often to ask while something moves and is watched, in case an event was lost. */
const WATCHED_MS = 5_000;
/** Longest wait between requests that fail. */
const BACKOFF_MS = 120_000;
/** Events closer together than this share one request: while watched, and while nobody looks. */
const SPACING_MS = 400;
const UNSEEN_SPACING_MS = 3_000;

/**
 * A list that follows the companion's.
 *
 * Never asks by itself while nothing moves or nobody watches. Events are followed in any case, as
 * what ends must be told also to who looks elsewhere.
 */
export class Followed<
  T extends { readonly id: string }
> implements IDisposable {
  constructor(options: Followed.IOptions<T>) {
    this._options = options;
    options.changes.changed.connect(this._onEvent, this);
    this._poll = new Poll({
      name: options.name,
      factory: () => this.fetch(),
      frequency: { interval: WATCHED_MS, backoff: true, max: BACKOFF_MS },
      standby: () => !this.isWatched || !this.isMoving || 'when-hidden'
    });
  }

  /** Emitted when `items`, `isReady` or `error` changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** As the companion last told them; replaced, never edited in place. */
  get items(): readonly T[] {
    return this._items;
  }

  /** Whether `items` is what the companion said, not just the empty start. */
  get isReady(): boolean {
    return this._isReady;
  }

  /** Why the list is old, when the last request failed. */
  get error(): ApiError | null {
    return this._error;
  }

  get isWatched(): boolean {
    return this._watchers > 0;
  }

  /** Whether something of it has not ended. */
  get isMoving(): boolean {
    return this._items.some(item => this._options.isMoving(item));
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  item(id: string): T | undefined {
    return this._items.find(item => item.id === id);
  }

  /** Somebody looks, until the returned object is disposed. */
  watch(): IDisposable {
    this._watchers += 1;
    if (this._watchers === 1) {
      void this.refresh();
    }
    return new DisposableDelegate(() => {
      this._watchers -= 1;
    });
  }

  /** Ask again; settles in any case. A failure keeps the old list and is in `error`. */
  refresh(): Promise<void> {
    return this.fetch().catch(() => undefined);
  }

  /** As `refresh`, once for all calls made meanwhile. @throws ApiError */
  fetch(): Promise<void> {
    this._pending ??= this._loadAll().finally(() => {
      this._pending = null;
    });
    return this._pending;
  }

  /** Take up an answer that tells of one: as a new one it comes first. */
  put(item: T): void {
    this._edits += 1;
    const isKnown = this.item(item.id) !== undefined;
    this._replace(
      isKnown
        ? this._items.map(old => (old.id === item.id ? item : old))
        : [item, ...this._items]
    );
    this._emit();
  }

  /** One is forgotten. */
  drop(id: string): void {
    this._edits += 1;
    this._replace(this._items.filter(item => item.id !== id));
    this._emit();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.changes.changed.disconnect(this._onEvent, this);
    this._poll.dispose();
    this._throttler.dispose();
    this._unseenThrottler.dispose();
    Signal.clearData(this);
  }

  private async _loadAll(): Promise<void> {
    let edits: number;
    do {
      this._isOutdated = false;
      edits = this._edits;
      try {
        const items = await this._options.load();
        if (edits === this._edits) {
          this._error = null;
          this._isReady = true;
          this._replace(items);
          this._emit();
        }
      } catch (reason) {
        this._error = ApiError.from(reason);
        this._emit();
        throw this._error;
      }
      // A list that was made before an answer we already show is asked for again.
    } while ((this._isOutdated || edits !== this._edits) && !this._isDisposed);
  }

  private _onEvent(_: unknown, change: IChange): void {
    if (change.kind !== this._options.kind) {
      return;
    }
    this._isOutdated = true;
    void (this.isWatched ? this._throttler : this._unseenThrottler).invoke();
  }

  private _replace(items: readonly T[]): void {
    this._items = share(this._items, items);
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _options: Followed.IOptions<T>;
  private _items: readonly T[] = [];
  private _error: ApiError | null = null;
  private _isReady = false;
  private _watchers = 0;
  private _pending: Promise<void> | null = null;
  /** Something changed since the request under way began. */
  private _isOutdated = false;
  /** Counts answers that were taken up; a list begun before the last one is too old. */
  private _edits = 0;
  private _poll: Poll;
  private _throttler = new Throttler(() => this.refresh(), SPACING_MS);
  private _unseenThrottler = new Throttler(() => this.refresh(), {
    limit: UNSEEN_SPACING_MS,
    edge: 'trailing'
  });
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace Followed {
  export interface IOptions<T> {
    /** Name of the poll, for Lab's debugging. */
    name: string;
    /** The events that are about it. */
    kind: IChange['kind'];
    /** The companion's events; owned by the caller. */
    changes: Pick<ChangeStream, 'changed'>;
    /** Asks for the whole list. */
    load: () => Promise<readonly T[]>;
    /** Whether one has not ended. */
    isMoving: (item: T) => boolean;
  }
}
