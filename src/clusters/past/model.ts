/** Clusters that have stopped; asked for only while somebody has opened their list. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../../common/request';
import { share } from '../../common/share';
import type { ICluster, IPastCluster } from '../../common/types';
import type { IClustersApi } from '../api';

/** What the past needs of the present. */
interface IPresent {
  readonly api: Pick<IClustersApi, 'past' | 'deletePast'>;
  readonly stateChanged: ISignal<
    unknown,
    { before: ICluster | null; after: ICluster | null }
  >;
  refresh(): Promise<void>;
}

export class PastModel implements IDisposable {
  constructor(present: IPresent) {
    this._present = present;
    present.stateChanged.connect(this._onChanged, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The latest first; null until they were asked for. */
  get clusters(): readonly IPastCluster[] | null {
    return this._clusters;
  }

  /** Why the list is old or missing, or why one could not be deleted. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Whether somebody sees the list. */
  get isOpen(): boolean {
    return this._isOpen;
  }

  set isOpen(value: boolean) {
    if (value === this._isOpen) {
      return;
    }
    this._isOpen = value;
    this._changed.emit();
    if (value) {
      void this.refresh();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The past cluster of that id, if it is known. */
  cluster(id: string): IPastCluster | undefined {
    return this._clusters?.find(cluster => cluster.id === id);
  }

  /** Whether it is being deleted. */
  isBusy(id: string): boolean {
    return this._busy.has(id);
  }

  /** Ask for the list; settles in any case. */
  async refresh(): Promise<void> {
    const count = ++this._count;
    let clusters = this._clusters;
    let error: ApiError | null = null;
    try {
      const list = await this._present.api.past();
      clusters = share(clusters ?? [], list.clusters);
    } catch (reason) {
      error = ApiError.from(reason);
    }
    if (count === this._count) {
      this._clusters = clusters;
      this._error = error;
      this._emit();
    }
  }

  /** Delete the folder of a past or a damaged cluster. @throws ApiError */
  async delete(id: string): Promise<void> {
    this._busy.add(id);
    this._emit();
    try {
      await this._present.api.deletePast(id);
    } catch (reason) {
      const error = ApiError.from(reason);
      if (error.code !== 'not_found') {
        throw error;
      }
    } finally {
      this._busy.delete(id);
      this._emit();
    }
    this._clusters = this._clusters?.filter(each => each.id !== id) ?? null;
    this._emit();
    if (this._isOpen) {
      void this.refresh();
    }
    void this._present.refresh();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._present.stateChanged.disconnect(this._onChanged, this);
    Signal.clearData(this);
  }

  private _onChanged(_: unknown, { after }: { after: ICluster | null }): void {
    if (this._isOpen && (after === null || after.state === 'stopped')) {
      void this.refresh();
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _present: IPresent;
  private _clusters: readonly IPastCluster[] | null = null;
  private _error: ApiError | null = null;
  private _isOpen = false;
  private _busy = new Set<string>();
  /** Counts requests; only the last one's answer counts. */
  private _count = 0;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
