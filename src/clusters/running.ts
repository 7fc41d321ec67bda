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
    return this._options.trans.__(
      'Shut down all Dask clusters? Their schedulers and workers end, and results that are only in their memory are lost. Attached schedulers of others leave the list and go on.'
    );
  }

  running(): IRunningSessions.IRunningItem[] {
    return this._alive().map(cluster => this._item(cluster));
  }

  refreshRunning(): void {
    void this._options.model.refresh();
  }

  shutdownAll(): void {
    for (const { id } of this._alive()) {
      this._shutdown(id, true);
    }
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
