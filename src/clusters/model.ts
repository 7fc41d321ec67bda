/**
 * The user's clusters as the companion last told them.
 *
 * State lives here and not in React: Lab unmounts a component when its panel is hidden or moved.
 */
import type { IStateDB } from '@jupyterlab/statedb';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll, Throttler } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream, IChange } from '../common/events';
import { ApiError } from '../common/request';
import type {
  ICluster,
  IClusterChange,
  IClusterRequest,
  IDiagnosis,
  ISite
} from '../common/types';
import type { IClusterManager } from '../tokens';
import type { IClustersApi } from './api';
import { isAlive, isUnsettled } from './status';

/** How often to ask while something is on its way, and while nothing is. */
const FAST_MS = 5_000;
const CALM_MS = 30_000;
/** Longest wait between requests that fail. */
const BACKOFF_MS = 300_000;
/** Events closer together than this share one request. */
const EVENT_SPACING_MS = 250;
const STATE_KEY = 'jupyterlab-rsdat:clusters';

/** A cluster that was asked for and is not in the list yet. */
export interface IDraft {
  readonly key: string;
  /** The name asked for; null when the companion chooses it. */
  readonly name: string | null;
  /** Why it was refused; null while it is on its way. */
  readonly error: ApiError | null;
}

/** What is being done to a cluster right now. */
export type Activity = 'change' | 'shutdown';

export class ClusterModel implements IClusterManager, IDisposable {
  constructor(options: ClusterModel.IOptions) {
    this.api = options.api;
    this._changes = options.changes ?? null;
    this._state = options.state ?? null;
    this._changes?.changed.connect(this._onEvent, this);
    this._poll = new Poll({
      name: 'jupyterlab-rsdat:clusters',
      factory: () => this._fetch(),
      frequency: { interval: CALM_MS, backoff: true, max: BACKOFF_MS },
      standby: () => this._watchers === 0 || 'when-hidden'
    });
    this._restored = this._restore();
  }

  /** The routes, for what has no state here: previews, logs. */
  readonly api: IClustersApi;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when a cluster's state changed, with the cluster before (null: new) and after (null: gone). */
  get stateChanged(): ISignal<this, ClusterModel.IStateChange> {
    return this._stateChanged;
  }

  get clusters(): readonly ICluster[] {
    return this._clusters;
  }

  get drafts(): readonly IDraft[] {
    return this._drafts;
  }

  get isReady(): boolean {
    return this._isReady;
  }

  /** Why the list is old, when the last request failed. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Why the queue's part of the list is old. */
  get queueProblem(): IDiagnosis | null {
    return this._queueProblem;
  }

  /** When the queue last answered, ISO 8601. */
  get queueSeen(): string | null {
    return this._queueSeen;
  }

  /** The one chosen, as long as it is there; else the newest that is of use. */
  get selected(): string | null {
    if (this.cluster(this._chosen)) {
      return this._chosen;
    }
    const newestFirst = [...this._clusters].reverse();
    const fallback = newestFirst.find(isAlive) ?? newestFirst[0];
    return fallback?.id ?? null;
  }

