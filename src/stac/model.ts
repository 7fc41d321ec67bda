/** The items of one place (a collection, a search): filter, order, rows, selection. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Debouncer, Poll, Throttler } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream, IChange } from '../common/events';
import { ApiError } from '../common/request';
import type {
  IStacAssets,
  IStacFootprints,
  IStacSelection,
  IStacSummary
} from '../common/types';
import type { IRowRange } from '../common/windowed';
import type { IStacApi, Sort, SortKey } from './api';
import { dataAssets } from './assets';
import { withPart, type IFilter } from './filter';
import type { ISource } from './hrefs';
import { ItemModel } from './item';
import { orderOf } from './order';
import { ItemRows, PAGE_ROWS } from './rows';
import {
  isSelected,
  NOTHING,
  rangeTo,
  selectAll,
  selectOnly,
  selectRange,
  toggle,
  type ISelected,
  type ISelection
} from './selection';

/** Filters that follow each other quicker than this make one request, as from a moved handle. */
const FILTER_MS = 200;
/** Events closer together share one request. */
const SPACING_MS = 700;
/** How often to look while items are being read, in case an event was lost. */
const GROWING_MS = 4_000;
const BACKOFF_MS = 60_000;

export class ItemsModel implements IDisposable {
  constructor(options: ItemsModel.IOptions) {
    this._api = options.api;
    this._changes = options.changes;
    this._changes.connect(this._onEvent, this);
    this.item = new ItemModel(options.api);
    this._poll = new Poll({
      name: 'rsdat-stac-items',
      factory: () => this.refresh(),
      frequency: { interval: GROWING_MS, backoff: true, max: BACKOFF_MS },
      standby: () => !this.isSeen || !this._isGrowing || 'when-hidden'
    });
  }

  /** The item in the details. */
  readonly item: ItemModel;

  /** Whether somebody looks: only then is asked again by itself. */
  isSeen = false;

  /** Emitted when anything here changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Grows with every change. */
  get version(): number {
    return this._version;
  }

  /** Whose items are shown; null: nothing yet. */
  get source(): ISource | null {
    return this._source;
  }

  get filter(): IFilter {
    return this._filter;
  }

  get sort(): { key: SortKey; reverse: boolean } {
    const reverse = this._sort.startsWith('-');
    return { key: this._sort.replace('-', '') as SortKey, reverse };
  }

  /** Null without a source. */
  get rows(): ItemRows | null {
    return this._rows;
  }

  /** Of the items that pass all but the filter of time, whose picture it is. */
  get summary(): IStacSummary | null {
    return this._summary;
  }

  get footprints(): IStacFootprints | null {
    return this._footprints;
  }

  /** Why there is no picture of times or places. */
  get problem(): ApiError | null {
    return this._problem;
  }

  get selection(): ISelection {
    return this._selection;
  }

  /** Counts movements of the active row by keyboard or map: then it is scrolled into view. */
  get reveals(): number {
    return this._reveals;
  }

  /** How many items a command acts on: those selected, or all that pass the filter. */
  get count(): number {
    return this._selection.items.size || (this._rows?.total ?? 0);
  }

  /** Keys of assets that were chosen; null: those that are data. */
  get chosenAssets(): readonly string[] | null {
    return this._assets;
  }

