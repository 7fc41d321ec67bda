/** The dashboard's routes: Dask's own pages behind the companion's proxy. */
import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import { ROOT, requestJson } from '../common/request';
import type { components } from '../common/schema';

/** What the dashboards ask of the companion. */
export interface IDashboardsApi {
  /** Address of a page of a cluster's dashboard, for people: it leads to where the page is shown. */
  url(cluster: string, page: string): string;
  /** Where a frame shows a page. @throws ApiError when there is no such cluster or no scheduler. */
  pageUrl(cluster: string, page: string): Promise<string>;
  /** Dask's individual-plots.json. @throws ApiError when the dashboard can't be reached. */
  plots(cluster: string): Promise<Record<string, string>>;
}

export class DashboardsApi implements IDashboardsApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  url(cluster: string, page: string): string {
    const { baseUrl } = this._settings;
    return URLExt.join(baseUrl, ROOT, 'clusters', cluster, 'dashboard', page);
  }

  async pageUrl(cluster: string, page: string): Promise<string> {
    const { baseUrl } = this._settings;
    const { path } = await requestJson<components['schemas']['DashboardKey']>(
      this._settings,
      URLExt.join(baseUrl, ROOT, 'api/clusters', cluster, 'dashboard-key'),
      { method: 'POST' }
    );
    return URLExt.join(baseUrl, path, page);
  }

  plots(cluster: string): Promise<Record<string, string>> {
    const url = this.url(cluster, 'individual-plots.json');
    return requestJson(this._settings, url);
  }

  private _settings: ServerConnection.ISettings;
}