  /** Settles when the selection of the last session has been read. */
  get restored(): Promise<void> {
    return this._restored;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The cluster of that id, if it is there. */
  cluster(id: string | null): ICluster | undefined {
    return this._clusters.find(cluster => cluster.id === id);
  }

  /** What is being done to the cluster. */
  activity(id: string): Activity | null {
    return this._activities.get(id) ?? null;
  }

  select(id: string | null): void {
    if (id === this._chosen) {
      return;
    }
    this._chosen = id;
    void this._state?.save(STATE_KEY, { selected: id });
    this._emit();
  }

  watch(): IDisposable {
    this._watchers += 1;
    if (this._watchers === 1) {
      void this.refresh();
    }
    return new DisposableDelegate(() => {
      this._watchers -= 1;
    });
  }

  /** Read again; settles in any case. A failure keeps the old clusters and is in `error`. */
  refresh(): Promise<void> {
    return this._fetch().catch(() => undefined);
  }

  /** The site, asked once; a failure is not kept. @throws ApiError */
  site(): Promise<ISite> {
    this._site ??= this.api.site().catch(reason => {
      this._site = null;
      throw reason;
    });
    return this._site;
  }

  /** Make a cluster and select it. A refusal stays as a draft until dismissed. @throws ApiError */
  async create(request: IClusterRequest): Promise<ICluster> {
    const key = `draft-${++this._draftCount}`;
    this._drafts = [
      ...this._drafts,
      { key, name: request.name ?? null, error: null }
    ];
    this._emit();
    try {
      const cluster = await this.api.create(request);
      this._drafts = this._drafts.filter(draft => draft.key !== key);
      this._chosen = cluster.id;
      void this._state?.save(STATE_KEY, { selected: cluster.id });
      this._put(cluster);
      return cluster;
    } catch (reason) {
      const error = ApiError.from(reason);
      this._drafts = this._drafts.map(draft =>
        draft.key === key ? { ...draft, error } : draft
      );
      this._emit();
      throw error;
    } finally {
      // Lists that came meanwhile were shown without the clusters that are new in them.
      void this.refresh();
    }
  }

  /** Take away a draft that was refused. */
  dismiss(key: string): void {
    this._drafts = this._drafts.filter(
      draft => draft.key !== key || draft.error === null
    );
    this._emit();
  }

  /** Scale, adapt or rename. @throws ApiError */
  change(id: string, change: IClusterChange): Promise<ICluster> {
    return this._act(id, 'change', () => this.api.change(id, change));
  }

  /** End a cluster; one that is gone already just leaves the list. @throws ApiError */
  async shutdown(id: string): Promise<void> {
    try {
      await this._act(id, 'shutdown', () => this.api.shutdown(id));
    } catch (reason) {
      if (ApiError.from(reason).code !== 'not_found') {
        throw reason;
      }
      this._edits += 1;
      this._replace(this._clusters.filter(cluster => cluster.id !== id));
      this._emit();
    }
    void this.refresh();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._poll.dispose();
    this._throttler.dispose();
    this._changes?.changed.disconnect(this._onEvent, this);
    Signal.clearData(this);
  }

  private _onEvent(_: ChangeStream, change: IChange): void {
    if (change.kind !== 'cluster') {
      return;
    }
    // An answer under way may be older than what changed.
    this._isOutdated = true;
    if (this._watchers > 0) {
      void this._throttler.invoke();
    }
  }

  private _fetch(): Promise<void> {
    this._pending ??= this._load().finally(() => {
      this._pending = null;
    });
    return this._pending;
  }

  private async _load(): Promise<void> {
    do {
      this._isOutdated = false;
      const edits = this._edits;
      try {
        const list = await this.api.list();
        if (edits !== this._edits) {
          // The list was made before the answer to a change that we already show.
          this._isOutdated = true;
          continue;
        }
        this._error = null;
        this._queueProblem = list.queue_problem;
        this._queueSeen = list.queue_seen;
        this._apply(list.clusters);
      } catch (reason) {
        this._error = ApiError.from(reason);
        this._emit();
        throw this._error;
      }
    } while (this._isOutdated && !this._isDisposed);
  }

  private _apply(clusters: ICluster[]): void {
    // While a new cluster's answer is under way its draft stands for it: not two cards for one.
    const isCreating = this._drafts.some(draft => draft.error === null);
    const shown = isCreating
      ? clusters.filter(cluster => this.cluster(cluster.id))
      : clusters;
    this._replace(shown);
    this._isReady = true;
    this._emit();
  }

  private _put(cluster: ICluster): void {
    this._edits += 1;
    const isKnown = this._clusters.some(({ id }) => id === cluster.id);
    this._replace(
      isKnown
        ? this._clusters.map(old => (old.id === cluster.id ? cluster : old))
        : [...this._clusters, cluster]
    );
    this._emit();
  }

  private _replace(clusters: readonly ICluster[]): void {
    const before = this._clusters;
    this._clusters = clusters;
    if (this._isReady) {
      for (const after of clusters) {
        const old = before.find(({ id }) => id === after.id) ?? null;
        if (old?.state !== after.state) {
          this._stateChanged.emit({ before: old, after });
        }
      }
      for (const old of before) {
        if (!clusters.some(({ id }) => id === old.id)) {
          this._stateChanged.emit({ before: old, after: null });
        }
      }
    }
    this._pace();
  }

  /** Ask more often while something is on its way. */
  private _pace(): void {
    const interval = this._clusters.some(isUnsettled) ? FAST_MS : CALM_MS;
    if (this._isDisposed || interval === this._poll.frequency.interval) {
      return;
    }
    this._poll.frequency = { ...this._poll.frequency, interval };
    if (interval === FAST_MS) {
      // The poll would only follow after its present, long wait.
      void this._poll.schedule({ interval, phase: 'resolved' });
    }
  }

  private async _act(
    id: string,
    activity: Activity,
    request: () => Promise<ICluster>
  ): Promise<ICluster> {
    this._activities.set(id, activity);
    this._emit();
    try {
      const cluster = await request();
      this._activities.delete(id);
      this._put(cluster);
      return cluster;
    } catch (reason) {
      this._activities.delete(id);
      this._emit();
      throw ApiError.from(reason);
    }
  }

  private async _restore(): Promise<void> {
    const saved = await this._state?.fetch(STATE_KEY).catch(() => undefined);
    const selected = (saved as { selected?: unknown } | undefined)?.selected;
    if (this._chosen === null && typeof selected === 'string') {
      this._chosen = selected;
      this._emit();
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _changes: ChangeStream | null;
  private _state: IStateDB | null;
  private _poll: Poll;
  private _throttler = new Throttler(() => this.refresh(), EVENT_SPACING_MS);
  private _restored: Promise<void>;
  private _clusters: readonly ICluster[] = [];
  private _drafts: readonly IDraft[] = [];
  private _draftCount = 0;
  private _activities = new Map<string, Activity>();
  private _chosen: string | null = null;
  private _error: ApiError | null = null;
  private _queueProblem: IDiagnosis | null = null;
  private _queueSeen: string | null = null;
  private _site: Promise<ISite> | null = null;
  private _pending: Promise<void> | null = null;
  private _isReady = false;
  /** Something changed since the request under way began. */
  private _isOutdated = false;
  /** Counts answers to changes; a list begun before the last one is too old. */
  private _edits = 0;
  private _watchers = 0;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
  private _stateChanged = new Signal<this, ClusterModel.IStateChange>(this);
}

export namespace ClusterModel {
  export interface IOptions {
    api: IClustersApi;
    /** The companion's events; owned by the caller. */
    changes?: ChangeStream;
    /** Where the selection is kept. */
    state?: IStateDB | null;
  }

  export interface IStateChange {
    before: ICluster | null;
    after: ICluster | null;
  }
}
