/** The companion's STAC routes, typed. */
import type { ServerConnection } from '@jupyterlab/services';
import { requestBytes, requestJson, route } from '../common/request';
import type {
  IEndpoint,
  IStacApi as IStacService,
  IStacAssets,
  IStacCollections,
  IStacCopy,
  IStacEstimate,
  IStacFiles,
  IStacFootprints,
  IStacItem,
  IStacItems,
  IStacNode,
  IStacPlace,
  IStacSearch,
  IStacSearchRequest,
  IStacSummary,
  ITransfer
} from '../common/types';
import type { IFilter } from './filter';
import type { ISource } from './hrefs';

/** What the items can be sorted by; `-` in front reverses. */
export type SortKey = 'datetime' | 'id' | 'cloud_cover' | 'collection';
export type Sort = SortKey | `-${SortKey}`;

export interface IItemsRequest {
  source: ISource;
  filter: IFilter;
  sort: Sort;
  offset: number;
  limit: number;
}

/** Sizes and localities of many files are asked for one by one. */
const LONG_LIMIT_MS = 300_000;

/** What the viewer and the search ask of the companion. Every method throws `ApiError`. */
export interface IStacApi {
  node(source: ISource, signal?: AbortSignal): Promise<IStacNode>;
  items(request: IItemsRequest, signal?: AbortSignal): Promise<IStacItems>;
  summary(
    source: ISource,
    filter: IFilter,
    signal?: AbortSignal
  ): Promise<IStacSummary>;
  footprints(
    source: ISource,
    filter: IFilter,
    signal?: AbortSignal
  ): Promise<IStacFootprints>;
  /** One item; its address among what was found is needed where the source is a search. */
  item(
    source: ISource,
    item: string | null,
    signal?: AbortSignal
  ): Promise<IStacItem>;
  files(request: IStacAssets): Promise<IStacFiles>;
  copy(request: IStacCopy): Promise<ITransfer>;
  estimate(request: IStacCopy, signal?: AbortSignal): Promise<IStacEstimate>;
  /** Those of dCache, the default one first. */
  endpoints(): Promise<readonly Pick<IEndpoint, 'name'>[]>;
  apis(): Promise<readonly IStacService[]>;
  saveApi(name: string, url: string): Promise<IStacService>;
  removeApi(name: string): Promise<void>;
  collections(url: string, signal?: AbortSignal): Promise<IStacCollections>;
  search(request: IStacSearchRequest): Promise<IStacSearch>;
  searchState(id: string): Promise<IStacSearch>;
  /** End it; what it found stays. */
  stopSearch(id: string): Promise<IStacSearch>;
  /** End and forget it. */
  endSearch(id: string): Promise<void>;
  /** A small PNG of a picture in dCache. */
  preview(place: IStacPlace, signal?: AbortSignal): Promise<ArrayBuffer>;
}

export class StacApi implements IStacApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  node(source: ISource, signal?: AbortSignal): Promise<IStacNode> {
    return this._get('node', sourceQuery(source), signal);
  }

  items(request: IItemsRequest, signal?: AbortSignal): Promise<IStacItems> {
    const { source, filter, sort, offset, limit } = request;
    const query = {
      ...sourceQuery(source),
      ...filter,
      sort,
      offset: String(offset),
      limit: String(limit)
    };
    return this._get('items', query, signal);
  }

  summary(
    source: ISource,
    filter: IFilter,
    signal?: AbortSignal
  ): Promise<IStacSummary> {
    return this._get('summary', { ...sourceQuery(source), ...filter }, signal);
  }

  footprints(
    source: ISource,
    filter: IFilter,
    signal?: AbortSignal
  ): Promise<IStacFootprints> {
    const query = { ...sourceQuery(source), ...filter };
    return this._get('footprints', query, signal);
  }

  item(
    source: ISource,
    item: string | null,
    signal?: AbortSignal
  ): Promise<IStacItem> {
    const query = {
      ...sourceQuery(source),
      ...(item === null ? {} : { item })
    };
    return this._get('item', query, signal);
  }

  files(request: IStacAssets): Promise<IStacFiles> {
    return this._post(['files'], request);
  }

  copy(request: IStacCopy): Promise<ITransfer> {
    return this._post(['copies'], request);
  }

  estimate(request: IStacCopy, signal?: AbortSignal): Promise<IStacEstimate> {
    return this._post(['copies', 'estimate'], request, signal);
  }

  async endpoints(): Promise<readonly IEndpoint[]> {
    const url = route(this._settings, 'api', 'dcache', 'endpoints');
    const { endpoints } = await requestJson<{ endpoints: IEndpoint[] }>(
      this._settings,
      url
    );
    return endpoints;
  }

  async apis(): Promise<readonly IStacService[]> {
    const { apis } = await this._get<{ apis: IStacService[] }>('apis', {});
    return apis;
  }

  saveApi(name: string, url: string): Promise<IStacService> {
    const init = { method: 'PUT', body: JSON.stringify({ url }) };
    return requestJson(this._settings, this._url('apis', name), init);
  }

  removeApi(name: string): Promise<void> {
    const init = { method: 'DELETE' };
    return requestJson(this._settings, this._url('apis', name), init);
  }

  collections(url: string, signal?: AbortSignal): Promise<IStacCollections> {
    return this._get('collections', { url }, signal);
  }

  search(request: IStacSearchRequest): Promise<IStacSearch> {
    return this._post(['searches'], request);
  }

  searchState(id: string): Promise<IStacSearch> {
    return requestJson(this._settings, this._url('searches', id));
  }

  stopSearch(id: string): Promise<IStacSearch> {
    return this._post(['searches', id, 'stop'], {});
  }

  endSearch(id: string): Promise<void> {
    const init = { method: 'DELETE' };
    return requestJson(this._settings, this._url('searches', id), init);
  }

  async preview(place: IStacPlace, signal?: AbortSignal): Promise<ArrayBuffer> {
    const url = route(
      this._settings,
      'preview',
      place.endpoint ?? '',
      place.path.slice(1)
    );
    return (await requestBytes(this._settings, url, { signal })).bytes;
  }

  private _get<T>(
    part: string,
    query: Record<string, string>,
    signal?: AbortSignal
  ): Promise<T> {
    const text = new URLSearchParams(query).toString();
    const url = `${this._url(part)}${text ? `?${text}` : ''}`;
    return requestJson(this._settings, url, { signal });
  }

  private _post<T>(
    parts: readonly string[],
    body: unknown,
    signal?: AbortSignal
  ): Promise<T> {
    const init = { method: 'POST', body: JSON.stringify(body), signal };
    return requestJson(
      this._settings,
      this._url(...parts),
      init,
      LONG_LIMIT_MS
    );
  }

  private _url(...parts: string[]): string {
    return route(this._settings, 'api', 'stac', ...parts);
  }

  private _settings: ServerConnection.ISettings;
}

function sourceQuery({ href, endpoint }: ISource): Record<string, string> {
  return endpoint === null ? { href } : { href, endpoint };
}
