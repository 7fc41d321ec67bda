/** Tells once of each thing that is going to end: a notification that stays until it is read. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell } from '../common/notice';
import type { ICluster, IWarning } from '../common/types';
import { warningWords } from './lifetime';
import type { ClusterModel } from './model';

/** Times of the same end differ a little from look to look. */
const SAME_MS = 5 * 60_000;

export class Notices {
  /** Notices of the model's clusters, as long as the model lives. */
  constructor(options: {
    model: ClusterModel;
    trans: TranslationBundle;
    /** Show a cluster's card. */
    show: (cluster: string) => void;
    /** Whether the user wants them. */
    isWanted?: () => boolean;
  }) {
    this._options = options;
    options.model.changed.connect(this._onChanged, this);
    this._onChanged(options.model);
  }

  private _onChanged(model: ClusterModel): void {
    for (const cluster of model.clusters) {
      for (const warning of cluster.warnings) {
        const isWanted = this._options.isWanted?.() ?? true;
        if (isWanted && this._isNew(cluster, warning)) {
          this._tell(cluster, warning);
        }
      }
    }
  }

  private _isNew(cluster: ICluster, warning: IWarning): boolean {
    const at_ms = Date.parse(warning.at);
    const told = this._told.get(cluster.id) ?? [];
    if (told.some(other_ms => Math.abs(other_ms - at_ms) < SAME_MS)) {
      return false;
    }
    this._told.set(cluster.id, [...told, at_ms]);
    return true;
  }

  private _tell(cluster: ICluster, warning: IWarning): void {
    const { trans, show } = this._options;
    const words = warningWords(warning, trans, null);
    tell(trans.__('%1: %2', cluster.name, words), 'warning', {
      autoClose: false,
      actions: [
        {
          label: trans.__('Show cluster'),
          callback: () => show(cluster.id)
        }
      ]
    });
  }

  private _options: ConstructorParameters<typeof Notices>[0];
  /** When what was told happens, by cluster. */
  private _told = new Map<string, readonly number[]>();
}
