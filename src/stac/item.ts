/** The item whose details are shown: its properties, assets and picture. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../common/request';
import type { IStacItem, IStacPlace } from '../common/types';
import type { IStacApi } from './api';
import { isSearch, type ISource } from './hrefs';
import type { ISelected } from './selection';

/** How long an item must stay chosen before it is asked for: arrow keys fly past many. */
const SETTLE_MS = 120;

/** A picture of the item. */
export type Picture =
  | { state: 'none' }
  | { state: 'loading' }
  | { state: 'ready'; png: ArrayBuffer }
  /** The browser loads it itself. */
  | { state: 'address'; url: string }
  | { state: 'failed'; problem: ApiError };

export type IAsset = IStacItem['assets'][number];

export class ItemModel implements IDisposable {
  constructor(api: IStacApi) {
    this._api = api;
  }

  /** Emitted when anything here changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get version(): number {
    return this._version;
  }

  /** The item, as it was chosen; null: none. */
  get chosen(): ISelected | null {
    return this._chosen;
  }

  /** All of it, once it is here. */
  get item(): IStacItem | null {
    return this._item;
  }

  get problem(): ApiError | null {
    return this._problem;
  }

  get picture(): Picture {
    return this._picture;
  }

  /** The endpoint that its `dcache:` addresses mean. */
  get endpoint(): string | null {
    return this._source?.endpoint ?? null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Show an item of a place; settles in any case. */
  async show(
    source: ISource | null,
    chosen: ISelected | null,
    settle_ms = SETTLE_MS
  ): Promise<void> {
    const isSame =
      chosen?.href === this._chosen?.href &&
      source?.href === this._source?.href;
    if (isSame && (this._item !== null || chosen === null)) {
      return;
    }
    this._control.abort();
    const control = (this._control = new AbortController());
    this._source = source;
    this._chosen = chosen;
    this._item = null;
    this._problem = null;
    this._picture = { state: 'none' };
    this._emit();
    if (chosen === null || source === null) {
      return;
    }
    await new Promise(resolve => setTimeout(resolve, settle_ms));
    if (!control.signal.aborted) {
      await this._load(source, chosen, control.signal);
    }
  }

  /** Ask again after a failure, or for what is on disk by now. */
  async retry(): Promise<void> {
    const { _source: source, _chosen: chosen } = this;
    this._item = null;
    await this.show(source, chosen, 0);
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._control.abort();
      Signal.clearData(this);
    }
  }

  private async _load(
    source: ISource,
    chosen: ISelected,
    signal: AbortSignal
  ): Promise<void> {
    try {
      const item = await (isSearch(source.href)
        ? this._api.item(source, chosen.href, signal)
        : this._api.item({ ...source, href: chosen.href }, null, signal));
      if (signal.aborted) {
        return;
      }
      this._item = item;
      this._emit();
      await this._loadPicture(item, signal);
    } catch (reason) {
      if (!signal.aborted) {
        this._problem = ApiError.from(reason);
        this._emit();
      }
    }
  }

  private async _loadPicture(
    { assets }: IStacItem,
    signal: AbortSignal
  ): Promise<void> {
    const asset = thumbnailOf(assets);
    if (asset === null) {
      return;
    }
    const { href, place } = asset;
    if (place === null || place.endpoint === null) {
      // Other schemes would be blocked, or reach where the user can't see.
      this._picture = href.startsWith('https://')
        ? { state: 'address', url: href }
        : { state: 'none' };
      this._emit();
      return;
    }
    this._picture = { state: 'loading' };
    this._emit();
    try {
      const png = await this._api.preview(place as IStacPlace, signal);
      this._setPicture({ state: 'ready', png }, signal);
    } catch (reason) {
      const problem = ApiError.from(reason);
      this._setPicture({ state: 'failed', problem }, signal);
    }
  }

  private _setPicture(picture: Picture, signal: AbortSignal): void {
    if (!signal.aborted) {
      this._picture = picture;
      this._emit();
    }
  }

  private _emit(): void {
    this._version += 1;
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _api: IStacApi;
  private _source: ISource | null = null;
  private _chosen: ISelected | null = null;
  private _item: IStacItem | null = null;
  private _problem: ApiError | null = null;
  private _picture: Picture = { state: 'none' };
  private _version = 0;
  private _control = new AbortController();
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

/** The asset that is a small picture of the item; not one whose only copy is on tape. */
export function thumbnailOf(assets: readonly IAsset[]): IAsset | null {
  const isReadable = ({ locality }: IAsset): boolean =>
    locality === null || /^ONLINE/.test(locality);
  for (const role of ['thumbnail', 'overview']) {
    const found = assets.find(
      asset =>
        (asset.roles.includes(role) || asset.key === role) && isReadable(asset)
    );
    if (found) {
      return found;
    }
  }
  return null;
}
