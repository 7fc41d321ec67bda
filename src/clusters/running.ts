/** The clusters in Lab's Running panel. */
import type { IRunningSessions } from '@jupyterlab/running';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ISignal } from '@lumino/signaling';
import type { ICluster } from '../common/types';
import { clustersIcon } from './icons';
import { CommandIDs } from './ids';
import type { ClusterModel } from './model';
import { isAlive, isAttached, stateWord, workerCounts } from './status';

export class RunningClusters implements IRunningSessions.IManager {
  constructor(options: RunningClusters.IOptions) {
    this._options = options;
  }

  get name(): string {
    return this._options.trans.__('Dask clusters');
  }

  get runningChanged(): ISignal<unknown, unknown> {
    return this._options.model.changed;
  }

  get shutdownLabel(): string {
    return this._options.trans.__('Shut Down Cluster');
  }

  get shutdownAllLabel(): string {
    return this._options.trans.__('Shut Down All');
  }

  /** Said by Lab before `shutdownAll`. */
  get shutdownAllConfirmationText(): string {
    const { trans } = this._options;
    const clusters = this._alive();
    const ours = clusters.filter(cluster => !isAttached(cluster));
    const others = clusters.filter(isAttached);
    const lines: string[] = [];
    if (ours.length > 0) {
      lines.push(
        trans.__(
          'These clusters end, with their workers and the results that are only in their memory: %1.',
          ours.map(cluster => this._named(cluster)).join(', ')
        )
      );
    }
    if (others.length > 0) {
      lines.push(
        trans.__(
          'These leave the list and go on: %1.',
          others.map(({ name }) => name).join(', ')
        )
      );
    }
    return lines.join(' ');
  }

  running(): IRunningSessions.IRunningItem[] {
    return this._alive().map(cluster => this._item(cluster));
  }

  refreshRunning(): void {
    void this._options.model.refresh();
  }

  shutdownAll(): void {
    void this._shutdownAll();
  }

  /** Lab has asked in general; who is connected and what would be lost is asked about once more. */
  private async _shutdownAll(): Promise<void> {
    const { commands, model, trans } = this._options;
    const clusters = this._alive();
    const { askShutdownAll } = await import('./shutdowndialog');
    const parts = { api: model.api, commands, trans };
    if (await askShutdownAll(clusters, parts)) {
      clusters.forEach(({ id }) => this._shutdown(id, true));
    }
  }

  private _named(cluster: ICluster): string {
    const { trans } = this._options;
    const { connected } = cluster.workers;
    const count = trans._n('%1 worker', '%1 workers', connected);
    return trans.__('%1 (%2)', cluster.name, count);
  }

  private _item(cluster: ICluster): IRunningSessions.IRunningItem {
    const { trans, show } = this._options;
    const counts = isAttached(cluster)
      ? trans._n('%1 worker', '%1 workers', cluster.workers.connected)
      : workerCounts(cluster.workers, trans);
    return {
      context: cluster.id,
      icon: () => clustersIcon,
      label: () => cluster.name,
      labelTitle: () =>
        trans.__(
          '%1, %2: %3',
          cluster.name,
          stateWord(cluster.state, trans),
          counts
        ),
      detail: () => counts,
      open: () => show(cluster.id),
      shutdown: () => this._shutdown(cluster.id, false)
    };
  }

  private _alive(): ICluster[] {
    return this._options.model.clusters.filter(isAlive);
  }

  private _shutdown(cluster: string, confirmed: boolean): void {
    void this._options.commands.execute(CommandIDs.shutdown, {
      cluster,
      confirmed
    });
  }

  private _options: RunningClusters.IOptions;
}

export namespace RunningClusters {
  export interface IOptions {
    model: ClusterModel;
    commands: CommandRegistry;
    trans: TranslationBundle;
    /** Show a cluster in the panel. */
    show: (cluster: string) => void;
  }
}
