/** The plots that the selected cluster's dashboard offers. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../common/request';
import type { ICluster } from '../common/types';
import type { IClusterManager } from '../tokens';
import type { IDashboardsApi } from './api';
import { allPlots, type IPlot } from './plots';
import { isEnded } from './words';

/** A plot in the list, which a menu or a key may be for. */
export interface IPointed {
  readonly cluster: string;
  readonly plot: IPlot;
}

export class DashboardsModel implements IDisposable {
  constructor(options: DashboardsModel.IOptions) {
    this._api = options.api;
    this._clusters = options.clusters;
    this._clusters.changed.connect(this._onClusters, this);
  }

  /** Emitted when anything here changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The selected cluster. */
  get cluster(): ICluster | undefined {
    const { clusters, selected } = this._clusters;
    return clusters.find(cluster => cluster.id === selected);
  }

  /** Plots of the selected cluster; empty until its dashboard has been asked. */
  get plots(): readonly IPlot[] {
    return this.plotsOf(this.cluster?.id);
  }

  /** The plot that had the focus or the pointer last; null if it is not in the list (any more). */
  get pointed(): IPointed | null {
    const { cluster, plots, _pointed: pointed } = this;
    return pointed &&
      pointed.cluster === cluster?.id &&
      !isEnded(cluster) &&
      plots.includes(pointed.plot)
      ? pointed
      : null;
  }
  set pointed(value: IPointed | null) {
    this._pointed = value;
  }

  /** What the names of the plots shown have in them. */
  get filter(): string {
    return this._filter;
  }
  set filter(value: string) {
    if (value !== this._filter) {
      this._filter = value;
      this._changed.emit();
    }
  }

  /** Why the selected cluster's plots are not known. */
  get error(): ApiError | null {
    return (this.cluster && this._errors.get(this.cluster.id)) ?? null;
  }

  /** Whether someone looks; nothing is asked otherwise. */
  set isShown(value: boolean) {
    this._isShown = value;
    this._onClusters();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Plots of a cluster, as far as they are known. */
  plotsOf(cluster: string | undefined): readonly IPlot[] {
    return (cluster && this._plots.get(cluster)) || [];
  }

  /** Ask the selected cluster's dashboard, if it is up and was not asked with success. */
  async load(): Promise<void> {
    const cluster = this.cluster;
    if (
      !cluster?.scheduler.dashboard ||
      this._plots.has(cluster.id) ||
      this._asking.has(cluster.id)
    ) {
      return;
    }
    const { id } = cluster;
    this._asking.add(id);
    try {
      this._plots.set(id, allPlots(await this._api.plots(id)));
      this._errors.delete(id);
    } catch (reason) {
      this._errors.set(id, ApiError.from(reason));
    }
    this._asking.delete(id);
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._clusters.changed.disconnect(this._onClusters, this);
    Signal.clearData(this);
  }

  private _onClusters(): void {
    this._changed.emit();
    if (this._isShown) {
      void this.load();
    }
  }

  private _api: IDashboardsApi;
  private _clusters: IClusterManager;
  private _filter = '';
  private _pointed: IPointed | null = null;
  private _plots = new Map<string, readonly IPlot[]>();
  private _errors = new Map<string, ApiError>();
  private _asking = new Set<string>();
  private _isShown = false;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

export namespace DashboardsModel {
  export interface IOptions {
    api: IDashboardsApi;
    clusters: IClusterManager;
  }
}
