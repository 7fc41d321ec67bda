/** One folder's rows, fetched page by page as they are looked at. Knows no DOM. */
import { PromiseDelegate } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../common/request';
import type { IEntry, IListing } from '../common/types';
import { pagesOf, type IRowRange } from '../common/windowed';

/** Rows per request. */
export const PAGE_ROWS = 200;

/** Pages per request where many rows are wanted at once: the companion gives 1000 rows at most. */
const BULK_PAGES = 5;

/** How often a reading of many rows begins anew because the folder was listed again meanwhile. */
const BULK_TRIES = 3;

/** Of a folder that it has never listed whole the companion shows so many at first (`FIRST_PAGE`). */
const FIRST_ROWS = 200;

/** How often a folder that dCache is still telling is looked at. */
const GROWING_MS = 1000;

/** How long rows must stay in view before they are asked for, so that flying past costs nothing. */
const SETTLE_MS = 80;

/** How long to wait before other rows in view are read again because the folder changed. */
const CHANGED_MS = 1000;

/** Pages remembered; 20 000 rows are some 10 MB. */
const MAX_PAGES = 100;

/**
 * The rows of one folder in one order.
 *
 * A new folder, order or filter is a new `Listing`; this one is disposed and what it still waits
 * for is cancelled, so that a late answer can't show up under the wrong name.
 */
export class Listing implements IDisposable {
  constructor(options: Listing.IOptions) {
    this._fetchPage = options.fetchPage;
    this._find = options.find;
    this._settle_ms = options.settle_ms ?? SETTLE_MS;
    this._isIdle = options.isIdle ?? (() => false);
  }

  /** Emitted when rows, `total`, `problem` or `isLoaded` changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Entries in the folder that pass the filter; 0 until `isLoaded`. */
  get total(): number {
    return this._total;
  }

  /** As many more pass the filter, but are hidden. */
  get hidden(): number {
    return this._hidden;
  }

  /** Whether dCache has told all; until then `total` grows. */
  get isComplete(): boolean {
    return this._isComplete;
  }

  /**
   * Whether the first entries alone are known. Otherwise, while dCache tells a folder anew, the
   * rows are those of the whole listing before.
   */
  get isBeginning(): boolean {
    return !this._isComplete && this._total + this._hidden <= FIRST_ROWS;
  }

  /** Whether every row is here. */
  get isWhole(): boolean {
    const pages = Math.ceil(this._total / PAGE_ROWS);
    return this._isComplete && this._pages.size >= pages;
  }

  /** Differs when a refresh brought something new to the rows in view, or to their number. */
  get fingerprint(): string {
    const rows = this._wanted.map(page => this._pages.get(page)?.entries);
    return JSON.stringify([this._total, rows]);
  }

  /** Whether dCache has answered at least once. */
  get isLoaded(): boolean {
    return this._isLoaded;
  }

  /** Whether a first answer or a refresh is on its way. */
  get isRefreshing(): boolean {
    return this._refreshing !== null;
  }

  /** Why the last request failed, until one succeeds. */
  get problem(): ApiError | null {
    return this._problem;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    clearTimeout(this._growing);
    this._refreshControl?.abort();
    for (const control of this._underWay.values()) {
      control.abort();
    }
    this._underWay.clear();
    Signal.clearData(this);
  }

  /** The entry of a row; null while its page isn't here. */
  entryAt(row: number): IEntry | null {
    const page = this._pages.get(Math.floor(row / PAGE_ROWS));
    return page?.entries[row % PAGE_ROWS] ?? null;
  }

  /** Row and entry of the first loaded entry after `from`, round the end, that a test accepts. */
  findLoaded(
    from: number,
    test: (entry: IEntry) => boolean
  ): { row: number; entry: IEntry } | null {
    for (let step = 0; step < this._total; step++) {
      const row = (from + step) % this._total;
      const entry = this.entryAt(row);
      if (entry && test(entry)) {
        return { row, entry };
      }
    }
    return null;
  }

  /**
   * The first row from `from` on, round the end, that a test accepts; null where none does, or a
   * row before it is not here.
   */
  findNear(from: number, test: (entry: IEntry) => boolean): number | null {
    for (let step = 0; step < this._total; step++) {
      const row = (from + step) % this._total;
      const entry = this.entryAt(row);
      if (entry === null || test(entry)) {
        return entry && row;
      }
    }
    return null;
  }

  /** The row from `from` on, round the end, whose name begins with a text; null where none does. */
  async findBeginning(
    text: string,
    from: number,
    signal: AbortSignal
  ): Promise<number | null> {
    const { entries, offset } = await this._find(text, from, signal);
    return entries.length > 0 ? offset : null;
  }

