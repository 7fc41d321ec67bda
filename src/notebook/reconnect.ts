/** Offers a notebook that remembers its cluster to connect again, once for each time it is opened. */
import type { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell } from '../common/notice';
import { stopped } from '../common/sentences';
import type { IPastCluster } from '../common/types';
import type { IClusterManager } from '../tokens';
import type { INotebookApi } from './api';
import { isAlive, type IKnownCluster } from './link';
import type { NotebookLinks } from './links';
import { forget, remembered } from './memory';
import { dismissWith } from './offers';
import type { NotebookSettings } from './settings';

export class Reconnecting {
  constructor(options: Reconnecting.IOptions) {
    this._options = options;
    options.clusters.changed.connect(this._onClusters, this);
  }

  /**
   * Offer it unless the kernel is connected already.
   *
   * A notebook is looked at when it is seen first: of many that are restored with the layout the
   * others wait. Where the clusters are not known yet, it is offered when they are. Settles in any
   * case.
   */
  async offer(panel: NotebookPanel): Promise<void> {
    if (this._seen.has(panel)) {
      return;
    }
    this._seen.add(panel);
    if (!(await this._look(panel)) && !panel.isDisposed) {
      this._seen.delete(panel);
      this._owed.add(panel);
    }
  }

  /** False: it can't be known yet. */
  private async _look(panel: NotebookPanel): Promise<boolean> {
    const { clusters, links, settings } = this._options;
    await Promise.all([panel.context.ready, panel.sessionContext.ready]);
    const cluster = panel.model && remembered(panel.model);
    if (!cluster || settings.remember === 'off') {
      return true;
    }
    const link = links.of(panel);
    await Promise.all([
      clusters.isReady ? null : clusters.refresh(),
      link.watch.ask()
    ]);
    if (panel.isDisposed || link.state.kind !== 'none') {
      return true;
    }
    if (!clusters.isReady) {
      return false;
    }
    const now = clusters.clusters.find(({ id }) => id === cluster.id);
    const id =
      now && isAlive(now)
        ? this._offer(panel, now)
        : await this._tellGone(panel, cluster);
    // It is of no use once the notebook is connected in another way.
    dismissWith({
      links,
      panel,
      id,
      isPointless: ({ kind }) => kind === 'connected'
    });
    return true;
  }

  private _onClusters(): void {
    if (this._options.clusters.isReady) {
      const owed = [...this._owed];
      this._owed.clear();
      owed
        .filter(panel => !panel.isDisposed)
        .forEach(panel => void this.offer(panel));
    }
  }

  private _offer(panel: NotebookPanel, cluster: IKnownCluster): string {
    const { connect, trans } = this._options;
    const words = trans.__(
      '%1 worked with the cluster %2. Connect again?',
      PathExt.basename(panel.context.path),
      cluster.name
    );
    return tell(words, 'info', {
      autoClose: false,
      actions: [
        {
          label: trans.__('Connect'),
          displayType: 'accent',
          callback: () => connect(panel, cluster.id)
        },
        { label: trans.__('Not now'), callback: () => undefined },
        this._forgetting(panel)
      ]
    });
  }

  private async _tellGone(
    panel: NotebookPanel,
    cluster: IKnownCluster
  ): Promise<string> {
    const { api, choose, clusters, startAgain, trans } = this._options;
    const past = await api
      .past()
      .then(({ clusters }) => clusters.find(({ id }) => id === cluster.id))
      .catch(() => undefined);
    const actions: Notification.IAction[] = [];
    if (past) {
      actions.push({
        label: trans.__('Start again'),
        displayType: 'accent',
        callback: () => startAgain(cluster.id, [panel])
      });
    }
    if (clusters.clusters.some(isAlive)) {
      actions.push({
        label: trans.__('Choose another'),
        callback: () => choose(panel)
      });
    }
    return tell(this._goneWords(panel, cluster, past), 'info', {
      autoClose: false,
      actions: [...actions, this._forgetting(panel)]
    });
  }

  private _goneWords(
    panel: NotebookPanel,
    { name }: IKnownCluster,
    past: IPastCluster | undefined
  ): string {
    const { trans } = this._options;
    const path = PathExt.basename(panel.context.path);
    return past
      ? stopped(
          trans.__(
            '%1 worked with the cluster %2, which has ended: %3',
            path,
            name,
            past.end.message
          )
        )
      : trans.__('%1 worked with the cluster %2, which is gone.', path, name);
  }

  private _forgetting(panel: NotebookPanel): Notification.IAction {
    return {
      label: this._options.trans.__('Forget'),
      callback: () => panel.model && forget(panel.model)
    };
  }

  private _options: Reconnecting.IOptions;
  private _seen = new WeakSet<NotebookPanel>();
  /** Seen while the clusters could not be asked for. */
  private _owed = new Set<NotebookPanel>();
}

export namespace Reconnecting {
  export interface IOptions {
    api: Pick<INotebookApi, 'past'>;
    clusters: IClusterManager;
    links: NotebookLinks;
    settings: NotebookSettings;
    trans: TranslationBundle;
    connect: (panel: NotebookPanel, cluster: string) => void;
    /** Ask for such a cluster again, and connect the notebooks. */
    startAgain: (cluster: string, panels: readonly NotebookPanel[]) => void;
    /** Let the user choose among the clusters there are. */
    choose: (panel: NotebookPanel) => void;
  }
}
