/** All that dCache knows of what is selected: details, picture, quota. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../common/request';
import type {
  IAttributesRequest,
  IDetails,
  IEntry,
  IQuotaList
} from '../common/types';
import { clamp } from '../common/windowed';
import type { IDCacheApi } from './api';
import { hasPreview } from './filetypes';
import { isOnTape } from './format';
import type { DCacheModel } from './model';
import type { IPlace } from './paths';
import { QuotaModel } from './quota';

/** How long an entry must be selected before it is asked about: arrow keys fly past. */
const SETTLE_MS = 200;

/** Bounds of the pane's height, in CSS pixels; the style keeps it within the panel, too. */
const MIN_HEIGHT = 80;
const MAX_HEIGHT = 1200;

/** A picture of a file, or why there is none. */
export type Picture =
  | { state: 'none' | 'on-tape' | 'loading' }
  | { state: 'ready'; png: ArrayBuffer }
  | { state: 'failed'; problem: ApiError };

const NO_PICTURE: Picture = { state: 'none' };

/** The pane below the list. It asks for nothing while it is closed or nobody looks. */
export class DetailsModel implements IDisposable {
  constructor(options: DetailsModel.IOptions) {
    this._api = options.api;
    this._model = options.model;
    this._settle_ms = options.settle_ms ?? SETTLE_MS;
    this._quota = new QuotaModel({
      api: options.api,
      model: options.model,
      isShown: () => this._isOpen && this._model.isShown,
      changed: () => this._emit()
    });
    this._model.stateChanged.connect(this._onState, this);
  }

  /** Emitted when anything here changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when `isOpen` or `height` changed: what is worth remembering. */
  get looksChanged(): ISignal<this, void> {
    return this._looksChanged;
  }

  /** Grows with every `changed`. */
  get version(): number {
    return this._version;
  }

  get isOpen(): boolean {
    return this._isOpen;
  }

  set isOpen(isOpen: boolean) {
    if (isOpen !== this._isOpen) {
      this._isOpen = isOpen;
      this._onState();
      this._emit();
      this._looksChanged.emit();
    }
  }

  /** In CSS pixels. */
  get height(): number {
    return this._height;
  }

  set height(height: number) {
    const bounded = clamp(height, MIN_HEIGHT, MAX_HEIGHT);
    if (bounded !== this._height) {
      this._height = bounded;
      this._emit();
      this._looksChanged.emit();
    }
  }

  /** The one selected entry; null when none or several are. */
  get entry(): IEntry | null {
    return this._entry;
  }

  /** Null until they are here. */
  get details(): IDetails | null {
    return this._details;
  }

  /** Why there are no details, or why a change was refused. */
  get problem(): ApiError | null {
    return this._problem;
  }

  /** Whether a change of attributes is on its way. */
  get isChanging(): boolean {
    return this._isChanging;
  }

  get picture(): Picture {
    return this._picture;
  }

  /** Of the endpoint shown; null until it is known. */
  get quota(): IQuotaList | null {
    return this._quota.list;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._model.stateChanged.disconnect(this._onState, this);
    this._drop();
    this._quota.dispose();
    Signal.clearData(this);
  }

  /** Somebody read the list again: what is shown for all of the endpoint is read, too. */
  renew(): void {
    this._quota.renew();
  }

  /** Ask again after a failure. */
  retry(): void {
    const { entry } = this;
    this.renew();
    this._drop();
    this._entry = entry;
    if (entry) {
      this._load(entry, 0);
    }
    this._emit();
  }

  /** Change labels or extended attributes. Its failure is in `problem`. */
  async change(change: Omit<IAttributesRequest, 'path'>): Promise<boolean> {
    const { _entry: entry } = this;
    const { endpoint } = this._model;
    if (entry === null || endpoint === null) {
      return false;
    }
    this._isChanging = true;
    this._problem = null;
    this._emit();
    try {
      const { path } = entry;
      const details = await this._api.changeAttributes(endpoint, {
        path,
        ...change
      });
      if (this._entry?.path === path) {
        this._details = details;
      }
      return true;
    } catch (reason) {
      if (this._entry?.path === entry.path) {
        this._problem = ApiError.from(reason);
      }
      return false;
    } finally {
      this._isChanging = false;
      this._emit();
    }
  }

  private _onState(): void {
    const { selected, isShown, selection } = this._model;
    const isOne = selected.length === 1 && selection.pending === null;
    const entry = isOne && this._isOpen && isShown ? selected[0] : null;
    this._quota.look();
    if (entry === this._entry) {
      return;
    }
    const isAnew = entry?.path === this._entry?.path && entry !== null;
    const isChanged = isAnew && !isSameEntry(entry, this._entry);
    if (isAnew && !isChanged) {
      // The list was read again and found it as it was.
      this._entry = entry;
      return;
    }
    const old = isAnew ? this._details : null;
    this._drop();
    this._entry = entry;
    this._details = old;
    if (entry !== null) {
      this._load(entry, this._settle_ms);
    }
    this._emit();
  }

  private _load(entry: IEntry, delay_ms: number): void {
    const { endpoint } = this._model;
    if (endpoint === null) {
      return;
    }
    const place = { endpoint, path: entry.path };
    const { signal } = this._control;
    this._timer = setTimeout(() => {
      void this._loadDetails(place, signal);
      void this._loadPicture(place, entry, signal);
    }, delay_ms);
  }

  private async _loadDetails(
    place: IPlace,
    signal: AbortSignal
  ): Promise<void> {
    try {
      const details = await this._api.details(place, signal);
      if (!signal.aborted) {
        this._details = details;
        this._problem = null;
      }
    } catch (reason) {
      if (!signal.aborted) {
        this._problem = ApiError.from(reason);
      }
    }
    this._emit();
  }

  private async _loadPicture(
    place: IPlace,
    entry: IEntry,
    signal: AbortSignal
  ): Promise<void> {
    if (!hasPreview(entry)) {
      return;
    }
    if (isOnTape(entry)) {
      this._picture = { state: 'on-tape' };
      return;
    }
    this._picture = { state: 'loading' };
    this._emit();
    let picture: Picture;
    try {
      const png = await this._api.preview(place, signal);
      picture = { state: 'ready', png };
    } catch (reason) {
      picture = { state: 'failed', problem: ApiError.from(reason) };
    }
    if (!signal.aborted) {
      this._picture = picture;
      this._emit();
    }
  }

  private _drop(): void {
    this._control.abort();
    this._control = new AbortController();
    clearTimeout(this._timer);
    this._entry = null;
    this._details = null;
    this._problem = null;
    this._picture = NO_PICTURE;
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._version++;
      this._changed.emit();
    }
  }

  private _api: IDCacheApi;
  private _model: DCacheModel;
  private _settle_ms: number;
  private _isOpen = false;
  private _height = 260;
  private _entry: IEntry | null = null;
  private _details: IDetails | null = null;
  private _problem: ApiError | null = null;
  private _isChanging = false;
  private _picture: Picture = NO_PICTURE;
  private _quota: QuotaModel;
  private _control = new AbortController();
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _version = 0;
  private _changed = new Signal<this, void>(this);
  private _looksChanged = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace DetailsModel {
  export interface IOptions {
    api: IDCacheApi;
    model: DCacheModel;
    /** Default 200. */
    settle_ms?: number;
  }
}

function isSameEntry(one: IEntry | null, other: IEntry | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
