/** Notebooks that are to be connected to clusters which are not up yet: of each the newest wish. */
import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { KernelMessage } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream, IChange } from '../common/events';
import { tell } from '../common/notice';
import { stopped } from '../common/sentences';
import type { ICluster } from '../common/types';
import type { IClusterManager } from '../tokens';
import type { NotebookLinks } from './links';

/** Who has waited longer does something else by now: no code is run unasked any more. */
const PATIENCE_MS = 2 * 60_000;
/** While a cluster changes from moment to moment. */
const REFRESH_MS = 3_000;

interface IWish {
  readonly cluster: string;
  /** The cluster's; its id where the clusters are not known yet. */
  readonly name: string;
  /** Whether the code is run, and not only inserted. */
  readonly run: boolean;
  readonly since_ms: number;
  /** Id of the notification that tells of it, or offers it. */
  notice: string;
  /** The cluster came late, and it is asked whether the wish still holds. */
  isOffered: boolean;
  /** The clusters are asked for, as theirs was not among them. */
  isSought: boolean;
  /** So many clusters are being made to take its place. */
  holds: number;
  /** Cells were edited or run meanwhile. */
  isUsed: boolean;
  /** Stop following the notebook. */
  leave: () => void;
}

export class Wishes implements IDisposable {
  constructor(options: Wishes.IOptions) {
    this._options = options;
    options.clusters.changed.connect(this._look, this);
    // Not by watching the clusters: the page would ask every few seconds for as long as the queue lets wait.
    options.changes.changed.connect(this._onEvent, this);
    options.links.changed.connect(this._onLink, this);
  }

  /** Emitted when another notebook waits, or one no longer does. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Name of the cluster that a notebook waits for; null where it waits for none. */
  of(panel: NotebookPanel): string | null {
    const wish = this._wishes.get(panel);
    return wish && !wish.isOffered ? wish.name : null;
  }

  /** Connect the notebook when the cluster is up, in the place of what was wished for it before. */
  add(panel: NotebookPanel, cluster: string, run: boolean): void {
    this.drop(panel);
    const { clusters, trans } = this._options;
    const now = clusters.clusters.find(({ id }) => id === cluster);
    const name = now?.name ?? cluster;
    const notice = tell(
      trans.__(
        '%1 will be connected to %2 as soon as that runs.',
        PathExt.basename(panel.context.path),
        name
      ),
      'info',
      {
        autoClose: false,
        actions: [
          { label: trans.__('Cancel'), callback: () => this._cancel(wish) }
        ]
      }
    );
    const use = onUse(panel, () => {
      wish.isUsed = true;
    });
    const end = (): void => this.drop(panel);
    panel.disposed.connect(end);
    const wish: IWish = {
      cluster,
      name,
      run,
      since_ms: Date.now(),
      notice,
      isOffered: false,
      isSought: now === undefined,
      holds: 0,
      isUsed: false,
      leave: () => {
        use.dispose();
        panel.disposed.disconnect(end);
      }
    };
    this._wishes.set(panel, wish);
    this._changed.emit();
    void clusters.refresh().then(() => {
      if (wish.isSought) {
        wish.isSought = false;
        this._look();
      }
    });
    this._look();
  }

  /** Let the wishes of notebooks rest, to be gone on with when the returned object is disposed. */
  hold(panels: readonly NotebookPanel[]): IDisposable {
    const wishes = panels.flatMap(panel => this._wishes.get(panel) ?? []);
    wishes.forEach(wish => (wish.holds += 1));
    return new DisposableDelegate(() => {
      wishes.forEach(wish => (wish.holds -= 1));
      this._look();
    });
  }

