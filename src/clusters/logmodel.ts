/** The log of a scheduler or of a job, read on from where the last part ended. */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../common/request';
import type { IClustersApi } from './api';

/** Where a log that is longer than this is first read from: its end. */
const FIRST_BYTES = 128 * 1024;
/** Most characters kept; older lines fall off. */
export const KEPT_CHARACTERS = 1_000_000;
const FOLLOW_MS = 2_000;

export class LogModel implements IDisposable {
  constructor(options: LogModel.IOptions) {
    this._api = options.api;
    this.cluster = options.cluster;
    this._source = options.source;
    this._poll = new Poll({
      name: 'jupyterlab-rsdat:log',
      factory: () => this._fetch(),
      frequency: { interval: FOLLOW_MS, backoff: true, max: 60_000 },
      standby: () => !this._isShown || !this._isFollowing || 'when-hidden'
    });
  }

  /** Id of the cluster. */
  readonly cluster: string;

  /** Emitted when anything here changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when another `source` was chosen. */
  get sourceChanged(): ISignal<this, void> {
    return this._sourceChanged;
  }

  get text(): string {
    return this._text;
  }

  /** Why the text is old or missing. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Whether the beginning of the log is not in `text`. */
  get isCut(): boolean {
    return this._isCut;
  }

  /** `scheduler` or a job id. */
  get source(): string {
    return this._source;
  }

  set source(source: string) {
    if (source === this._source) {
      return;
    }
    this._source = source;
    this._text = '';
    this._offset = null;
    this._error = null;
    this._isCut = false;
    this._decoder = new TextDecoder();
    // An answer for the old source that is still under way belongs to no one.
    this._pending = null;
    this._sourceChanged.emit();
    this._changed.emit();
    void this.refresh();
  }

  /** Whether new lines are read as they come, while the log is shown. */
  get isFollowing(): boolean {
    return this._isFollowing;
  }

  set isFollowing(value: boolean) {
    this._isFollowing = value;
    this._changed.emit();
    void this._poll.refresh();
  }

  /** Whether someone sees the log; it is only followed then. */
  set isShown(value: boolean) {
    this._isShown = value;
    if (value) {
      void this.refresh();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Read what is new; settles in any case. */
  refresh(): Promise<void> {
    return this._fetch().catch(() => undefined);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._poll.dispose();
    Signal.clearData(this);
  }

  private _fetch(): Promise<void> {
    if (!this._pending) {
      const pending = this._load(this._source).finally(() => {
        if (this._pending === pending) {
          this._pending = null;
        }
      });
      this._pending = pending;
    }
    return this._pending;
  }

  private async _load(source: string): Promise<void> {
    try {
      let isEnd = false;
      while (!isEnd) {
        const offset = this._offset ?? -FIRST_BYTES;
        const part = await this._api.log(this.cluster, source, offset);
        if (this._isDisposed || source !== this._source) {
          return;
        }
        if (this._offset !== null && part.size < this._offset) {
          // The log began anew, shorter than what was read: a second run of the same job.
          this._text = '';
          this._offset = 0;
          this._decoder = new TextDecoder();
          continue;
        }
        if (this._offset === null) {
          this._isCut = part.size > part.bytes.byteLength;
        }
        this._append(part.bytes);
        isEnd = part.bytes.byteLength === 0 || part.nextOffset >= part.size;
        this._offset = part.nextOffset;
      }
      this._error = null;
    } catch (reason) {
      if (this._isDisposed || source !== this._source) {
        return;
      }
      this._error = ApiError.from(reason);
      throw this._error;
    } finally {
      if (!this._isDisposed) {
        this._changed.emit();
      }
    }
  }

  private _append(bytes: ArrayBuffer): void {
    this._text += this._decoder.decode(bytes, { stream: true });
    if (this._text.length > KEPT_CHARACTERS) {
      const cut = this._text.indexOf('\n', this._text.length - KEPT_CHARACTERS);
      this._text = this._text.slice(cut + 1);
      this._isCut = true;
    }
  }

  private _api: Pick<IClustersApi, 'log'>;
  private _source: string;
  private _text = '';
  private _offset: number | null = null;
  private _decoder = new TextDecoder();
  private _error: ApiError | null = null;
  private _isCut = false;
  private _isFollowing = true;
  private _isShown = false;
  private _pending: Promise<void> | null = null;
  private _isDisposed = false;
  private _poll: Poll;
  private _changed = new Signal<this, void>(this);
  private _sourceChanged = new Signal<this, void>(this);
}

export namespace LogModel {
  export interface IOptions {
    api: Pick<IClustersApi, 'log'>;
    cluster: string;
    source: string;
  }
}
