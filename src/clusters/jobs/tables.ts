/** The job tables of the page: one per cluster and place, kept while Lab draws and drops their views. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ClusterModel } from '../model';
import { JobTable } from './table';

/** Where a table stands: in its cluster's card, or in a tab of its own. */
export type Place = 'card' | 'tab';

export class JobTables {
  constructor(
    private _clusters: ClusterModel,
    private _trans: TranslationBundle
  ) {
    _clusters.stateChanged.connect(this._onStateChanged, this);
  }

  /** The table of a cluster; always the same one. */
  get(cluster: string, place: Place): JobTable {
    const key = `${place}:${cluster}`;
    let table = this._tables.get(key);
    if (!table) {
      table = new JobTable(this._trans);
      table.pointed.connect(sender => {
        this._latest = { cluster, table: sender };
      });
      this._tables.set(key, table);
    }
    return table;
  }

  /** The job that was last pointed at, in any table; what commands without a job act on. */
  get current(): { cluster: string; job: string } | null {
    const job = this._latest?.table.active ?? null;
    return this._latest && job !== null
      ? { cluster: this._latest.cluster, job }
      : null;
  }

  dispose(): void {
    this._clusters.stateChanged.disconnect(this._onStateChanged, this);
    this._tables.forEach(table => table.dispose());
    this._tables.clear();
  }

  private _onStateChanged(
    _: ClusterModel,
    change: ClusterModel.IStateChange
  ): void {
    if (change.after === null && change.before) {
      const { id } = change.before;
      this._tables.get(`card:${id}`)?.dispose();
      this._tables.delete(`card:${id}`);
      if (this._latest?.cluster === id) {
        this._latest = null;
      }
    }
  }

  private _tables = new Map<string, JobTable>();
  private _latest: { cluster: string; table: JobTable } | null = null;
}