  /** Nothing is wished for the notebook any more. */
  drop(panel: NotebookPanel): void {
    const wish = this._wishes.get(panel);
    if (wish) {
      wish.leave();
      this._wishes.delete(panel);
      Notification.dismiss(wish.notice);
      this._changed.emit();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    [...this._wishes.keys()].forEach(panel => this.drop(panel));
    this._options.clusters.changed.disconnect(this._look, this);
    this._options.changes.changed.disconnect(this._onEvent, this);
    this._options.links.changed.disconnect(this._onLink, this);
    this._throttler.dispose();
    Signal.clearData(this);
  }

  /** By its notification, which may be an earlier wish's that is just going. */
  private _cancel(wish: IWish): void {
    for (const [panel, now] of this._wishes) {
      if (now === wish) {
        this.drop(panel);
      }
    }
  }

  private _look(): void {
    const { clusters } = this._options;
    if (!clusters.isReady) {
      return;
    }
    for (const [panel, wish] of [...this._wishes]) {
      const now = clusters.clusters.find(({ id }) => id === wish.cluster);
      if (wish.isOffered) {
        if (now?.state !== 'running') {
          this.drop(panel);
        }
        continue;
      }
      const isOpen =
        now === undefined
          ? wish.isSought
          : // Why it stops, is known at its end.
            now.state === 'starting' || now.state === 'stopping';
      if (isOpen || wish.holds > 0) {
        continue;
      }
      if (now?.state === 'running') {
        this._fulfil(panel, wish, now);
      } else {
        this.drop(panel);
        this._tellEnd(panel, wish, now);
      }
    }
  }

  private _fulfil(panel: NotebookPanel, wish: IWish, cluster: ICluster): void {
    const { put } = this._options;
    const isLate = Date.now() - wish.since_ms > PATIENCE_MS;
    if (this._isConnected(panel, cluster.id)) {
      this.drop(panel);
    } else if (wish.isUsed || isLate) {
      this._offer(panel, wish, cluster);
    } else {
      this.drop(panel);
      put(panel, cluster, wish.run);
    }
  }

  private _isConnected(panel: NotebookPanel, cluster: string): boolean {
    const { state } = this._options.links.of(panel);
    return state.kind === 'connected' && state.cluster.id === cluster;
  }

  /** An offer is of no use once the notebook is connected in another way. */
  private _onLink(_: unknown, panel: NotebookPanel): void {
    const wish = this._wishes.get(panel);
    if (wish?.isOffered && this._isConnected(panel, wish.cluster)) {
      this.drop(panel);
    }
  }

  private _offer(panel: NotebookPanel, wish: IWish, cluster: ICluster): void {
    const { connect, trans } = this._options;
    const path = PathExt.basename(panel.context.path);
    Notification.dismiss(wish.notice);
    wish.isOffered = true;
    wish.notice = tell(
      trans.__('The cluster %1 runs now. Connect %2?', cluster.name, path),
      'info',
      {
        autoClose: false,
        actions: [
          {
            label: trans.__('Connect'),
            displayType: 'accent',
            callback: () =>
              panel.isDisposed || connect(panel, cluster.id, wish.run)
          },
          { label: trans.__('Not now'), callback: () => this._cancel(wish) }
        ]
      }
    );
    this._changed.emit();
  }

  private _tellEnd(
    panel: NotebookPanel,
    wish: IWish,
    cluster: ICluster | undefined
  ): void {
    const { show, trans } = this._options;
    const path = PathExt.basename(panel.context.path);
    if (cluster?.state !== 'failed') {
      tell(
        trans.__(
          '%1 was not connected: the cluster %2 has ended.',
          path,
          wish.name
        ),
        'warning',
        { autoClose: false }
      );
      return;
    }
    const { diagnosis, id, name } = cluster;
    tell(
      diagnosis
        ? stopped(
            trans.__(
              '%1 was not connected: the cluster %2 has failed: %3',
              path,
              name,
              diagnosis.message
            )
          )
        : trans.__(
            '%1 was not connected: the cluster %2 has failed.',
            path,
            name
          ),
      'warning',
      {
        autoClose: false,
        actions: [{ label: trans.__('Show cluster'), callback: () => show(id) }]
      }
    );
  }

  private _onEvent(_: unknown, { id, kind }: IChange): void {
    const isWished =
      kind === 'cluster' &&
      [...this._wishes.values()].some(({ cluster }) => cluster === id);
    if (isWished) {
      void this._throttler.invoke();
    }
  }

  private _options: Wishes.IOptions;
  private _wishes = new Map<NotebookPanel, IWish>();
  private _throttler = new Throttler(() => this._options.clusters.refresh(), {
    limit: REFRESH_MS,
    edge: 'trailing'
  });
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

/** Act when cells are edited or run, until the returned object is disposed. */
function onUse(
  { model, sessionContext }: NotebookPanel,
  act: () => void
): IDisposable {
  let isMetadata = false;
  // Lab emits it just before the other one: a kernel that starts writes there, and so do we.
  const onMetadata = (): void => {
    isMetadata = true;
  };
  const onContent = (): void => {
    if (!isMetadata) {
      act();
    }
    isMetadata = false;
  };
  const onMessage = (_: unknown, message: KernelMessage.IMessage): void => {
    if (message.header.msg_type === 'execute_input') {
      act();
    }
  };
  model?.metadataChanged.connect(onMetadata);
  model?.contentChanged.connect(onContent);
  sessionContext.iopubMessage.connect(onMessage);
  return new DisposableDelegate(() => {
    model?.metadataChanged.disconnect(onMetadata);
    model?.contentChanged.disconnect(onContent);
    sessionContext.iopubMessage.disconnect(onMessage);
  });
}

export namespace Wishes {
  export interface IOptions {
    /** The companion's events; owned by the caller. */
    changes: Pick<ChangeStream, 'changed'>;
    clusters: IClusterManager;
    links: NotebookLinks;
    trans: TranslationBundle;
    /** Connect a notebook to a cluster that runs, as was asked before. */
    put: (panel: NotebookPanel, cluster: ICluster, run: boolean) => void;
    /** Connect it as is asked now. */
    connect: (panel: NotebookPanel, cluster: string, run: boolean) => void;
    /** Show a cluster's card. */
    show: (cluster: string) => void;
  }
}
