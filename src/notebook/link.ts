/** One notebook and the cluster that its kernel is connected to. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ICluster } from '../common/types';
import type { IClusterManager } from '../tokens';
import type { KernelWatch } from './kernelwatch';
import type { IKernelAnswer, IKernelClient } from './question';

/** A cluster that was there, by what is kept of it. */
export interface IKnownCluster {
  readonly id: string;
  readonly name: string;
}

/** What a notebook is connected to. */
export type LinkState =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'connected';
      readonly cluster: ICluster;
      /** The scheduler does not answer the client just now. */
      readonly isReconnecting: boolean;
    }
  /** The cluster is gone, and the kernel's client has nobody to talk to. */
  | { readonly kind: 'ended'; readonly cluster: IKnownCluster }
  /** A scheduler that the companion does not know: a LocalCluster, or somebody else's. */
  | { readonly kind: 'other' };

const NONE: LinkState = { kind: 'none' };

/** Whether it can be worked with, now or soon. */
export function isAlive(cluster: ICluster): boolean {
  return cluster.state === 'starting' || cluster.state === 'running';
}

/** What is asked of the kernel. */
export type ILinkWatch = Pick<
  KernelWatch,
  | 'answer'
  | 'isCurrent'
  | 'isPython'
  | 'kernel'
  | 'changed'
  | 'ask'
  | 'close'
  | 'dispose'
>;

export class NotebookLink implements IDisposable {
  constructor(options: {
    /** Makes what asks the kernel; disposed with the link. */
    watch: () => ILinkWatch;
    clusters: IClusterManager;
  }) {
    this.watch = options.watch();
    this._clusters = options.clusters;
    this.watch.changed.connect(this._update, this);
    this._clusters.changed.connect(this._update, this);
    this._update();
  }

  readonly watch: ILinkWatch;

  /** Of the client that Dask takes by itself. */
  get state(): LinkState {
    return this._state;
  }

  /**
   * Whether `state` can be relied on. Who was connected, and computes, mostly still is; who was not may
   * have made a client since.
   */
  get isKnown(): boolean {
    const { kind } = this._state;
    return kind === 'connected' || kind === 'other' || this.watch.isCurrent;
  }

  /** Clusters that are gone, and that any of the kernel's clients was connected to. */
  get ended(): readonly IKnownCluster[] {
    return this._ended;
  }

  /** Emitted when `state`, `ended` or the versions that the kernel told are others. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What the kernel said of itself last. */
  get answer(): IKernelAnswer | null {
    return this.watch.answer;
  }

  /** Ids of the kernel's clients of a cluster, by which its scheduler knows them. */
  clientsOf(cluster: string): string[] {
    return (this.answer?.clients ?? [])
      .filter(({ scheduler }) => this._knownBy(scheduler)?.id === cluster)
      .map(({ id }) => id);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._clusters.changed.disconnect(this._update, this);
    this.watch.dispose();
    Signal.clearData(this);
  }

  private _update(): void {
    const [before, endedBefore] = [this._state, this._ended];
    const states = (this.answer?.clients ?? []).map(each =>
      this._stateOf(each)
    );
    this._state = states[states.length - 1] ?? NONE;
    const ended = states.flatMap(state =>
      state.kind === 'ended' ? [state.cluster] : []
    );
    this._ended = ended.filter(
      ({ id }, index) => ended.findIndex(each => each.id === id) === index
    );
    const ids = (clusters: readonly IKnownCluster[]): string =>
      clusters.map(({ id }) => id).join();
    const versions = JSON.stringify(this.answer?.packages);
    const isAsBefore =
      isSame(before, this._state) &&
      ids(endedBefore) === ids(this._ended) &&
      versions === this._versions;
    this._versions = versions;
    if (!isAsBefore) {
      this._changed.emit();
    }
  }

  private _knownBy(scheduler: string | null): IOnceSeen | undefined {
    return scheduler === null ? undefined : this._known.get(scheduler);
  }

  private _stateOf(client: IKernelClient): LinkState {
    if (client.scheduler === null) {
      // Not there yet, or no longer.
      return NONE;
    }
    const { clusters } = this._clusters;
    const cluster = clusters.find(
      ({ scheduler }) => scheduler.id === client.scheduler
    );
    if (cluster) {
      const { id, name, scheduler } = cluster;
      const known = { id, name, isOurs: scheduler.mode !== 'attached' };
      this._known.set(client.scheduler, known);
      if (isAlive(cluster)) {
        const isReconnecting = client.status === 'connecting';
        return { kind: 'connected', cluster, isReconnecting };
      }
      return { kind: 'ended', cluster: known };
    }
    const known = this._knownBy(client.scheduler);
    // Schedulers of others leave the list and go on.
    return known?.isOurs
      ? { kind: 'ended', cluster: known }
      : { kind: 'other' };
  }

  private _clusters: IClusterManager;
  private _state: LinkState = NONE;
  private _ended: readonly IKnownCluster[] = [];
  /** The clusters that its clients were seen to be connected to, by Dask's id of the scheduler. */
  private _known = new Map<string, IOnceSeen>();
  private _versions: string | undefined;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

interface IOnceSeen extends IKnownCluster {
  /** Not a scheduler of others, which leaves the list and goes on. */
  readonly isOurs: boolean;
}

function isSame(one: LinkState, other: LinkState): boolean {
  if (one.kind === 'connected' && other.kind === 'connected') {
    return (
      one.cluster === other.cluster &&
      one.isReconnecting === other.isReconnecting
    );
  }
  if (one.kind === 'ended' && other.kind === 'ended') {
    return one.cluster.id === other.cluster.id;
  }
  return one.kind === other.kind;
}
