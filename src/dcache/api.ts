/** The companion's dCache routes, typed. */
import type { ServerConnection } from '@jupyterlab/services';
import { asked } from '../common/asked';
import {
  ApiError,
  REQUEST_LIMIT_MS,
  requestBytes,
  requestJson,
  route
} from '../common/request';
import type {
  IAttributesRequest,
  IDeletion,
  IDetails,
  IEndpoint,
  IEntry,
  IListing,
  IQuotaList
} from '../common/types';
import type { IPlace } from './paths';

/** What a listing can be sorted by; `-` in front reverses. */
export type SortKey = 'name' | 'size' | 'modified' | 'locality';

/** Which part of which folder, in which order. */
export interface IListRequest extends IPlace {
  offset: number;
  /** At most 1000. */
  limit: number;
  sort: SortKey | `-${SortKey}`;
  filter: string;
  /** Look from `offset` on, round the end, for a name that begins so: the page begins there. */
  find?: string;
  /** False leaves out names that begin with a dot. */
  hidden?: boolean;
  /** Ask dCache anew, whatever the companion remembers. */
  refresh?: boolean;
}

/** When a file may be written. */
export interface IWriteCondition {
  /** False: only if nothing has that name. */
  replace: boolean;
  /** The `modified` last seen: only if the file is still as it was then. */
  unchangedSince?: string | null;
}

/** What the panel, the drive and uploads ask of the companion. */
export interface IDCacheApi {
  endpoints(): Promise<readonly IEndpoint[]>;
  list(request: IListRequest, signal?: AbortSignal): Promise<IListing>;
  info(place: IPlace): Promise<IEntry>;
  /** Whether dCache tells changes of this folder for the next two minutes. */
  watch(place: IPlace): Promise<boolean>;
  details(place: IPlace, signal?: AbortSignal): Promise<IDetails>;
  changeAttributes(
    endpoint: string,
    change: IAttributesRequest
  ): Promise<IDetails>;
  quota(endpoint: string): Promise<IQuotaList>;
  /** A small PNG of a picture or raster. */
  preview(place: IPlace, signal?: AbortSignal): Promise<ArrayBuffer>;
  makeFolder(place: IPlace): Promise<IEntry>;
  move(place: IPlace, destination: string): Promise<IEntry>;
  /** Where a folder was stopped or failed, the error's `details.deleted` says how much is gone. */
  remove(place: IPlace, recursive: boolean): Promise<void>;
  /** End the requests that are deleting a folder; what is not deleted yet stays. */
  stopRemoving(place: IPlace): Promise<void>;
  /** What is being deleted, also by other pages, and how it ended where that can be asked. */
  deletions(): Promise<readonly IDeletion[]>;
  stopDeletion(id: string): Promise<void>;
  /** Note that the user was told how it ended. */
  seeDeletion(id: string): Promise<void>;
  read(place: IPlace): Promise<ArrayBuffer>;
  write(
    place: IPlace,
    bytes: Blob,
    condition: IWriteCondition
  ): Promise<IEntry>;
  fileUrl(place: IPlace, options?: { download?: boolean }): string;
}

/** Whether a write was refused because something has the name already. */
export function isNameTaken(reason: unknown): reason is ApiError {
  return (
    reason instanceof ApiError &&
    (reason.code === 'exists' || reason.code === 'is_a_folder')
  );
}

// dCache took 29 s for 50 000 entries, and folders of 200 000 exist; the companion waits for 300 s.
const LISTING_LIMIT_MS = 330_000;
// Files of at most 50 MB.
const LONG_LIMIT_MS = 600_000;
// Deleting a tree takes dCache one request per entry: 100 000 take a quarter of an hour, or more.
// It is told meanwhile, and can be stopped.
const DELETE_LIMIT_MS = 6 * 3_600_000;

