/**
 * The companion's preview of what is filled in: asked when typing pauses, never an old answer.
 *
 * A preview that fails is told and blocks nothing.
 */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../../common/request';
import type { IClusterRequest, IPreview } from '../../common/types';
import type { IClustersApi } from '../api';

/** How long typing has to pause. */
const PAUSE_MS = 400;

export class PreviewModel implements IDisposable {
  constructor(api: Pick<IClustersApi, 'preview'>) {
    this._api = api;
  }

  /** Emitted when anything below changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The last answer; of an older request while `isPending`. */
  get preview(): IPreview | null {
    return this._preview;
  }

  /** Why there is no answer to the last request. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Whether the answer to the last request is still to come. */
  get isPending(): boolean {
    return this._isPending;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask for a preview soon; null for what can't be sent, of which there is none. */
  ask(request: IClusterRequest | null): void {
    const text = JSON.stringify(request);
    // A preset may have been saved after its dialog was closed.
    if (text === this._asked || this._isDisposed) {
      return;
    }
    this._asked = text;
    this._stop();
    this._isPending = request !== null;
    this._error = null;
    if (request === null) {
      this._preview = null;
    } else {
      this._timer = setTimeout(() => void this._load(request), PAUSE_MS);
    }
    this._changed.emit();
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._stop();
    Signal.clearData(this);
  }

  private async _load(request: IClusterRequest): Promise<void> {
    const abort = (this._abort = new AbortController());
    let preview: IPreview | null = null;
    let error: ApiError | null = null;
    try {
      preview = await this._api.preview(request, abort.signal);
    } catch (reason) {
      error = ApiError.from(reason);
    }
    if (abort.signal.aborted) {
      return;
    }
    this._preview = preview;
    this._error = error;
    this._isPending = false;
    this._changed.emit();
  }

  private _stop(): void {
    clearTimeout(this._timer);
    this._abort?.abort();
    this._abort = null;
  }

  private _api: Pick<IClustersApi, 'preview'>;
  private _asked = 'null';
  private _preview: IPreview | null = null;
  private _error: ApiError | null = null;
  private _isPending = false;
  private _abort: AbortController | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
