/** All that is done for open notebooks; loaded with the first of them. */
import { InputDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { ServiceManager } from '@jupyterlab/services';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { ChangeStream } from '../common/events';
import { tell } from '../common/notice';
import { ApiError } from '../common/request';
import type { ICluster } from '../common/types';
import type { IClusterManager } from '../tokens';
import type { INotebookApi } from './api';
import { putClient } from './connect';
import { Farewells } from './farewell';
import { ClusterCommands } from './ids';
import { isAlive, type LinkState } from './link';
import { NotebookLinks } from './links';
import { forget, remembered } from './memory';
import { Mismatches } from './mismatch';
import { Reconnecting } from './reconnect';
import { Remembering } from './remembering';
import { NotebookSettings } from './settings';
import { Wishes } from './wishes';

export class NotebookRuntime {
  constructor(options: NotebookRuntime.IOptions) {
    this._options = options;
    const { api, clusters, registry, trans } = options;
    this._changes = new ChangeStream(options.events);
    this.links = new NotebookLinks({ clusters, changes: this._changes });
    void this.settings.follow(registry);
    const parts = { api, clusters, trans, settings: this.settings };
    const links = this.links;
    const startAgain = (
      cluster: string,
      panels: readonly NotebookPanel[]
    ): void => void this.connectNew(panels, { again: cluster });
    const show = (cluster: string): void => this.show(cluster);
    this._reconnecting = new Reconnecting({
      ...parts,
      links,
      startAgain,
      connect: (panel, cluster) => this.connect(panel, cluster),
      choose: panel => void this.choose(panel)
    });
    new Remembering({ ...parts, links });
    this.mismatches = new Mismatches({ ...parts, links, show });
    new Farewells({ ...parts, links, startAgain });
    this.wishes = new Wishes({
      clusters,
      links,
      trans,
      show,
      changes: this._changes,
      put: (panel, cluster, run) => this._put(panel, cluster, run),
      connect: (panel, cluster, run) => this.connect(panel, cluster, run)
    });
  }

  readonly links: NotebookLinks;
  readonly mismatches: Mismatches;
  readonly wishes: Wishes;
  readonly settings = new NotebookSettings();

  /** The clusters that can be connected to. */
  get choices(): readonly ICluster[] {
    return this._options.clusters.clusters.filter(isAlive);
  }

  /** A notebook is seen: learn what its kernel is connected to, and offer what it remembers. */
  see(panel: NotebookPanel): void {
    void this.links.of(panel).watch.ask();
    void this._reconnecting.offer(panel);
  }

  /** What a notebook is connected to. */
  state(panel: NotebookPanel): LinkState {
    return this.links.of(panel).state;
  }

  /**
   * Connect a notebook to a cluster: at once if that runs, else when it does. Of what is asked for one
   * notebook the newest counts.
   */
  connect(
    panel: NotebookPanel,
    id: string,
    run = this.settings.runsCode
  ): void {
    this._asked.set(panel, {});
    const { clusters } = this._options;
    const cluster = clusters.clusters.find(each => each.id === id);
    if (cluster?.state === 'running') {
      this.wishes.drop(panel);
      this._put(panel, cluster, run);
    } else {
      // Code for a cluster whose scheduler waits in the queue would keep the kernel busy for hours.
      this.wishes.add(panel, id, run);
    }
  }

  /** Make a cluster, and connect notebooks to it. A refusal is a card in the panel. */
  async connectNew(
    panels: readonly NotebookPanel[],
    request: { again?: string } = {}
  ): Promise<void> {
    const asked = {};
    panels.forEach(panel => this._asked.set(panel, asked));
    // What was wished before is what remains where none is made.
    const held = this.wishes.hold(panels);
    try {
      const made = (await this._options.commands.execute(
        ClusterCommands.create,
        request
      )) as ICluster | null;
      if (made) {
        panels
          .filter(
            // Another may have been chosen while this one was made.
            panel => !panel.isDisposed && this._asked.get(panel) === asked
          )
          .forEach(panel => this.connect(panel, made.id));
      }
    } finally {
      held.dispose();
    }
  }

  /** Let the user choose the cluster. */
  async choose(panel: NotebookPanel): Promise<void> {
    const { trans } = this._options;
    const choices = this.choices;
    const result = await InputDialog.getItem({
      title: trans.__('Connect %1', panel.context.path),
      label: trans.__('Cluster'),
      okLabel: trans.__('Connect'),
      items: choices.map(({ name }) => name)
    });
    const chosen = choices.find(({ name }) => name === result.value);
    if (result.button.accept && chosen) {
      this.connect(panel, chosen.id);
    }
  }

  /** Close the kernel's clients. Settles in any case. */
  async disconnect(panel: NotebookPanel): Promise<void> {
    const { trans } = this._options;
    this._asked.set(panel, {});
    this.wishes.drop(panel);
    const link = this.links.of(panel);
    const clients = (link.answer?.clients ?? []).map(({ id }) => id);
    const path = PathExt.basename(panel.context.path);
    try {
      const closing = await link.watch.close(clients);
      if (closing === 'busy' || closing === 'silent') {
        tell(
          closing === 'busy'
            ? trans.__(
                '%1 was not disconnected: its kernel is busy. Wait for its cells, or interrupt them.',
                path
              )
            : trans.__(
                '%1 was not disconnected: its kernel does not answer now.',
                path
              ),
          'warning',
          {
            autoClose: false,
            actions: [
              {
                label: trans.__('Try again'),
                callback: () => panel.isDisposed || void this.disconnect(panel)
              }
            ]
          }
        );
      } else if (closing === 'later') {
        tell(
          trans.__(
            '%1 will be disconnected when its kernel is done with what it has just begun.',
            path
          ),
          'info'
        );
      }
    } catch (reason) {
      const why = ApiError.from(reason).message;
      tell(
        trans.__(
          '%1 could not be disconnected. %2',
          path,
          why || trans.__('The kernel did not answer.')
        ),
        'error'
      );
    }
  }

  /** Show the card of a cluster. */
  show(cluster: string): void {
    const { clusters, commands } = this._options;
    clusters.select(cluster);
    void commands.execute(ClusterCommands.showPanel);
  }

  /** Whether the notebook remembers a cluster. */
  remembers(panel: NotebookPanel): boolean {
    return panel.model !== null && remembered(panel.model) !== null;
  }

  /** Remember none. */
  forget(panel: NotebookPanel): void {
    if (panel.model) {
      forget(panel.model);
    }
  }

  private _put(panel: NotebookPanel, cluster: ICluster, run: boolean): void {
    const { translator, trans } = this._options;
    if (!putClient(panel, cluster, { run, translator })) {
      tell(trans.__('%1 can not be changed.', panel.context.path), 'warning');
    }
  }

  private _options: NotebookRuntime.IOptions;
  private _changes: ChangeStream;
  private _reconnecting: Reconnecting;
  /** What was asked for a notebook last. */
  private _asked = new WeakMap<NotebookPanel, object>();
}

export namespace NotebookRuntime {
  export interface IOptions {
    api: INotebookApi;
    clusters: IClusterManager;
    events: ServiceManager.IManager['events'];
    commands: CommandRegistry;
    registry: ISettingRegistry | null;
    translator: ITranslator;
    trans: TranslationBundle;
  }
}