/** The routes of one companion. Every method throws `ApiError` and nothing else. */
export class DCacheApi implements IDCacheApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  async endpoints(): Promise<readonly IEndpoint[]> {
    const url = route(this._settings, 'api', 'dcache', 'endpoints');
    const { endpoints } = await requestJson<{ endpoints: IEndpoint[] }>(
      this._settings,
      url
    );
    return endpoints;
  }

  async list(request: IListRequest, signal?: AbortSignal): Promise<IListing> {
    const url = this._url(request.endpoint, 'list', {
      path: asked(request.path),
      offset: String(request.offset),
      limit: String(request.limit),
      sort: request.sort,
      filter: request.filter,
      ...(request.find ? { find: request.find } : {}),
      ...(request.hidden === false ? { hidden: '0' } : {}),
      ...(request.refresh ? { refresh: '1' } : {})
    });
    return requestJson(this._settings, url, { signal }, LISTING_LIMIT_MS);
  }

  async info(place: IPlace): Promise<IEntry> {
    const url = this._url(place.endpoint, 'info', { path: asked(place.path) });
    return requestJson(this._settings, url);
  }

  async watch(place: IPlace): Promise<boolean> {
    const body = { path: place.path };
    const watched = await this._post<{ live: boolean }>(
      place.endpoint,
      'watch',
      body
    );
    return watched.live;
  }

  async details(place: IPlace, signal?: AbortSignal): Promise<IDetails> {
    const path = asked(place.path);
    const url = this._url(place.endpoint, 'details', { path });
    return requestJson(this._settings, url, { signal });
  }

  changeAttributes(
    endpoint: string,
    change: IAttributesRequest
  ): Promise<IDetails> {
    return this._post(endpoint, 'attributes', change);
  }

  quota(endpoint: string): Promise<IQuotaList> {
    const url = route(this._settings, 'api', 'dcache', endpoint, 'quota');
    return requestJson(this._settings, url);
  }

  async preview(place: IPlace, signal?: AbortSignal): Promise<ArrayBuffer> {
    const path = asked(place.path).slice(1);
    const url = route(this._settings, 'preview', place.endpoint, path);
    const init = { signal };
    return (await requestBytes(this._settings, url, init)).bytes;
  }

  makeFolder(place: IPlace): Promise<IEntry> {
    return this._post(place.endpoint, 'mkdir', { path: place.path });
  }

  move(place: IPlace, destination: string): Promise<IEntry> {
    const body = { source: place.path, destination };
    return this._post(place.endpoint, 'move', body, LONG_LIMIT_MS);
  }

  remove(place: IPlace, recursive: boolean): Promise<void> {
    const body = { path: place.path, recursive };
    return this._post(place.endpoint, 'delete', body, DELETE_LIMIT_MS);
  }

  async stopRemoving({ endpoint, path }: IPlace): Promise<void> {
    const meant = (await this.deletions()).filter(
      deletion =>
        deletion.state === 'running' &&
        deletion.endpoint === endpoint &&
        deletion.path === path
    );
    await Promise.all(meant.map(({ id }) => this.stopDeletion(id)));
  }

  async deletions(): Promise<readonly IDeletion[]> {
    const url = route(this._settings, 'api', 'deletions');
    const { deletions } = await requestJson<{ deletions: IDeletion[] }>(
      this._settings,
      url
    );
    return deletions;
  }

  stopDeletion(id: string): Promise<void> {
    return this._actOnDeletion(id, 'stop');
  }

  seeDeletion(id: string): Promise<void> {
    return this._actOnDeletion(id, 'seen');
  }

  /** The whole content; for files of a size that fits a browser tab. */
  async read(place: IPlace): Promise<ArrayBuffer> {
    const url = this.fileUrl(place);
    const answer = await requestBytes(this._settings, url, {}, LONG_LIMIT_MS);
    return answer.bytes;
  }

  async write(
    place: IPlace,
    bytes: Blob,
    condition: IWriteCondition
  ): Promise<IEntry> {
    const init = {
      method: 'PUT',
      body: bytes,
      headers: writeHeaders(condition)
    };
    return requestJson(
      this._settings,
      this.fileUrl(place),
      init,
      LONG_LIMIT_MS
    );
  }

  /**
   * Address of a file's bytes. It carries no credential; the browser's cookie does.
   *
   * @throws ApiError for a name that no address can have.
   */
  fileUrl(place: IPlace, options: { download?: boolean } = {}): string {
    // `route` encodes each part between slashes; the path's own first slash is already there.
    const url = route(
      this._settings,
      'files',
      place.endpoint,
      asked(place.path).slice(1)
    );
    return options.download ? `${url}?download=1` : url;
  }

  private _url(
    endpoint: string,
    action: string,
    query: Record<string, string>
  ): string {
    const url = route(this._settings, 'api', 'dcache', endpoint, action);
    return `${url}?${new URLSearchParams(query).toString()}`;
  }

  private async _actOnDeletion(id: string, action: string): Promise<void> {
    const url = route(this._settings, 'api', 'deletions', id, action);
    await requestJson(this._settings, url, { method: 'POST', body: '{}' });
  }

  private _post<T>(
    endpoint: string,
    action: string,
    body: unknown,
    limit_ms = REQUEST_LIMIT_MS
  ): Promise<T> {
    const url = route(this._settings, 'api', 'dcache', endpoint, action);
    const init = { method: 'POST', body: JSON.stringify(body) };
    return requestJson(this._settings, url, init, limit_ms);
  }

  private _settings: ServerConnection.ISettings;
}

/** The headers of a PUT to `files/…`; see docs/api.yaml, writeFile. */
export function writeHeaders(
  condition: IWriteCondition
): Record<string, string> {
  const headers: Record<string, string> = {
    'Content-Type': 'application/octet-stream'
  };
  if (!condition.replace) {
    headers['If-None-Match'] = '*';
  } else if (condition.unchangedSince) {
    headers['X-Rsdat-If-Modified'] = condition.unchangedSince;
  }
  return headers;
}
