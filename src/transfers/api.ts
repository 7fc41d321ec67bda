/** The companion's routes for transfers, typed. */
import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import { asked } from '../common/asked';
import { ApiError, requestJson, route } from '../common/request';
import type {
  IEntry,
  IMissingFiles,
  ITransfer,
  ITransferAnswer,
  ITransferRequest
} from '../common/types';

export type ITransferAction = 'cancel' | 'retry' | 'seen' | 'here';

/** A file of an upload that is neither in dCache nor skipped. Size in bytes. */
export type IMissingFile = IMissingFiles['files'][number];

/** What to do with a file whose name is taken. */
export type ConflictChoice = ITransferAnswer['choice'];

/** A list of 100 000 files is some MB, which a slow line carries in minutes. */
const START_LIMIT_MS = 300_000;

/** What this feature asks of the companion. Every method throws `ApiError` and nothing else. */
export interface ITransfersApi {
  list(): Promise<readonly ITransfer[]>;
  start(request: ITransferRequest): Promise<ITransfer>;
  remove(id: string): Promise<void>;
  answer(id: string, answer: ITransferAnswer): Promise<ITransfer>;
  act(id: string, action: ITransferAction): Promise<ITransfer>;
  /** Say that a file of an upload is sent no more: it counts as failed. */
  giveUp(id: string, path: string): Promise<void>;
  /** What an upload has to send yet; with a path that one, or nothing. */
  missing(id: string, path?: string): Promise<readonly IMissingFile[]>;
  /** What is at a path of dCache; null when nothing is. */
  info(endpoint: string, path: string): Promise<IEntry | null>;
  makeFolder(endpoint: string, path: string): Promise<void>;
  /** Where the browser gets the bytes of a download. */
  downloadUrl(transfer: ITransfer): string;
  /** Where the browser sends one file of an upload. */
  sendUrl(
    transfer: ITransfer,
    path: string,
    conflict: 'refuse' | 'replace' | 'keep-both'
  ): string;
}

export class TransfersApi implements ITransfersApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  async list(): Promise<readonly ITransfer[]> {
    const { transfers } = await requestJson<{ transfers: ITransfer[] }>(
      this._settings,
      this._url()
    );
    return transfers;
  }

  start(request: ITransferRequest): Promise<ITransfer> {
    return this._post(this._url(), request, START_LIMIT_MS);
  }

  remove(id: string): Promise<void> {
    return requestJson(this._settings, this._url(id), { method: 'DELETE' });
  }

  answer(id: string, answer: ITransferAnswer): Promise<ITransfer> {
    return this._post(this._url(id, 'answer'), answer);
  }

  act(id: string, action: ITransferAction): Promise<ITransfer> {
    return this._post(this._url(id, action), {});
  }

  giveUp(id: string, path: string): Promise<void> {
    const url = route(this._settings, 'transfers', id, 'content');
    const query = new URLSearchParams({ path }).toString();
    return requestJson(this._settings, `${url}?${query}`, { method: 'DELETE' });
  }

  async missing(id: string, path?: string): Promise<readonly IMissingFile[]> {
    const query = new URLSearchParams(path === undefined ? {} : { path });
    const { files } = await requestJson<IMissingFiles>(
      this._settings,
      `${this._url(id, 'missing')}?${query.toString()}`
    );
    return files;
  }

  async info(endpoint: string, path: string): Promise<IEntry | null> {
    const url = route(this._settings, 'api', 'dcache', endpoint, 'info');
    const query = new URLSearchParams({ path: asked(path) }).toString();
    try {
      return await requestJson<IEntry>(this._settings, `${url}?${query}`);
    } catch (reason) {
      if (reason instanceof ApiError && reason.code === 'not_found') {
        return null;
      }
      throw reason;
    }
  }

  async makeFolder(endpoint: string, path: string): Promise<void> {
    const url = route(this._settings, 'api', 'dcache', endpoint, 'mkdir');
    await this._post(url, { path });
  }

  downloadUrl(transfer: ITransfer): string {
    return this._contentUrl(transfer);
  }

  sendUrl(
    transfer: ITransfer,
    path: string,
    conflict: 'refuse' | 'replace' | 'keep-both'
  ): string {
    const query = new URLSearchParams({ path, conflict }).toString();
    return `${this._contentUrl(transfer)}?${query}`;
  }

  private _contentUrl({ id, content }: ITransfer): string {
    // The address carries no credential: the browser's cookie does.
    return content
      ? URLExt.join(this._settings.baseUrl, content)
      : route(this._settings, 'transfers', id, 'content');
  }

  private _url(...parts: string[]): string {
    return route(this._settings, 'api', 'transfers', ...parts);
  }

  private _post<T>(url: string, body: unknown, limit_ms?: number): Promise<T> {
    const init = { method: 'POST', body: JSON.stringify(body) };
    return requestJson(this._settings, url, init, limit_ms);
  }

  private _settings: ServerConnection.ISettings;
}
