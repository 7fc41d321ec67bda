/** The transfers the companion knows, and the uploads this page is sending. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream } from '../common/events';
import { Followed } from '../common/followed';
import { ApiError } from '../common/request';
import type {
  ITransfer,
  ITransferAnswer,
  ITransferRequest
} from '../common/types';
import type { ITransfers, IUploadFile } from '../tokens';
import type {
  ConflictChoice,
  IMissingFile,
  ITransferAction,
  ITransfersApi
} from './api';
import type { Put } from './upload/put';
import { UploadSender } from './upload/sender';
import { isMoving, shownTransfer, type IShownTransfer } from './view';

/** Progress of what this page sends is drawn this often at most. */
const DRAW_MS = 200;

export class TransfersModel implements ITransfers, IDisposable {
  constructor(options: TransfersModel.IOptions) {
    this._options = options;
    this._api = options.api;
    this._list = new Followed<ITransfer>({
      name: 'jupyterlab-rsdat:transfers',
      kind: 'transfer',
      changes: options.changes,
      load: () => this._api.list(),
      isMoving
    });
    this._list.changed.connect(this._onListed, this);
  }

  /** Emitted when anything here changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The latest first, with what this page is sending of them. */
  get transfers(): readonly IShownTransfer[] {
    return this._shown;
  }

  get isReady(): boolean {
    return this._list.isReady;
  }

  /** Why the list is old, when the last request failed. */
  get error(): ApiError | null {
    return this._list.error;
  }

  /** Transfers that go on, or will. */
  get moving(): readonly IShownTransfer[] {
    return this._shown.filter(isMoving);
  }

  /** Whether this page sends something, which ends when the page is left. */
  get isSending(): boolean {
    return [...this._senders.values()].some(({ isActive }) => isActive);
  }

