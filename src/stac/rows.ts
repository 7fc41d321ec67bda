/** The items of one place in one order, fetched page by page as they are looked at. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../common/request';
import type { IStacItems, IStacRow } from '../common/types';
import { pagesOf, type IRowRange } from '../common/windowed';

/** Rows per request. */
export const PAGE_ROWS = 200;

/** How long rows must stay in view before they are asked for, so that flying past costs nothing. */
const SETTLE_MS = 80;

/** Pages to each side that are searched for an item among others of the same value. */
const MOST_SEARCHED = 10;

interface IPage {
  entries: readonly IStacRow[];
  /** The refresh by which it came: rows move while an index is being made. */
  age: number;
}

/** A new place, order or filter is new `ItemRows`; what these still wait for is cancelled. */
export class ItemRows implements IDisposable {
  constructor(options: ItemRows.IOptions) {
    this._options = options;
  }

  /** Emitted when rows, `total`, `problem` or `isComplete` changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Items that pass the filter, of those read by now. */
  get total(): number {
    return this._total;
  }

  /** Items read by now, with those that don't pass. */
  get read(): number {
    return this._read;
  }

  /** Whether all items were read. */
  get isComplete(): boolean {
    return this._isComplete;
  }

  /** Whether there was an answer. */
  get isLoaded(): boolean {
    return this._isLoaded;
  }

  /** Why the last request failed, until one succeeds. */
  get problem(): ApiError | null {
    return this._problem;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The item of a row; null while its page isn't here. */
  rowAt(index: number): IStacRow | null {
    const page = this._pages.get(Math.floor(index / PAGE_ROWS));
    return page?.entries[index % PAGE_ROWS] ?? null;
  }

  /** The row of an item among those that are here; -1 where it isn't. */
  indexOf(href: string): number {
    for (const [number, { entries }] of this._pages) {
      const at = entries.findIndex(row => row.href === href);
      if (at >= 0) {
        return number * PAGE_ROWS + at;
      }
    }
    return -1;
  }

  /**
   * The row of an item wherever it is, by halving what is left; -1 where it isn't found.
   *
   * @param compare - Whether the item comes before (negative), with (0) or after a row.
   * @throws ApiError
   */
  async find(
    href: string,
    compare: (row: IStacRow) => number
  ): Promise<number> {
    let low = 0;
    let high = Math.ceil(this._total / PAGE_ROWS) - 1;
    while (low <= high) {
      const middle = Math.floor((low + high) / 2);
      const entries = await this._page(middle);
      const found = this.indexOf(href);
      if (found >= 0) {
        return found;
      }
      const first = entries[0];
      const last = entries[entries.length - 1];
      if (!first || compare(first) < 0) {
        high = middle - 1;
      } else if (compare(last) > 0) {
        low = middle + 1;
      } else {
        return this._findAround(middle, href, compare);
      }
    }
    return -1;
  }

  /** Say which rows are looked at; their pages are fetched once that lasts a moment. */
  look(range: IRowRange): void {
    // Before the first answer there are no rows to look at.
    this._wanted = range.end > range.first ? pagesOf(range, PAGE_ROWS) : [0];
    clearTimeout(this._timer);
    this._timer = setTimeout(
      () => this._loadWanted(),
      this._options.settle_ms ?? SETTLE_MS
    );
  }

  /** The items of a range, fetched where they are not here. @throws ApiError */
  async range(range: IRowRange): Promise<readonly IStacRow[]> {
    for (const page of pagesOf(range, PAGE_ROWS)) {
      await this._page(page);
    }
    const rows: IStacRow[] = [];
    for (let index = range.first; index < range.end; index++) {
      const row = this.rowAt(index);
      if (row) {
        rows.push(row);
      }
    }
    return rows;
  }

  /** Ask again for what is looked at; settles in any case. */
  async refresh(): Promise<void> {
    this._age += 1;
    const pages = this._wanted.length > 0 ? this._wanted : [0];
    await Promise.all(
      pages.map(page => this._load(page).catch(() => undefined))
    );
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._control.abort();
    Signal.clearData(this);
  }

  /** Of many items with the same value, only those of some pages are looked through. */
  private async _findAround(
    page: number,
    href: string,
    compare: (row: IStacRow) => number
  ): Promise<number> {
    for (const step of [-1, 1]) {
      let at = page;
      for (let count = 0; count < MOST_SEARCHED; count++) {
        const entries = await this._page(at);
        const edge = step < 0 ? entries[0] : entries[entries.length - 1];
        if (!edge || compare(edge) !== 0) {
          break;
        }
        at += step;
        if (at < 0 || at * PAGE_ROWS >= this._total) {
          break;
        }
        await this._page(at);
        const found = this.indexOf(href);
        if (found >= 0) {
          return found;
        }
      }
    }
    return -1;
  }

  private async _page(page: number): Promise<readonly IStacRow[]> {
    if (!this._pages.has(page)) {
      await this._load(page);
    }
    return this._pages.get(page)?.entries ?? [];
  }

  private _loadWanted(): void {
    for (const page of this._wanted) {
      const known = this._pages.get(page);
      const isThere =
        page * PAGE_ROWS < this._total || (page === 0 && !this._isLoaded);
      if (isThere && (known === undefined || known.age < this._age)) {
        void this._load(page).catch(() => undefined);
      }
    }
  }

  private _load(page: number): Promise<void> {
    const key = `${page}:${this._age}`;
    let loading = this._underWay.get(key);
    if (loading === undefined) {
      loading = this._fetch(page, this._age).finally(() =>
        this._underWay.delete(key)
      );
      this._underWay.set(key, loading);
    }
    return loading;
  }

  private async _fetch(page: number, age: number): Promise<void> {
    try {
      const answer = await this._options.fetch(
        page * PAGE_ROWS,
        PAGE_ROWS,
        this._control.signal
      );
      const known = this._pages.get(page);
      if (this._isDisposed || (known && known.age > age)) {
        return;
      }
      this._pages.set(page, { entries: answer.entries, age });
      this._total = answer.total;
      this._read = answer.read;
      this._isComplete = answer.complete;
      this._isLoaded = true;
      this._problem = null;
    } catch (reason) {
      if (this._isDisposed) {
        return;
      }
      this._problem = ApiError.from(reason);
      this._changed.emit();
      throw this._problem;
    }
    this._changed.emit();
  }

  private _options: ItemRows.IOptions;
  private _pages = new Map<number, IPage>();
  private _underWay = new Map<string, Promise<void>>();
  private _wanted: number[] = [];
  private _age = 0;
  private _total = 0;
  private _read = 0;
  private _isComplete = false;
  private _isLoaded = false;
  private _problem: ApiError | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _control = new AbortController();
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace ItemRows {
  export interface IOptions {
    fetch: (
      offset: number,
      limit: number,
      signal: AbortSignal
    ) => Promise<IStacItems>;
    settle_ms?: number;
  }
}
