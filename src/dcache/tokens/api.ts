/** The companion's routes for tokens, typed. */
import type { ServerConnection } from '@jupyterlab/services';
import { requestJson, route } from '../../common/request';
import type {
  IMacaroon,
  IMacaroonRequest,
  ITokenInfo
} from '../../common/types';

/** What the dialog asks of the companion. Every method throws `ApiError` and nothing else. */
export interface ITokensApi {
  get(endpoint: string): Promise<ITokenInfo>;
  renew(endpoint: string, token: string): Promise<ITokenInfo>;
  /** The one answer that holds a secret. */
  mint(endpoint: string, request: IMacaroonRequest): Promise<IMacaroon>;
}

export class TokensApi implements ITokensApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  get(endpoint: string): Promise<ITokenInfo> {
    return requestJson(this._settings, this._url(endpoint, 'token'));
  }

  renew(endpoint: string, token: string): Promise<ITokenInfo> {
    const init = { method: 'PUT', body: JSON.stringify({ token }) };
    return requestJson(this._settings, this._url(endpoint, 'token'), init);
  }

  mint(endpoint: string, request: IMacaroonRequest): Promise<IMacaroon> {
    const init: RequestInit = {
      method: 'POST',
      body: JSON.stringify(request),
      cache: 'no-store'
    };
    return requestJson(this._settings, this._url(endpoint, 'macaroons'), init);
  }

  private _url(endpoint: string, what: string): string {
    return route(this._settings, 'api', 'dcache', endpoint, what);
  }

  private _settings: ServerConnection.ISettings;
}
