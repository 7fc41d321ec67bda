/** A tab that shows one page of a cluster's dashboard, or says why it can't. */
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Panel } from '@lumino/widgets';
import { ApiError } from '../common/request';
import type { ICluster } from '../common/types';
import type { IClusterManager } from '../tokens';
import type { IDashboardsApi } from './api';
import { PageFrame, type IColours, type PageWord } from './frame';
import { dashboardIcon } from './icons';
import { TabMessage } from './message';
import { goneWords, isUp, missingWords, tabCaption, tabTitle } from './words';

/** A page that nobody sees is let go after so long: its plots cost the scheduler, the network and the browser. */
export const SLEEP_MS = 30_000;
/** Waits between tries to come back, the last one again and again while the tab is seen. */
const RETRY_MS: readonly number[] = [500, 1000, 2000, 4000, 8000, 15_000];

/** The widget id of a tab: one per cluster and plot. */
export function tabId(cluster: string, plot: string): string {
  return `jp-rsdat-dashboard-${cluster}-${plot.replace(/\W+/g, '-')}`;
}

export class DashboardTab extends MainAreaWidget<Panel> {
  constructor(options: DashboardTab.IOptions) {
    super({ content: new Panel() });
    this._options = options;
    this._name = options.name;
    this.id = tabId(options.cluster, options.plot);
    this.addClass('jp-rsdat-Dashboard');
    // As Lab's shell does with what is added by it; a plot that is dragged into the main area is not.
    this.title.icon = dashboardIcon.bindprops({ stylesheet: 'mainAreaTab' });
    this.title.dataset = { ...this.title.dataset, id: this.id };

    this._message = new TabMessage();
    this._message.pressed.connect(this._onAgain, this);
    this._frame = new PageFrame();
    this._frame.told.connect(this._onTold, this);
    this._frame.loaded.connect(this._onPage, this);
    this._frame.hide();
    this.content.addWidget(this._message);
    this.content.addWidget(this._frame);
    options.clusters.changed.connect(this._onClusters, this);
    options.theme.changed?.connect(this._paint, this);
    this._say(options.trans.__('Looking for the dashboard…'));
    this._rename();
  }

  get cluster(): string {
    return this._options.cluster;
  }

  /** The cluster's name as it was known last, also when the cluster is gone. */
  get clusterName(): string | undefined {
    return this._name;
  }

  get plot(): string {
    return this._options.plot;
  }

  get page(): string {
    return this._options.page;
  }

  /** Whether the page is shown or on its way, so that nothing is to be tried. */
  get isLive(): boolean {
    return this._isLive;
  }

