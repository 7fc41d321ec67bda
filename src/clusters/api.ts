/** The cluster routes of the companion, typed. */
import type { ServerConnection } from '@jupyterlab/services';
import { requestBytes, requestJson, route } from '../common/request';
import type {
  IClients,
  ICluster,
  IClusterChange,
  IClusterList,
  IClusterRequest,
  IGroupRequest,
  IJobAction,
  ILogList,
  ILogMatches,
  IPastCluster,
  IPreview,
  ISite
} from '../common/types';

/** A preset to keep. */
export interface IPresetRequest {
  title: string;
  /** Without a name. */
  request: IClusterRequest;
}

/** A part of a log. */
export interface ILogPart {
  /** Raw bytes: a part may end inside a character. */
  bytes: ArrayBuffer;
  /** First byte after this part; where to go on reading. */
  nextOffset: number;
  /** Bytes in the whole log. */
  size: number;
}

/** A search in logs. */
export interface ILogQuery {
  text: string;
  /** Only in this log: `scheduler` or a job id. */
  source?: string;
  /** Capitals and small letters differ. */
  matchCase?: boolean;
}

/** What the clusters' model asks of the companion. All methods throw `ApiError`. */
export interface IClustersApi {
  list(): Promise<IClusterList>;
  create(request: IClusterRequest): Promise<ICluster>;
  /** @param signal Ends the request, whose answer nobody waits for any more. */
  preview(request: IClusterRequest, signal?: AbortSignal): Promise<IPreview>;
  change(id: string, change: IClusterChange): Promise<ICluster>;
  shutdown(id: string): Promise<ICluster>;
  /** Who is connected, and what would be lost. */
  clients(id: string, limit_ms?: number): Promise<IClients>;
  actOnJob(id: string, job: string, action: IJobAction): Promise<ICluster>;
  addGroup(id: string, request: IGroupRequest): Promise<ICluster>;
  removeGroup(id: string, group: string): Promise<ICluster>;
  site(): Promise<ISite>;
  /** Keep a request as one's own preset; one of that name is replaced. */
  savePreset(name: string, preset: IPresetRequest): Promise<unknown>;
  deletePreset(name: string): Promise<void>;
  /**
   * At most 256 KiB of a log.
   *
   * @param source `scheduler` or a job id.
   * @param offset First byte wanted; negative counts from the end.
   */
  log(id: string, source: string, offset: number): Promise<ILogPart>;
  /** The logs there are, also of a cluster that has stopped. */
  logs(id: string): Promise<ILogList>;
  searchLogs(id: string, query: ILogQuery): Promise<ILogMatches>;
  /** Where the browser gets the whole log, to save it. */
  logUrl(id: string, source: string): string;
  /** Clusters that have stopped, the latest first. */
  past(): Promise<{ clusters: IPastCluster[] }>;
  deletePast(id: string): Promise<void>;
}

/** The routes themselves. */
export class ClustersApi implements IClustersApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  list(): Promise<IClusterList> {
    return requestJson(this._settings, this._url());
  }

  create(request: IClusterRequest): Promise<ICluster> {
    return this._send('POST', this._url(), request);
  }

  preview(request: IClusterRequest, signal?: AbortSignal): Promise<IPreview> {
    return this._send('POST', this._url('preview'), request, signal);
  }

  change(id: string, change: IClusterChange): Promise<ICluster> {
    return this._send('PATCH', this._url(id), change);
  }

  shutdown(id: string): Promise<ICluster> {
    return requestJson(this._settings, this._url(id), { method: 'DELETE' });
  }

  clients(id: string, limit_ms?: number): Promise<IClients> {
    const url = this._url(id, 'clients');
    return requestJson(this._settings, url, {}, limit_ms);
  }

  actOnJob(id: string, job: string, action: IJobAction): Promise<ICluster> {
    return requestJson(this._settings, this._url(id, 'jobs', job, action), {
      method: 'POST'
    });
  }

  addGroup(id: string, request: IGroupRequest): Promise<ICluster> {
    return this._send('POST', this._url(id, 'groups'), request);
  }

  removeGroup(id: string, group: string): Promise<ICluster> {
    return requestJson(this._settings, this._url(id, 'groups', group), {
      method: 'DELETE'
    });
  }

  site(): Promise<ISite> {
    return requestJson(this._settings, route(this._settings, 'api', 'site'));
  }

  savePreset(name: string, preset: IPresetRequest): Promise<unknown> {
    return this._send('PUT', this._preset(name), preset);
  }

  deletePreset(name: string): Promise<void> {
    return requestJson(this._settings, this._preset(name), {
      method: 'DELETE'
    });
  }

  async log(id: string, source: string, offset: number): Promise<ILogPart> {
    const url = `${this._url(id, 'logs', source)}?offset=${offset}`;
    const { bytes, headers } = await requestBytes(this._settings, url);
    const size = Number(headers.get('X-Rsdat-Size') ?? 0);
    const next = headers.get('X-Rsdat-Next-Offset');
    return { bytes, size, nextOffset: next === null ? size : Number(next) };
  }

  logs(id: string): Promise<ILogList> {
    return requestJson(this._settings, this._url(id, 'logs'));
  }

  searchLogs(id: string, query: ILogQuery): Promise<ILogMatches> {
    const asked = new URLSearchParams({ text: query.text });
    if (query.source !== undefined) {
      asked.set('source', query.source);
    }
    if (query.matchCase) {
      asked.set('case', '1');
    }
    return requestJson(
      this._settings,
      `${this._url(id, 'search-logs')}?${asked}`
    );
  }

  logUrl(id: string, source: string): string {
    return `${this._url(id, 'logs', source)}?download=1`;
  }

  past(): Promise<{ clusters: IPastCluster[] }> {
    return requestJson(this._settings, this._url('past'));
  }

  deletePast(id: string): Promise<void> {
    return requestJson(this._settings, this._url('past', id), {
      method: 'DELETE'
    });
  }

  private _url(...parts: string[]): string {
    return route(this._settings, 'api', 'clusters', ...parts);
  }

  private _preset(name: string): string {
    return route(this._settings, 'api', 'presets', name);
  }

  private _send<T>(
    method: string,
    url: string,
    body: unknown,
    signal?: AbortSignal
  ): Promise<T> {
    return requestJson(this._settings, url, {
      method,
      body: JSON.stringify(body),
      signal
    });
  }

  private _settings: ServerConnection.ISettings;
}