  /**
   * Say which rows are looked at.
   *
   * Their pages are fetched once they have been looked at for a moment; requests for other pages
   * are cancelled.
   */
  look(range: IRowRange): void {
    const wanted = pagesOf(range, PAGE_ROWS);
    if (wanted.join() === this._wanted.join()) {
      return;
    }
    this._wanted = wanted;
    for (const [page, control] of this._underWay) {
      if (!wanted.includes(page)) {
        control.abort();
        this._underWay.delete(page);
      }
    }
    this._fetchMissingAfter(this._settle_ms);
  }

  /**
   * Read again; rows stay as they were until the answer comes.
   *
   * Calls made meanwhile share one more reading that begins after this one, since what they want
   * to see may have happened after this one began.
   *
   * @param anew - Ask dCache itself, whatever the companion remembers.
   */
  refresh(anew: boolean): Promise<void> {
    if (this._refreshing === null) {
      this._refreshing = this._refresh(anew).finally(() => {
        this._refreshing = null;
        this._emit();
      });
      this._emit();
      return this._refreshing;
    }
    this._nextAnew = this._nextAnew || anew;
    this._next ??= this._refreshing.then(() => {
      const again = this._nextAnew;
      this._next = null;
      this._nextAnew = false;
      return this._isDisposed ? undefined : this.refresh(again);
    });
    return this._next;
  }

  /**
   * The entries of a range of rows, fetched unless all are here.
   *
   * All are of one listing: a folder that is listed again meanwhile is read anew, since its rows
   * may have moved.
   *
   * @throws ApiError when rows can't be fetched, or `signal` aborted.
   */
  async entriesOf(range: IRowRange, signal?: AbortSignal): Promise<IEntry[]> {
    const pages = pagesOf(range, PAGE_ROWS);
    if (pages.every(page => this._pages.get(page)?.isOld === false)) {
      return this._loaded(range);
    }
    for (let left = BULK_TRIES; ; left--) {
      const entries = await this._bulk(range, pages, left > 1, signal);
      if (entries !== null) {
        return entries;
      }
    }
  }

  /**
   * The entries of all rows, at most so many, once more than the first ones are known.
   *
   * @throws ApiError when they can't be fetched, or `signal` aborted.
   */
  async allEntries(most: number, signal: AbortSignal): Promise<IEntry[]> {
    for (let left = BULK_TRIES; ; left--) {
      await this._begun(signal);
      const end = Math.min(this._total, most);
      const entries = await this.entriesOf({ first: 0, end }, signal);
      if (entries.length >= end || left <= 1) {
        return entries;
      }
      // There are fewer by now, or the companion has forgotten the folder: look, and read again.
      await this.refresh(false);
    }
  }

  /** Resolves when more than the first entries are known. */
  private async _begun(signal: AbortSignal): Promise<void> {
    if (!this.isBeginning) {
      return;
    }
    const look = new PromiseDelegate<void>();
    const onChanged = (): void => {
      if (this._problem) {
        look.reject(this._problem);
      } else if (!this.isBeginning) {
        look.resolve();
      }
    };
    const onAbort = (): void =>
      look.reject(new ApiError({ message: 'aborted', code: 'network' }));
    this._waiting++;
    this._changed.connect(onChanged);
    signal.addEventListener('abort', onAbort);
    try {
      // Nobody looks for the rest while there is a problem.
      onChanged();
      await look.promise;
    } finally {
      this._waiting--;
      this._changed.disconnect(onChanged);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Null when the folder was listed again meanwhile and `isStrict`. */
  private async _bulk(
    range: IRowRange,
    pages: readonly number[],
    isStrict: boolean,
    signal?: AbortSignal
  ): Promise<IEntry[] | null> {
    const entries: IEntry[] = [];
    let listed: string | null = null;
    for (let index = 0; index < pages.length; index += BULK_PAGES) {
      const page = pages[index];
      const count = Math.min(BULK_PAGES, pages.length - index);
      const part = await this._fetchPage({ page, count, anew: false, signal });
      if (isStrict && listed !== null && listed !== part.listed) {
        return null;
      }
      listed = part.listed;
      const first = Math.max(0, range.first - part.offset);
      const end = range.end - part.offset;
      for (const entry of part.entries.slice(first, end)) {
        entries.push(entry);
      }
    }
    return entries;
  }

  private _loaded(range: IRowRange): IEntry[] {
    const entries: IEntry[] = [];
    for (let row = range.first; row < range.end; row++) {
      const entry = this.entryAt(row);
      if (entry) {
        entries.push(entry);
      }
    }
    return entries;
  }

  private async _refresh(anew: boolean): Promise<void> {
    const page = this._wanted[0] ?? 0;
    // Not among the pages under way: scrolling on must not cancel it.
    this._refreshControl = new AbortController();
    const { signal } = this._refreshControl;
    try {
      const listing = await this._fetchPage({ page, anew, signal });
      if (signal.aborted) {
        return;
      }
      this._markOld();
      this._accept(page, listing);
      this._isLoaded = true;
      this._fetchMissing();
    } catch (reason) {
      if (!signal.aborted) {
        this._problem = ApiError.from(reason);
      }
    }
  }

  private _fetchMissingAfter(delay_ms: number): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._fetchMissing(), delay_ms);
  }

