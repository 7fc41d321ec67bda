/** The companion's routes for endpoints, typed. */
import type { ServerConnection } from '@jupyterlab/services';
import { requestJson, route } from '../../common/request';
import type {
  IEndpoint,
  IEndpointRequest,
  IEndpointTest
} from '../../common/types';

/** Doors that do not answer are waited for, several of them one after the other. */
const TEST_LIMIT_MS = 180_000;

/** What the dialog asks of the companion. Every method throws `ApiError` and nothing else. */
export interface IEndpointsApi {
  list(): Promise<readonly IEndpoint[]>;
  save(name: string, request: IEndpointRequest): Promise<IEndpoint>;
  remove(name: string): Promise<void>;
  /** Try it out: as it is saved when `request` is empty, else as described, saving nothing. */
  test(
    name: string,
    request: IEndpointRequest,
    signal?: AbortSignal
  ): Promise<IEndpointTest>;
}

export class EndpointsApi implements IEndpointsApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  async list(): Promise<readonly IEndpoint[]> {
    const url = route(this._settings, 'api', 'dcache', 'endpoints');
    const { endpoints } = await requestJson<{ endpoints: IEndpoint[] }>(
      this._settings,
      url
    );
    return endpoints;
  }

  save(name: string, request: IEndpointRequest): Promise<IEndpoint> {
    const init = { method: 'PUT', body: JSON.stringify(request) };
    return requestJson(this._settings, this._url(name), init, TEST_LIMIT_MS);
  }

  remove(name: string): Promise<void> {
    return requestJson(this._settings, this._url(name), { method: 'DELETE' });
  }

  test(
    name: string,
    request: IEndpointRequest,
    signal?: AbortSignal
  ): Promise<IEndpointTest> {
    const init = { method: 'POST', body: JSON.stringify(request), signal };
    return requestJson(
      this._settings,
      this._url(name, 'test'),
      init,
      TEST_LIMIT_MS
    );
  }

  private _url(...parts: string[]): string {
    return route(this._settings, 'api', 'endpoints', ...parts);
  }

  private _settings: ServerConnection.ISettings;
}
