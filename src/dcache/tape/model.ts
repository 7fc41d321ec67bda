/** The user's orders to stage, pin and release, as the companion follows them. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream } from '../../common/events';
import { Followed } from '../../common/followed';
import { ApiError } from '../../common/request';
import type { ITapeOrder, ITapeRequest } from '../../common/types';
import { TARGETS, type Activity, type ITapeApi, type ITarget } from './api';

/** What is known of an order's targets. */
export interface ITargets {
  readonly targets: readonly ITarget[];
  /** Whether there may be more. */
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly error: ApiError | null;
}

export class TapeModel implements IDisposable {
  constructor(options: TapeModel.IOptions) {
    this._api = options.api;
    this._list = new Followed<ITapeRequest>({
      name: 'jupyterlab-rsdat:tape',
      kind: 'tape',
      changes: options.changes,
      load: () => this._api.list(),
      isMoving: ({ state }) => state === 'running'
    });
    this._list.changed.connect(this._onListed, this);
  }

  /** Emitted when anything here changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The latest first. */
  get orders(): readonly ITapeRequest[] {
    return this._list.items;
  }

  get isReady(): boolean {
    return this._list.isReady;
  }

  /** Why the list is old, when the last request failed. */
  get error(): ApiError | null {
    return this._list.error;
  }

  /** Whether nobody would notice that an event was lost. */
  get isIdle(): boolean {
    return !this._list.isWatched && !this._list.isMoving;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  order(id: string): ITapeRequest | undefined {
    return this._list.item(id);
  }

  isBusy(id: string): boolean {
    return this._busy.has(id);
  }

  /** What is known of an order's targets; null until somebody asks. */
  targets(id: string): ITargets | null {
    return this._targets.get(id) ?? null;
  }

  watch(): IDisposable {
    return this._list.watch();
  }

  refresh(): Promise<void> {
    return this._list.refresh();
  }

  /** Give an order. @throws ApiError */
  async give(
    endpoint: string,
    activity: Activity,
    order: ITapeOrder
  ): Promise<ITapeRequest> {
    const request = await this._api.order(endpoint, activity, order);
    this._list.put(request);
    return request;
  }

  /** Cancel what is not done of an order, and forget it. @throws ApiError */
  async remove(id: string): Promise<void> {
    this._busy.add(id);
    this._emit();
    try {
      await this._api.remove(id);
    } catch (reason) {
      void this.refresh();
      if (ApiError.from(reason).code !== 'not_found') {
        throw reason;
      }
    } finally {
      this._busy.delete(id);
      this._emit();
    }
    this._targets.delete(id);
    this._list.drop(id);
  }

  /** Ask for targets, or for more of them; what fails is in `targets`. */
  async loadTargets(id: string): Promise<void> {
    const old = this._targets.get(id);
    if (old?.isLoading) {
      return;
    }
    const known = old?.targets ?? [];
    const set = (part: Partial<ITargets>): void => {
      const before = this._targets.get(id);
      this._targets.set(id, {
        targets: known,
        hasMore: true,
        isLoading: false,
        error: null,
        ...before,
        ...part
      });
      this._emit();
    };
    set({ isLoading: true, error: null });
    try {
      const more = await this._api.targets(id, known.length);
      set({
        targets: [...known, ...more],
        hasMore: more.length === TARGETS,
        isLoading: false
      });
    } catch (reason) {
      set({ isLoading: false, error: ApiError.from(reason) });
    }
  }

  /** Forget the targets of an order: nobody looks at them. */
  dropTargets(id: string): void {
    this._targets.delete(id);
  }

  /** Note that the user was told how it ended; never fails, as nothing would be lost. */
  async see(id: string): Promise<void> {
    try {
      await this._api.see(id);
      const order = this.order(id);
      if (order) {
        this._list.put({ ...order, seen: true });
      }
    } catch {
      // Told again after the next reload: better twice than never.
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._list.dispose();
    Signal.clearData(this);
  }

  private _onListed(): void {
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _api: ITapeApi;
  private _list: Followed<ITapeRequest>;
  private _targets = new Map<string, ITargets>();
  private _busy = new Set<string>();
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace TapeModel {
  export interface IOptions {
    api: ITapeApi;
    /** The companion's events; owned by the caller. */
    changes: Pick<ChangeStream, 'changed'>;
  }
}