  /** Fetch the pages looked at that are missing or old. */
  private _fetchMissing(): void {
    if (this._isDisposed || !this._isLoaded) {
      return;
    }
    const last = Math.max(0, Math.ceil(this._total / PAGE_ROWS) - 1);
    for (const page of this._wanted) {
      const known = this._pages.get(page);
      const needed = page <= last && (!known || known.isOld);
      if (needed && !this._underWay.has(page)) {
        void this._fetch(page);
      }
    }
  }

  private async _fetch(page: number): Promise<void> {
    const control = new AbortController();
    const { signal } = control;
    this._underWay.set(page, control);
    try {
      const listing = await this._fetchPage({ page, anew: false, signal });
      if (signal.aborted) {
        return;
      }
      this._underWay.delete(page);
      if (listing.total !== this._total) {
        // The folder changed between two pages: rows have moved, the other pages are out of date.
        // A folder that changes all the time must not be read all the time.
        this._markOld();
        this._fetchMissingAfter(CHANGED_MS);
      }
      this._accept(page, listing);
    } catch (reason) {
      if (signal.aborted) {
        return;
      }
      this._underWay.delete(page);
      this._problem = ApiError.from(reason);
    }
    this._emit();
  }

  private _accept(page: number, listing: IListing): void {
    this._problem = null;
    this._total = listing.total;
    this._hidden = listing.hidden;
    this._isComplete = listing.complete;
    this._watchGrowth();
    // Set anew, so that the pages used last are last in the map's order.
    this._pages.delete(page);
    this._pages.set(page, { entries: listing.entries, isOld: false });
    for (const oldest of this._pages.keys()) {
      if (this._pages.size <= MAX_PAGES) {
        break;
      }
      if (!this._wanted.includes(oldest)) {
        this._pages.delete(oldest);
      }
    }
  }

  /** While dCache tells the rest its event may be long in coming: the companion knows how far it is. */
  private _watchGrowth(): void {
    clearTimeout(this._growing);
    if (!this._isComplete && !this._isDisposed) {
      this._growing = setTimeout(() => {
        if (!this._isIdle() || this._waiting > 0) {
          void this.refresh(false);
        }
      }, GROWING_MS);
    }
  }

  /** Pages in view are shown until their successors come; the others are forgotten. */
  private _markOld(): void {
    for (const [page, { entries }] of [...this._pages]) {
      if (this._wanted.includes(page)) {
        this._pages.set(page, { entries, isOld: true });
      } else {
        this._pages.delete(page);
      }
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _fetchPage: Listing.FetchPage;
  private _find: Listing.Find;
  private _settle_ms: number;
  private _isIdle: () => boolean;
  private _pages = new Map<
    number,
    { entries: readonly IEntry[]; isOld: boolean }
  >();
  private _underWay = new Map<number, AbortController>();
  private _wanted: number[] = [];
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _growing: ReturnType<typeof setTimeout> | undefined;
  private _total = 0;
  private _hidden = 0;
  private _isComplete = true;
  /** How many wait for more than the first entries. */
  private _waiting = 0;
  private _isLoaded = false;
  private _refreshing: Promise<void> | null = null;
  private _refreshControl: AbortController | null = null;
  private _next: Promise<void> | null = null;
  private _nextAnew = false;
  private _problem: ApiError | null = null;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace Listing {
  /** Fetches a page, or `count` of them from it on; rejects with `ApiError`. */
  export type FetchPage = (request: {
    page: number;
    /** Default 1. */
    count?: number;
    anew: boolean;
    signal?: AbortSignal;
  }) => Promise<IListing>;

  /** Asks for the first entry from a row on, round the end, whose name begins with a text. */
  export type Find = (
    text: string,
    from: number,
    signal: AbortSignal
  ) => Promise<IListing>;

  export interface IOptions {
    fetchPage: FetchPage;
    find: Find;
    /** Default 80. */
    settle_ms?: number;
    /** Whether nobody looks: then the growth of a folder isn't followed. */
    isIdle?: () => boolean;
  }
}
