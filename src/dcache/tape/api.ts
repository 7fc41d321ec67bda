/** The companion's routes for tape, typed. */
import type { ServerConnection } from '@jupyterlab/services';
import { requestJson, route } from '../../common/request';
import type { ITapeOrder, ITapeRequest } from '../../common/types';

export type Activity = ITapeRequest['activity'];

export type ITarget = NonNullable<ITapeRequest['targets']>[number];

/** The companion takes no more paths in one order (docs/api.yaml, TapeOrder). */
export const MOST_PATHS = 20_000;

/** Targets asked for at once. */
export const TARGETS = 200;

/** Expanding folders recursively asks dCache for each of them. */
const ORDER_LIMIT_MS = 300_000;

/** What this feature asks of the companion. Every method throws `ApiError` and nothing else. */
export interface ITapeApi {
  list(): Promise<readonly ITapeRequest[]>;
  order(
    endpoint: string,
    activity: Activity,
    order: ITapeOrder
  ): Promise<ITapeRequest>;
  /** Some of an order's targets. */
  targets(id: string, offset: number): Promise<readonly ITarget[]>;
  /** Cancel what is not done, and forget it. */
  remove(id: string): Promise<void>;
  /** Note that the user was told how it ended. */
  see(id: string): Promise<void>;
}

export class TapeApi implements ITapeApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  async list(): Promise<readonly ITapeRequest[]> {
    const { requests } = await requestJson<{ requests: ITapeRequest[] }>(
      this._settings,
      this._url()
    );
    return requests;
  }

  order(
    endpoint: string,
    activity: Activity,
    order: ITapeOrder
  ): Promise<ITapeRequest> {
    const url = route(this._settings, 'api', 'dcache', endpoint, activity);
    const init = { method: 'POST', body: JSON.stringify(order) };
    return requestJson(this._settings, url, init, ORDER_LIMIT_MS);
  }

  async targets(id: string, offset: number): Promise<readonly ITarget[]> {
    const query = new URLSearchParams({
      offset: String(offset),
      limit: String(TARGETS)
    }).toString();
    const request = await requestJson<ITapeRequest>(
      this._settings,
      `${this._url(id)}?${query}`
    );
    return request.targets ?? [];
  }

  remove(id: string): Promise<void> {
    return requestJson(this._settings, this._url(id), { method: 'DELETE' });
  }

  see(id: string): Promise<void> {
    const init = { method: 'POST', body: '{}' };
    return requestJson(this._settings, this._url(id, 'seen'), init);
  }

  private _url(...parts: string[]): string {
    return route(this._settings, 'api', 'tape', ...parts);
  }

  private _settings: ServerConnection.ISettings;
}