  /** Look whether the dashboard answers, and show it or say why not. */
  async check(): Promise<void> {
    const { api, cluster, page, clusters, trans } = this._options;
    if (
      this._isChecking ||
      this._isLive ||
      this._isMissing ||
      this.isDisposed
    ) {
      return;
    }
    this._stopTimer();
    this._isChecking = true;
    try {
      if (!clusters.isReady || !isUp(this._find())) {
        // What is known may be old. A cluster that has ended is not asked for its page: that could only fail.
        await clusters.refresh();
      }
      if (this.isDisposed) {
        return;
      }
      if (clusters.isReady && !isUp(this._find())) {
        this._say(this._goneWords());
        return;
      }
      const url = await api.pageUrl(cluster, page);
      // Who was hidden meanwhile looks anew when seen: a page that nobody sees would never be let go.
      if (!this.isDisposed && this.isVisible) {
        this._frame.load(url);
        this._isLive = true;
      }
    } catch (reason) {
      if (!this.isDisposed) {
        const error = ApiError.from(reason);
        const isGone =
          error.code === 'not_found' ||
          (clusters.isReady && !isUp(this._find()));
        if (isGone) {
          this._say(this._goneWords());
        } else {
          this._say(error.text, trans.__('Try again'));
          this._tryLater();
        }
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
    this._options.theme.changed?.disconnect(this._paint, this);
    this._stopTimer();
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
    this._stopTimer();
    // A frame that leaves the document loses its page.
    this._letGo();
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
    this._stopTimer();
    if (this._isLive) {
      this._timer = window.setTimeout(() => this._letGo(), SLEEP_MS);
    }
  }

  private _onSeen(): void {
    this._stopTimer();
    this._watchIfNeeded();
    this._tries = 0;
    this._isMissing = false;
    void this.check();
  }

  /** The button: whoever presses it sees that something is done, and hears how it ends. */
  private _onAgain(): void {
    const { trans } = this._options;
    // A page may be on its way for as long as its scheduler does not answer.
    this._letGo();
    this._tries = 0;
    this._say(trans.__('Looking for the dashboard…'), trans.__('Try again'));
    void this.check();
  }

  private _onTold(_: unknown, word: PageWord): void {
    if (word === 'ready') {
      this._onPage();
      this._paint();
    } else if (word === 'open') {
      this._tries = 0;
    } else if (word === 'missing') {
      this._onMissing();
    } else if (this._isLive) {
      this._onLost();
    }
  }

  /** The page is there; up to now it was said what is waited for. */
  private _onPage(): void {
    if (this._isLive) {
      this._setShown(true);
      // For the next time.
      this._say(this._options.trans.__('Looking for the dashboard…'));
    }
  }

  /** The page's connection broke: the scheduler ended, or the network or Jupyter did. */
  private _onLost(): void {
    const { clusters, trans } = this._options;
    this._letGo();
    this._say(
      trans.__('The connection to the dashboard broke. Reconnecting…'),
      trans.__('Try again')
    );
    if (this.isVisible) {
      // The card may say by now that the cluster has ended.
      void clusters.refresh();
      this._tryLater();
    }
  }

  /** Its scheduler never gets this page; only what is opened anew may find another one. */
  private _onMissing(): void {
    const { plot, trans } = this._options;
    this._isMissing = true;
    this._letGo();
    this._say(missingWords(plot, this._name, trans));
  }

  private _tryLater(): void {
    const wait = RETRY_MS[Math.min(this._tries, RETRY_MS.length - 1)];
    this._tries += 1;
    this._stopTimer();
    if (this.isVisible) {
      this._timer = window.setTimeout(() => void this.check(), wait);
    }
  }

  private _onClusters(): void {
    const { clusters } = this._options;
    if (!clusters.isReady) {
      return;
    }
    this._rename();
    const isThere = isUp(this._find());
    if (this._isLive && !isThere) {
      this._letGo();
      this._say(this._goneWords());
    } else if (!isThere && !this._isChecking) {
      this._stopTimer();
      this._say(this._goneWords());
    } else if (!this._isLive && isThere && this.isVisible && !this._timer) {
      void this.check();
    }
  }

  private _find(): ICluster | undefined {
    const { clusters, cluster } = this._options;
    return clusters.clusters.find(({ id }) => id === cluster);
  }

  private _rename(): void {
    const { plot, cluster, trans } = this._options;
    this._name = this._find()?.name ?? this._name;
    const title = tabTitle(plot, this._name);
    this.title.label = title;
    this.title.caption = tabCaption(plot, this._name ?? cluster, trans);
    this._frame.name = title;
  }

  private _goneWords(): string {
    return goneWords(this._find(), this._name, this._options.trans);
  }

  private _letGo(): void {
    this._stopTimer();
    this._frame.clear();
    this._isLive = false;
    this._setShown(false);
  }

  private _setShown(isShown: boolean): void {
    this._change(() => {
      this._frame.setHidden(!isShown);
      this._message.setHidden(isShown);
    });
  }

  private _say(words: string, again: string | null = null): void {
    this._change(() => this._message.say(words, again));
  }

  /** Show something else. The keyboard stays in the tab: the page or the button it was in may go. */
  private _change(show: () => void): void {
    const { node } = this.content;
    const active = document.activeElement;
    const isHere = active !== null && node.contains(active);
    show();
    if (isHere && active.closest('[hidden], .lm-mod-hidden') !== null) {
      // Not into the page: Lab's shortcuts would end there.
      node.focus({ preventScroll: true });
    }
  }

  private _paint(): void {
    if (this._isLive) {
      this._frame.paint(this._options.theme.colours());
    }
  }

  private _stopTimer(): void {
    window.clearTimeout(this._timer);
    this._timer = undefined;
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
  private _message: TabMessage;
  private _frame: PageFrame;
  private _name: string | undefined;
  private _isLive = false;
  private _isChecking = false;
  /** The scheduler has no such page. */
  private _isMissing = false;
  private _tries = 0;
  /** Of the next try, or until the page is let go. */
  private _timer: number | undefined;
  private _watch: IDisposable | null = null;
}

export namespace DashboardTab {
  /** Lab's theme, as far as a page can follow it. */
  export interface ITheme {
    colours: () => IColours;
    changed: ISignal<unknown, unknown> | null;
  }

  export interface IOptions {
    api: IDashboardsApi;
    clusters: IClusterManager;
    theme: ITheme;
    /** Id of the cluster. */
    cluster: string;
    /** The cluster's name, as far as it is known. */
    name?: string;
    /** The plot's name, with which the tab's title begins. */
    plot: string;
    /** Path of the page below the dashboard. */
    page: string;
    trans: TranslationBundle;
  }
}