  /** Whether nobody would notice that an event was lost. */
  get isIdle(): boolean {
    return !this._list.isWatched && !this._list.isMoving;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  transfer(id: string): IShownTransfer | undefined {
    return this._shown.find(transfer => transfer.id === id);
  }

  /** What is being done to it right now. */
  isBusy(id: string): boolean {
    return this._busy.has(id);
  }

  watch(): IDisposable {
    return this._list.watch();
  }

  refresh(): Promise<void> {
    return this._list.refresh();
  }

  /** Begin a copy or a download. @throws ApiError */
  async start(request: ITransferRequest): Promise<ITransfer> {
    const transfer = await this._api.start(request);
    this._list.put(transfer);
    return transfer;
  }

  /**
   * Send files; ends when nothing is left to send.
   *
   * @returns Whether it was not cancelled.
   * @throws ApiError - The companion took no upload; what fails later is told by the transfer.
   */
  async upload(
    files: readonly IUploadFile[],
    destination: { endpoint: string; path: string },
    conflict: 'ask' | ConflictChoice = 'ask'
  ): Promise<boolean> {
    const transfer = await this.start({
      kind: 'upload',
      destination: {
        endpoint: destination.endpoint,
        paths: [destination.path]
      },
      files: files.map(({ path, file }) => ({ path, size: file.size })),
      conflict
    });
    return this._send(transfer, files, conflict);
  }

  /**
   * Make folders, and those that they lie in; what is a folder already stays as it is.
   *
   * @param paths - Relative to `folder`.
   * @throws ApiError - What failed first; the others were made.
   */
  async makeFolders(
    paths: readonly string[],
    folder: { endpoint: string; path: string }
  ): Promise<void> {
    const all = new Set<string>();
    for (const path of paths) {
      const parts = path.split('/');
      parts.forEach((_, end) => all.add(parts.slice(0, end + 1).join('/')));
    }
    const { endpoint } = folder;
    const failures: ApiError[] = [];
    for (const path of all) {
      const full = `${folder.path.replace(/\/$/, '')}/${path}`;
      try {
        await this._api.makeFolder(endpoint, full);
      } catch (reason) {
        const isThere = await this._isFolder(endpoint, full, reason);
        failures.push(...(isThere ? [] : [ApiError.from(reason)]));
      }
    }
    if (failures.length > 0) {
      throw failures[0];
    }
  }

  /** End it. @throws ApiError */
  async cancel(id: string): Promise<void> {
    this._senders.get(id)?.stop();
    await this._act(id, 'cancel');
  }

  /**
   * Take up what failed or was interrupted.
   *
   * @returns Whether files must be chosen again, as this page has them no more; see `resume`.
   * @throws ApiError
   */
  async retry(id: string): Promise<boolean> {
    const transfer = this.transfer(id);
    if (transfer?.kind !== 'upload') {
      await this._act(id, 'retry');
      return false;
    }
    // An answer may have been lost: what the companion has is not sent, nor asked about, again.
    const missing = new Set((await this.missing(id)).map(({ path }) => path));
    if (missing.size === 0) {
      await this._act(id, 'retry');
      return false;
    }
    const left = this._senders.get(id)?.left ?? [];
    const files = left.filter(({ path }) => missing.has(path));
    if (files.length === 0) {
      return true;
    }
    await this.resume(id, files);
    return false;
  }

  /** The files that an upload has to send yet. @throws ApiError */
  missing(id: string): Promise<readonly IMissingFile[]> {
    return this._whileBusy(id, () => this._api.missing(id));
  }

  /** Go on with an upload, with these files. @throws ApiError */
  async resume(id: string, files: readonly IUploadFile[]): Promise<void> {
    let transfer: ITransfer | undefined = this.transfer(id);
    if (transfer && !isMoving(transfer)) {
      transfer = await this._act(id, 'retry');
    }
    if (transfer) {
      // Not awaited: the caller asked to begin, and the transfer tells how it goes.
      void this._send(transfer, files, 'ask');
    }
  }

  /** Forget one that has ended. @throws ApiError */
  async forget(id: string): Promise<void> {
    await this._whileBusy(id, async () => {
      try {
        await this._api.remove(id);
      } catch (reason) {
        if (ApiError.from(reason).code !== 'not_found') {
          throw reason;
        }
      }
    });
    this._senders.delete(id);
    this._list.drop(id);
  }

  /** Forget all that are done or cancelled, and those that failed too. @throws ApiError */
  async clearFinished(): Promise<void> {
    const ended = this._shown.filter(({ can }) => can.includes('forget'));
    for (const { id } of ended) {
      await this.forget(id);
    }
  }

  /** Say what becomes of a file whose name is taken. @throws ApiError */
  async answer(id: string, answer: ITransferAnswer): Promise<void> {
    const { path, choice, for_all } = answer;
    if (this._senders.get(id)?.answer(path, choice, for_all)) {
      return;
    }
    await this._whileBusy(id, async () => {
      this._list.put(await this._api.answer(id, answer));
    });
  }

  /** Note that the user was told how it ended; never fails, as nothing would be lost. */
  async see(id: string): Promise<void> {
    try {
      this._list.put(await this._api.act(id, 'seen'));
    } catch {
      // Told again after the next reload: better twice than never.
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    for (const sender of this._senders.values()) {
      sender.stop();
    }
    this._drawing.dispose();
    this._list.dispose();
    Signal.clearData(this);
  }

  /** Whether a folder could not be made because it is there. */
  private async _isFolder(
    endpoint: string,
    path: string,
    reason: unknown
  ): Promise<boolean> {
    if (ApiError.from(reason).code !== 'exists') {
      return false;
    }
    const entry = await this._api.info(endpoint, path).catch(() => null);
    return entry?.type === 'directory';
  }

  /** Ends with the sending; whether that was not given up. */
  private async _send(
    transfer: ITransfer,
    files: readonly IUploadFile[],
    conflict: 'ask' | ConflictChoice
  ): Promise<boolean> {
    const [path] = transfer.destination?.paths ?? ['/'];
    const sender = new UploadSender({
      api: this._api,
      put: this._options.put,
      wait: this._options.wait,
      explain: this._options.explain,
      transfer,
      folder: { endpoint: transfer.destination?.endpoint ?? '', path },
      files,
      conflict,
      onChange: () => void this._drawing.invoke()
    });
    this._senders.set(transfer.id, sender);
    const ended = sender.run();
    this._draw();
    await ended;
    await this.refresh();
    this._draw();
    return !sender.isStopped;
  }

  private async _act(id: string, action: ITransferAction): Promise<ITransfer> {
    return this._whileBusy(id, async () => {
      const transfer = await this._api.act(id, action);
      this._list.put(transfer);
      return transfer;
    });
  }

  private async _whileBusy<T>(id: string, act: () => Promise<T>): Promise<T> {
    this._busy.add(id);
    this._emit();
    try {
      return await act();
    } catch (reason) {
      // It may be in another state than the one shown.
      void this.refresh();
      throw ApiError.from(reason);
    } finally {
      this._busy.delete(id);
      this._emit();
    }
  }

  private _onListed(): void {
    for (const [id, sender] of this._senders) {
      const transfer = this._list.item(id);
      const isOver = !transfer || !isMoving(transfer);
      if (transfer?.state === 'done') {
        sender.complete();
      } else if (isOver && sender.isActive) {
        // Cancelled elsewhere: nobody takes the rest.
        sender.stop();
      } else if (transfer) {
        sender.heed(transfer);
      }
      if (transfer?.state === 'done' || (!transfer && this._list.isReady)) {
        this._senders.delete(id);
      }
    }
    this._draw();
  }

  private _draw(): void {
    this._shown = this._list.items.map(transfer =>
      shownTransfer(transfer, this._senders.get(transfer.id) ?? null)
    );
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _options: TransfersModel.IOptions;
  private _api: ITransfersApi;
  private _list: Followed<ITransfer>;
  private _shown: readonly IShownTransfer[] = [];
  /** What this page sends or has sent, by transfer: kept for another try. */
  private _senders = new Map<string, UploadSender>();
  private _busy = new Set<string>();
  private _drawing = new Throttler(() => this._draw(), {
    limit: DRAW_MS,
    edge: 'trailing'
  });
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace TransfersModel {
  export interface IOptions {
    api: ITransfersApi;
    /** The companion's events; owned by the caller. */
    changes: Pick<ChangeStream, 'changed'>;
    /** Sends one file. */
    put: Put;
    /** Waits so many milliseconds. */
    wait: (ms: number) => Promise<void>;
    /** A failure of this page's own in words. */
    explain: (error: ApiError) => string;
  }
}
