/** What the notebooks' part asks of the companion, typed. */
import type { ServerConnection } from '@jupyterlab/services';
import { requestJson, route } from '../common/request';
import type { IPastCluster, IVersionsCompared } from '../common/types';

/** All methods throw `ApiError`. */
export interface INotebookApi {
  /** Whether a kernel's packages go with a cluster's. */
  compare(
    cluster: string,
    packages: Readonly<Record<string, string>>
  ): Promise<IVersionsCompared>;
  /** Clusters that have stopped, the latest first. */
  past(): Promise<{ clusters: IPastCluster[] }>;
}

/** The routes themselves. */
export class NotebookApi implements INotebookApi {
  constructor(private _settings: ServerConnection.ISettings) {}

  compare(
    cluster: string,
    packages: Readonly<Record<string, string>>
  ): Promise<IVersionsCompared> {
    const url = route(this._settings, 'api', 'clusters', cluster, 'versions');
    return requestJson(this._settings, url, {
      method: 'POST',
      body: JSON.stringify({ packages })
    });
  }

  past(): Promise<{ clusters: IPastCluster[] }> {
    return requestJson(
      this._settings,
      route(this._settings, 'api', 'clusters', 'past')
    );
  }
}