  /** Keys of assets that code opens and copies bring. */
  get assets(): readonly string[] {
    return this._assets ?? dataAssets(this._summary);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Show another place, without a filter. */
  show(source: ISource | null): void {
    const isSame =
      source?.href === this._source?.href &&
      source?.endpoint === this._source?.endpoint;
    if (isSame) {
      void this.refresh();
      return;
    }
    this._source = source;
    this._filter = {};
    this._assets = null;
    this._reload(true);
  }

  /** Replace a part of the filter; undefined or empty ends it. */
  setFilter(part: IFilter): void {
    const filter = withPart(this._filter, part);
    if (JSON.stringify(filter) === JSON.stringify(this._filter)) {
      return;
    }
    this._needsSummary ||=
      filter.bbox !== this._filter.bbox || filter.text !== this._filter.text;
    this._filter = filter;
    this._emit();
    void this._filtering.invoke();
  }

  clearFilter(): void {
    this.setFilter({ bbox: undefined, datetime: undefined, text: undefined });
  }

  /** Sort by a column; again: the other way round. */
  sortBy(key: SortKey): void {
    const { key: old, reverse } = this.sort;
    const isDown = old === key ? !reverse : key === 'datetime';
    this._sort = isDown ? `-${key}` : key;
    this._reloadRows();
    this._emit();
  }

  chooseAssets(keys: readonly string[] | null): void {
    this._assets = keys;
    this._emit();
  }

  look(range: IRowRange): void {
    this._rows?.look(range);
  }

  /** Ask again for all that is shown; settles in any case. */
  async refresh(): Promise<void> {
    await Promise.all([this._rows?.refresh(), this._loadPictures(true)]);
  }

  select(row: number): void {
    this._select(selectOnly(row, this._rows?.rowAt(row) ?? null));
  }

  toggle(row: number): void {
    const item = this._rows?.rowAt(row) ?? null;
    this._select(toggle(this._selection, row, item));
  }

  /** The keyboard goes to a row, the selection stays. */
  moveTo(row: number): void {
    this._select({ ...this._selection, active: row, anchor: row });
  }

  /** Select from where the range began to a row; settles in any case. */
  async extendTo(row: number): Promise<void> {
    const rows = this._rows;
    if (rows === null) {
      return;
    }
    const before = { ...this._selection, active: row };
    this._select(before);
    try {
      const items = await rows.range(rangeTo(before, row));
      // Another selection was made meanwhile.
      if (this._selection === before) {
        this._select(selectRange(before, row, items));
      }
    } catch {
      // The rows tell what is wrong.
    }
  }

  selectAll(): void {
    if ((this._rows?.total ?? 0) > 0) {
      this._select(selectAll(this._selection));
    }
  }

  clearSelection(): void {
    this._select({ ...NOTHING, active: this._selection.active });
  }

  /** Select an item by its address, as the map does; its row comes into view where it is known. */
  async pick(item: ISelected, isAdded: boolean): Promise<void> {
    const rows = this._rows;
    const row = rows?.indexOf(item.href) ?? -1;
    const known = (row >= 0 && rows?.rowAt(row)) || item;
    const selection = isAdded
      ? toggle(this._selection, row, known)
      : selectOnly(row, known);
    this._reveals += 1;
    this._select(selection);
    void this.item.show(this._source, known);
    if (row >= 0 || rows === null) {
      return;
    }
    const found = await this._find(rows, item).catch(() => -1);
    if (found >= 0 && this._selection === selection) {
      this._reveals += 1;
      this._select({ ...selection, active: found, anchor: found });
    }
  }

  /** The keyboard moved: the active row has to be seen. */
  reveal(): void {
    this._reveals += 1;
  }

  /** What is acted on, for the companion; null without a source. */
  request(assets: readonly string[] | null = this.assets): IStacAssets | null {
    return this._source === null
      ? null
      : {
          href: this._source.href,
          endpoint: this._source.endpoint,
          selection: this._choice(),
          assets: assets === null ? null : [...assets]
        };
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._changes.disconnect(this._onEvent, this);
    this._poll.dispose();
    this._filtering.dispose();
    this._following.dispose();
    this._control.abort();
    this._rows?.dispose();
    this.item.dispose();
    Signal.clearData(this);
  }

  /** The row of an item that isn't here; the map knows neither its time nor what else is sorted by. */
  private async _find(rows: ItemRows, item: ISelected): Promise<number> {
    const { entries } = await this._api.items({
      source: this._source!,
      filter: { ...this._filter, text: item.id },
      // Before the longer ids that begin with it.
      sort: 'id',
      offset: 0,
      limit: PAGE_ROWS
    });
    const whole = entries.find(({ href }) => href === item.href);
    const order = orderOf(this._sort);
    return whole === undefined
      ? -1
      : rows.find(item.href, row => order(whole, row));
  }

  private _choice(): IStacSelection {
    const { items } = this._selection;
    return items.size > 0 ? { items: [...items.keys()] } : { ...this._filter };
  }

  private _select(selection: ISelection): void {
    this._selection = selection;
    const active = this._rows?.rowAt(selection.active);
    if (active && isSelected(selection, active.href)) {
      void this.item.show(this._source, active);
    }
    this._emit();
  }

  private _reload(isNew: boolean): void {
    if (isNew) {
      this._summary = null;
      this._footprints = null;
      void this.item.show(null, null);
    }
    this._problem = null;
    this._reloadRows();
    void this._loadPictures(isNew || this._needsSummary);
    this._needsSummary = false;
    this._emit();
  }

  private _reloadRows(): void {
    this._rows?.dispose();
    const source = this._source;
    this._selection = NOTHING;
    if (source === null) {
      this._rows = null;
      return;
    }
    const filter = this._filter;
    const sort = this._sort;
    const rows = new ItemRows({
      fetch: (offset, limit, signal) =>
        this._api.items({ source, filter, sort, offset, limit }, signal)
    });
    rows.changed.connect(this._emit, this);
    this._rows = rows;
    rows.look({ first: 0, end: 1 });
  }

  /** Ask for outlines and, where it may have changed, the picture of times. */
  private async _loadPictures(withSummary: boolean): Promise<void> {
    const source = this._source;
    this._control.abort();
    this._control = new AbortController();
    if (source === null) {
      return;
    }
    const { signal } = this._control;
    const untimed = withPart(this._filter, { datetime: undefined });
    try {
      const [footprints, summary] = await Promise.all([
        this._api.footprints(source, this._filter, signal),
        withSummary || this._summary === null
          ? this._api.summary(source, untimed, signal)
          : this._summary
      ]);
      if (!signal.aborted) {
        this._footprints = footprints;
        this._summary = summary;
        this._problem = null;
        this._emit();
      }
    } catch (reason) {
      if (!signal.aborted) {
        this._problem = ApiError.from(reason);
        this._emit();
      }
    }
  }

  private get _isGrowing(): boolean {
    return this._rows !== null && this._rows.isLoaded && !this._rows.isComplete;
  }

  private _onEvent(_: unknown, { kind, id }: IChange): void {
    if (kind === 'stac' && id === this._source?.href && !this._isDisposed) {
      void this._following.invoke();
    }
  }

  private _emit(): void {
    this._version += 1;
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _api: IStacApi;
  private _changes: ISignal<unknown, IChange>;
  private _source: ISource | null = null;
  private _filter: IFilter = {};
  private _sort: Sort = '-datetime';
  private _rows: ItemRows | null = null;
  private _summary: IStacSummary | null = null;
  private _needsSummary = false;
  private _footprints: IStacFootprints | null = null;
  private _problem: ApiError | null = null;
  private _selection: ISelection = NOTHING;
  private _assets: readonly string[] | null = null;
  private _reveals = 0;
  private _version = 0;
  private _control = new AbortController();
  private _filtering = new Debouncer(() => this._reload(false), FILTER_MS);
  private _following = new Throttler(() => this.refresh(), {
    limit: SPACING_MS,
    edge: 'trailing'
  });
  private _poll: Poll;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace ItemsModel {
  export interface IOptions {
    api: IStacApi;
    /** The companion's events; owned by the caller. */
    changes: ChangeStream['changed'];
  }
}
