/** All that is done for open notebooks; loaded with the first of them. */
import { InputDialog } from '@jupyterlab/apputils';
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
      connect: (panel, cluster) => void this.connect(panel, cluster),
      choose: panel => void this.choose(panel)
    });
    new Remembering({ ...parts, links });
    this.mismatches = new Mismatches({ ...parts, links, show });
    new Farewells({ ...parts, links, startAgain });
  }

  readonly links: NotebookLinks;
  readonly mismatches: Mismatches;
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

  /** Connect a notebook to a cluster, as soon as that is up. Settles in any case. */
  async connect(
    panel: NotebookPanel,
    id: string,
    run = this.settings.runsCode
  ): Promise<void> {
    const { translator, trans } = this._options;
    // Code for a cluster whose scheduler waits in the queue would keep the kernel busy for hours.
    const cluster = await this._up(panel, id);
    if (cluster && !putClient(panel, cluster, { run, translator })) {
      tell(trans.__('%1 can not be changed.', panel.context.path), 'warning');
    }
  }

  /** Make a cluster, and connect notebooks to it. A refusal is a card in the panel. */
  async connectNew(
    panels: readonly NotebookPanel[],
    request: { again?: string } = {}
  ): Promise<void> {
    const made = (await this._options.commands.execute(
      ClusterCommands.create,
      request
    )) as ICluster | null;
    if (made) {
      await Promise.all(
        panels
          .filter(panel => !panel.isDisposed)
          .map(panel => this.connect(panel, made.id))
      );
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
      await this.connect(panel, chosen.id);
    }
  }

  /** Close the kernel's clients of the cluster. Settles in any case. */
  async disconnect(panel: NotebookPanel): Promise<void> {
    const link = this.links.of(panel);
    const clients = (link.answer?.clients ?? []).map(({ id }) => id);
    try {
      await link.watch.close(clients);
    } catch (reason) {
      const { trans } = this._options;
      const why = ApiError.from(reason).message;
      tell(
        trans.__(
          '%1 could not be disconnected. %2',
          panel.context.path,
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

  /** The cluster once it runs; null when it ends instead, or the notebook is closed. */
  private async _up(
    panel: NotebookPanel,
    id: string
  ): Promise<ICluster | null> {
    const { clusters } = this._options;
    const find = (): ICluster | undefined =>
      clusters.clusters.find(each => each.id === id);
    if (find()?.state === 'running') {
      return find() ?? null;
    }
    const watch = clusters.watch();
    try {
      return await new Promise<ICluster | null>(resolve => {
        const look = (): void => {
          const cluster = find();
          const isOver = panel.isDisposed || !cluster || !isAlive(cluster);
          if (isOver || cluster.state === 'running') {
            clusters.changed.disconnect(look);
            panel.disposed.disconnect(look);
            resolve(isOver ? null : cluster);
          }
        };
        clusters.changed.connect(look);
        panel.disposed.connect(look);
        look();
      });
    } finally {
      watch.dispose();
    }
  }

  private _options: NotebookRuntime.IOptions;
  private _changes: ChangeStream;
  private _reconnecting: Reconnecting;
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
