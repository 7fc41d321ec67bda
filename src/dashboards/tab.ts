/** A tab that shows one page of a cluster's dashboard, or says why it can't. */
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { IFrame } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import { ApiError } from '../common/request';
import type { ICluster } from '../common/types';
import type { IClusterManager } from '../tokens';
import type { IDashboardsApi } from './api';
import { dashboardIcon } from './icons';

/** The widget id of a tab: one per cluster and plot. */
export function tabId(cluster: string, plot: string): string {
  return `jp-rsdat-dashboard-${cluster}-${plot.replace(/\W+/g, '-')}`;
}

export class DashboardTab extends MainAreaWidget<Panel> {
  constructor(options: DashboardTab.IOptions) {
    super({ content: new Panel() });
    this._options = options;
    this.id = tabId(options.cluster, options.plot);
    this.addClass('jp-rsdat-Dashboard');
    this.title.label = options.plot;
    this.title.icon = dashboardIcon;
    this.title.caption = options.cluster;

    this._message = new Widget();
    this._message.addClass('jp-rsdat-Dashboard-message');
    this._message.node.setAttribute('role', 'status');
    // Without allow-same-origin every script of the page is asked for without the login.
    this._frame = new IFrame({
      sandbox: ['allow-scripts', 'allow-same-origin']
    });
    this._frame.addClass('jp-rsdat-Dashboard-frame');
    this._frame.node
      .querySelector('iframe')
      ?.setAttribute('title', options.plot);
    this._frame.hide();
    this.content.addWidget(this._message);
    this.content.addWidget(this._frame);
    options.clusters.changed.connect(this._onClusters, this);
    this._say(options.trans.__('Looking for the dashboard…'));
    this._rename();
  }

  get cluster(): string {
    return this._options.cluster;
  }

  get plot(): string {
    return this._options.plot;
  }

  get page(): string {
    return this._options.page;
  }

  /** Whether the page is shown, not a message. */
  get isLive(): boolean {
    return this._isLive;
  }

  /** Look whether the dashboard answers, and show it or say why not. */
  async check(): Promise<void> {
    const { api, cluster, page, clusters, trans } = this._options;
    if (this._isChecking || this._isLive) {
      return;
    }
    this._isChecking = true;
    try {
      // Not the page itself: asking for that makes a session in the scheduler.
      await api.plots(cluster);
      if (!this.isDisposed) {
        this._frame.url = api.url(cluster, page);
        this._setLive(true);
      }
    } catch (reason) {
      if (!this.isDisposed) {
        const error = ApiError.from(reason);
        const isGone =
          error.code === 'not_found' ||
          (clusters.isReady && !isUp(this._find()));
        this._say(
          isGone ? this._goneWords() : error.text,
          isGone ? null : trans.__('Try again')
        );
      }
    } finally {
      this._isChecking = false;
    }
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.clusters.changed.disconnect(this._onClusters, this);
    this._watch?.dispose();
    this._watch = null;
    super.dispose();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      this._onSeen();
    }
  }

  protected onBeforeDetach(msg: Message): void {
    this._watch?.dispose();
    this._watch = null;
    super.onBeforeDetach(msg);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._onSeen();
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._watchIfNeeded();
  }

  private _onSeen(): void {
    this._watchIfNeeded();
    void this.check();
  }

  private _onClusters(): void {
    const { clusters } = this._options;
    if (!clusters.isReady) {
      return;
    }
    this._rename();
    const isThere = isUp(this._find());
    if (this._isLive && !isThere) {
      this._frame.url = 'about:blank';
      this._setLive(false);
      this._say(this._goneWords());
    } else if (!this._isLive && isThere && this.isVisible) {
      void this.check();
    } else if (!this._isLive && !this._isChecking) {
      this._say(this._goneWords());
    }
  }

  private _find(): ICluster | undefined {
    const { clusters, cluster } = this._options;
    return clusters.clusters.find(({ id }) => id === cluster);
  }

  private _rename(): void {
    this.title.caption = this._find()?.name ?? this.title.caption;
  }

  private _goneWords(): string {
    const { trans } = this._options;
    const found = this._find();
    switch (found?.state) {
      case 'starting':
        return trans.__(
          '%1 is starting. Its dashboard appears here as soon as its scheduler runs.',
          found.name
        );
      case 'stopping':
      case 'stopped':
        return trans.__(
          '%1 was shut down. Close this tab, or open the plot of another cluster.',
          found.name
        );
      case 'failed':
        return trans.__(
          '%1 has failed; its card in the Clusters panel says why.',
          found.name
        );
      default:
        return trans.__(
          'The cluster of this dashboard is gone. Close this tab, or open the plot of another cluster.'
        );
    }
  }

  private _setLive(isLive: boolean): void {
    this._isLive = isLive;
    this._frame.setHidden(!isLive);
    this._message.setHidden(isLive);
  }

  private _say(words: string, again: string | null = null): void {
    const text = document.createElement('p');
    text.textContent = words;
    this._message.node.replaceChildren(text);
    if (again !== null) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'jp-rsdat-Button';
      button.textContent = again;
      button.addEventListener('click', () => void this.check());
      this._message.node.append(button);
    }
  }

  /** A tab that is seen keeps the clusters fresh: its own may come or go. */
  private _watchIfNeeded(): void {
    const isNeeded = !this.isDisposed && this.isVisible;
    if (isNeeded && !this._watch) {
      this._watch = this._options.clusters.watch();
    } else if (!isNeeded) {
      this._watch?.dispose();
      this._watch = null;
    }
  }

  private _options: DashboardTab.IOptions;
  private _message: Widget;
  private _frame: IFrame;
  private _isLive = false;
  private _isChecking = false;
  private _watch: IDisposable | null = null;
}

function isUp(cluster: ICluster | undefined): boolean {
  return (
    cluster !== undefined &&
    (cluster.state === 'starting' || cluster.state === 'running') &&
    cluster.scheduler.dashboard !== null
  );
}

export namespace DashboardTab {
  export interface IOptions {
    api: IDashboardsApi;
    clusters: IClusterManager;
    /** Id of the cluster. */
    cluster: string;
    /** The plot's name, which is the tab's title. */
    plot: string;
    /** Path of the page below the dashboard. */
    page: string;
    trans: TranslationBundle;
  }
}
