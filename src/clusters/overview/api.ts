/** The route of the overview, typed. */
import type { ServerConnection } from '@jupyterlab/services';
import { requestJson, route } from '../../common/request';
import type { IPulseList } from '../../common/types';

/** What the overview's model asks of the companion. */
export interface IPulseApi {
  /**
   * How busy all clusters are.
   *
   * @param since - `cursor` of the last answer, for only what is new; null for all that is known.
   * @throws ApiError
   */
  pulse(since: string | null): Promise<IPulseList>;
}

export class PulseApi implements IPulseApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  pulse(since: string | null): Promise<IPulseList> {
    const url = route(this._settings, 'api', 'clusters', 'pulse');
    const query =
      since === null ? '' : `?${new URLSearchParams({ since }).toString()}`;
    return requestJson(this._settings, url + query);
  }

  private _settings: ServerConnection.ISettings;
}
