/**
 * The user's clusters as the companion last told them.
 *
 * State lives here and not in React: Lab unmounts a component when its panel is hidden or moved.
 */
import type { IStateDB } from '@jupyterlab/statedb';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream } from '../common/events';
import { ApiError } from '../common/request';
import { share } from '../common/share';
import type {
  ICluster,
  IClusterChange,
  IClusterRequest,
  IDamagedCluster,
  IDiagnosis,
  IGroupRequest,
  IJobAction
} from '../common/types';
import type { IClusterManager } from '../tokens';
import type { IClustersApi } from './api';
import { Follower } from './follower';
import { PastModel } from './past/model';
import { isAlive, isUnsettled } from './status';

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
export type Activity = 'change' | 'job' | 'shutdown';

export class ClusterModel implements IClusterManager, IDisposable {
  constructor(options: ClusterModel.IOptions) {
    this.api = options.api;
    this._state = options.state ?? null;
    this._follower = new Follower({
      name: 'jupyterlab-rsdat:clusters',
      load: () => this._load(),
      changes: options.changes
    });
    this._restored = this._restore();
    this.past = new PastModel(this);
  }

  /** The routes, for what has no state here: previews, logs. */
  readonly api: IClustersApi;

  /** Clusters that have stopped. */
  readonly past: PastModel;

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

  /** Clusters whose record can't be read. */
  get damaged(): readonly IDamagedCluster[] {
    return this._damaged;
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
    return this._follower.watch();
  }

  /** Keep the clusters roughly known, at next to no cost, until the returned object is disposed. */
  glance(): IDisposable {
    return this._follower.glance();
  }

  /** Events of changes did not arrive. */
  noteMissed(): void {
    this._follower.note();
  }

  /** How often to ask while the clusters are watched and nothing is on its way, in milliseconds. */
  set calm_ms(calm_ms: number) {
    this._follower.calm_ms = calm_ms;
  }

  /** Read again; settles in any case. A failure keeps the old clusters and is in `error`. */
  refresh(): Promise<void> {
    return this._follower.fetch().catch(() => undefined);
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

  /** Scale, adapt, rename, keep, or another of the changes of the contract. @throws ApiError */
  change(id: string, change: IClusterChange): Promise<ICluster> {
    return this._act(id, 'change', () => this.api.change(id, change));
  }

  /** Cancel, hold or release one job. @throws ApiError */
  actOnJob(id: string, job: string, action: IJobAction): Promise<ICluster> {
    return this._act(id, 'job', () => this.api.actOnJob(id, job, action));
  }

  /** Add workers of another kind. @throws ApiError */
  addGroup(id: string, request: IGroupRequest): Promise<ICluster> {
    return this._act(id, 'change', () => this.api.addGroup(id, request));
  }

  /** Let the workers of a group go and forget it. @throws ApiError */
  removeGroup(id: string, group: string): Promise<ICluster> {
    return this._act(id, 'change', () => this.api.removeGroup(id, group));
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
    this._follower.dispose();
    this.past.dispose();
    Signal.clearData(this);
  }

  /** Whether the list is older than what is shown already, and must be asked again. */
  private async _load(): Promise<boolean> {
    const edits = this._edits;
    try {
      const list = await this.api.list();
      if (edits !== this._edits) {
        // The list was made before the answer to a change that we already show.
        return true;
      }
      this._error = null;
      this._queueProblem = list.queue_problem;
      this._queueSeen = list.queue_seen;
      this._damaged = share(this._damaged, list.damaged);
      this._apply(list.clusters);
      return false;
    } catch (reason) {
      this._error = ApiError.from(reason);
      this._emit();
      throw this._error;
    }
  }

  private _apply(clusters: ICluster[]): void {
    this._replace(this._withoutNew(clusters));
    this._isReady = true;
    this._emit();
  }

  /** While a new cluster's answer is under way its draft stands for it: not two cards for one. */
  private _withoutNew(clusters: ICluster[]): ICluster[] {
    const drafts = this._drafts.filter(draft => draft.error === null);
    if (drafts.length === 0) {
      return clusters;
    }
    if (this._isReady) {
      return clusters.filter(cluster => this.cluster(cluster.id));
    }
    // None is known yet: taken for new are the latest of those that start.
    const latest = clusters
      .filter(cluster => cluster.state === 'starting')
      .sort((one, other) => other.created.localeCompare(one.created))
      .slice(0, drafts.length);
    return clusters.filter(cluster => !latest.includes(cluster));
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
    // What did not change is the same object as before: its card is not drawn anew.
    clusters = share(before, clusters);
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
    this._follower.pace(clusters.some(isUnsettled));
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
      if (this.cluster(id)) {
        this._put(cluster);
      } else {
        // A list that came meanwhile is without it: the answer is older than its end.
        this._emit();
      }
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

  private _state: IStateDB | null;
  private _follower: Follower;
  private _restored: Promise<void>;
  private _clusters: readonly ICluster[] = [];
  private _damaged: readonly IDamagedCluster[] = [];
  private _drafts: readonly IDraft[] = [];
  private _draftCount = 0;
  private _activities = new Map<string, Activity>();
  private _chosen: string | null = null;
  private _error: ApiError | null = null;
  private _queueProblem: IDiagnosis | null = null;
  private _queueSeen: string | null = null;
  private _isReady = false;
  /** Counts answers to changes; a list begun before the last one is too old. */
  private _edits = 0;
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
