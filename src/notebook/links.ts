/** The open notebooks with their links, and what keeps these up to date. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream, IChange } from '../common/events';
import type { IConnectedNotebook } from '../common/connected';
import type { IClusterManager } from '../tokens';
import { KernelWatch } from './kernelwatch';
import { NotebookLink } from './link';

/** While a cluster changes from moment to moment. */
const REFRESH_MS = 3_000;

export class NotebookLinks implements IDisposable {
  constructor(options: {
    clusters: IClusterManager;
    /** The companion's events; owned by the caller. */
    changes: Pick<ChangeStream, 'changed'>;
  }) {
    this._clusters = options.clusters;
    this._changes = options.changes;
    this._changes.changed.connect(this._onEvent, this);
  }

  /** Emitted with the notebook whose link is another one. */
  get changed(): ISignal<this, NotebookPanel> {
    return this._changed;
  }

  /** Those that are open. */
  get panels(): readonly NotebookPanel[] {
    return [...this._links.keys()];
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The link of a notebook, which lives as long as its panel. */
  of(panel: NotebookPanel): NotebookLink {
    const known = this._links.get(panel);
    if (known) {
      return known;
    }
    const link = new NotebookLink({
      watch: () => new KernelWatch(panel.sessionContext),
      clusters: this._clusters
    });
    this._links.set(panel, link);
    // To know a kernel's scheduler as a cluster; asked for by the first notebook alone.
    this._glance ??= this._clusters.glance();
    link.changed.connect(() => this._onChanged(panel, link));
    panel.disposed.connect(() => this._drop(panel));
    return link;
  }

  /** The notebooks whose kernels have clients of a cluster. */
  connectedTo(cluster: string): IConnectedNotebook[] {
    return [...this._links]
      .map(([panel, link]) => ({
        path: panel.context.path,
        clients: link.clientsOf(cluster)
      }))
      .filter(({ clients }) => clients.length > 0);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._changes.changed.disconnect(this._onEvent, this);
    this._throttler.dispose();
    this.panels.forEach(panel => this._drop(panel));
    Signal.clearData(this);
  }

  private _drop(panel: NotebookPanel): void {
    this._links.get(panel)?.dispose();
    this._links.delete(panel);
    if (this._links.size === 0) {
      this._glance?.dispose();
      this._glance = null;
    }
  }

  private _onChanged(panel: NotebookPanel, link: NotebookLink): void {
    if (link.state.kind === 'other') {
      // It may be a cluster that was made a moment ago.
      const scheduler = link.answer?.clients.slice(-1)[0]?.scheduler ?? '';
      if (!this._asked.has(scheduler)) {
        this._asked.add(scheduler);
        void this._clusters.refresh();
      }
    }
    this._changed.emit(panel);
  }

  private _onEvent(_: unknown, { kind, id }: IChange): void {
    const isOurs =
      kind === 'cluster' &&
      [...this._links.values()].some(link => link.clientsOf(id).length > 0);
    if (isOurs) {
      void this._throttler.invoke();
    }
  }

  private _clusters: IClusterManager;
  private _changes: Pick<ChangeStream, 'changed'>;
  private _links = new Map<NotebookPanel, NotebookLink>();
  private _glance: IDisposable | null = null;
  /** Schedulers for whose sake the clusters were asked for again. */
  private _asked = new Set<string>();
  private _throttler = new Throttler(() => this._clusters.refresh(), {
    limit: REFRESH_MS,
    edge: 'trailing'
  });
  private _isDisposed = false;
  private _changed = new Signal<this, NotebookPanel>(this);
}
