/** Selecting rows of a listing: what is asked for at once, and entries that come later. Knows no DOM. */
import { ApiError } from '../common/request';
import type { IEntry } from '../common/types';
import { clamp, type IRowRange } from '../common/windowed';
import type { Listing } from './listing';
import {
  EVERYTHING,
  MAX_SELECTED,
  NOTHING,
  rangeTo,
  selectEntries,
  selectOnly,
  toggle,
  type ISelection
} from './selection';

/** Selections of more entries are not looked through after each refresh. */
const MAX_CHECKED = 200;

/** The selection of one panel. Only `check` and what it returns as promise take time; none throws. */
export class Selecting {
  constructor(options: Selecting.IOptions) {
    this._options = options;
  }

  get selection(): ISelection {
    return this._selection;
  }

  /** How many entries are drawn as selected, also those that are still on their way. */
  get count(): number {
    const { entries, pending } = this._selection;
    const total = this._listing?.total ?? 0;
    return pending
      ? Math.min(pending.end, total) - pending.first
      : entries.size;
  }

  /** Resolves when `selection.entries` is all that is drawn as selected; false if that was given up. */
  get done(): Promise<boolean> {
    return this._done;
  }

  /** How often the keyboard was given to a row: then it is to be in view. */
  get reveals(): number {
    return this._reveals;
  }

  /** Rows of another folder or order from now on. */
  attach(listing: Listing | null, selection: ISelection = NOTHING): void {
    this._stop();
    this._listing = listing;
    this._selection = selection;
  }

  /** Give a row the keyboard and select it alone. */
  select(row: number): void {
    this._onRow(row, (at, listing) => selectOnly(at, listing.entryAt(at)));
  }

  /** Give a row the keyboard and leave what is selected as it is. */
  moveTo(row: number): void {
    this._onRow(row, active => ({
      ...this._selection,
      active,
      isWaiting: false
    }));
  }

  /** Add a row to what is selected, or take it out. */
  toggle(row: number): void {
    this._onRow(row, (at, listing) =>
      toggle(this._selection, at, listing.entryAt(at))
    );
  }

  /** Move the keyboard to a row and select all between it and where the selection began. */
  extendTo(row: number): Promise<boolean> {
    this._onRow(row, active => ({
      ...this._selection,
      active,
      isWaiting: false,
      pending: rangeTo(this._selection, active)
    }));
    return this._selectPending();
  }

  /**
   * Select every row, also those that dCache has still to tell; the keyboard stays where it is.
   *
   * Until then nothing of it can be acted on: `done` waits for all.
   */
  selectAll(): Promise<boolean> {
    const { active, pending } = this._selection;
    if (pending === EVERYTHING) {
      return this._done;
    }
    this._onRow(Math.max(0, active), active => ({
      ...this._selection,
      active,
      isWaiting: false,
      pending: EVERYTHING
    }));
    return this._selectPending();
  }

  /**
   * Give the keyboard to the next row whose name begins with a text, whatever the case.
   *
   * Rows that are not here are looked through by the companion; another key gives that up.
   */
  async typeAhead(text: string): Promise<void> {
    const listing = this._listing;
    if (!listing || listing.total === 0) {
      return;
    }
    const start = text.toLocaleLowerCase();
    // One letter again leads on; more letters may still fit the row one is at.
    const step = text.length === 1 ? 1 : 0;
    const from = Math.max(0, this._selection.active + step) % listing.total;
    const isIt = ({ name }: IEntry): boolean =>
      name.toLocaleLowerCase().startsWith(start);
    const near = listing.findNear(from, isIt);
    if (near !== null) {
      this.select(near);
      return;
    }
    if (listing.isWhole) {
      return;
    }
    this._search.abort();
    this._search = new AbortController();
    const { signal } = this._search;
    try {
      const row = await listing.findBeginning(text, from, signal);
      if (row !== null && !signal.aborted) {
        this.select(row);
      }
    } catch (reason) {
      if (!signal.aborted) {
        this._options.fail(reason);
      }
    }
  }

  clear(): void {
    const { active } = this._selection;
    this._set({ ...NOTHING, active, anchor: active });
  }

  /** Rows came, moved or went: the keyboard and a single selected entry stay together. */
  follow(): void {
    const { _listing: listing, _selection: selection } = this;
    const { active, anchor, entries, isWaiting, pending } = selection;
    if (active < 0 || !listing?.isLoaded) {
      return;
    }
    const row = Math.min(active, listing.total - 1);
    const here = listing.entryAt(row);
    if (isWaiting) {
      this._selection = here ? selectOnly(row, here) : selection;
      return;
    }
    if (entries.size === 1 && active === anchor && !pending && here) {
      const [name] = entries.keys();
      const found =
        here.name === name
          ? { row, entry: here }
          : listing.findLoaded(0, entry => entry.name === name);
      if (found) {
        this._selection = selectOnly(found.row, found.entry);
        return;
      }
      if (listing.isWhole) {
        this._selection = { ...NOTHING, active: row, anchor: row };
        return;
      }
    }
    this._selection = { ...selection, active: row };
  }

  /** After a refresh: what is selected as it is now, without what is gone. */
  async check(): Promise<void> {
    const { _listing: listing, _selection: selection } = this;
    const { entries, pending } = selection;
    const isLong = entries.size > MAX_CHECKED;
    if (!listing || pending || entries.size === 0 || isLong) {
      return;
    }
    const now = new Map<string, IEntry>();
    for (const [name, old] of entries) {
      const found = listing.findLoaded(0, entry => entry.name === name);
      const entry = found?.entry ?? (await this._stillThere(listing, old));
      if (entry) {
        now.set(name, entry);
      }
    }
    const isSame = [...entries].every(
      ([name, entry]) => now.get(name) === entry
    );
    if (this._selection === selection && !isSame) {
      this._set({ ...selection, entries: now });
    }
  }

  dispose(): void {
    this._stop();
    this._listing = null;
  }

  /** The entry of a row that is not loaded; null when it is gone. */
  private async _stillThere(
    listing: Listing,
    old: IEntry
  ): Promise<IEntry | null> {
    if (listing.isWhole) {
      return null;
    }
    try {
      return await this._options.info(old);
    } catch (reason) {
      // What can't be asked now is not known to be gone.
      return ApiError.from(reason).code === 'not_found' ? null : old;
    }
  }

  private _onRow(
    row: number,
    make: (at: number, listing: Listing) => ISelection
  ): void {
    const listing = this._listing;
    if (listing && listing.total > 0) {
      this._reveals++;
      this._set(make(clamp(row, 0, listing.total - 1), listing));
    }
  }

  /** Fetch the entries of rows that are drawn as selected already. */
  private _selectPending(): Promise<boolean> {
    const { _listing: listing } = this;
    const { pending } = this._selection;
    if (listing && pending) {
      this._done = this._load(listing, pending, this._control.signal);
    }
    return this._done;
  }

  private async _load(
    listing: Listing,
    range: IRowRange,
    signal: AbortSignal
  ): Promise<boolean> {
    try {
      const entries =
        range === EVERYTHING
          ? await listing.allEntries(MAX_SELECTED, signal)
          : await listing.entriesOf(range, signal);
      if (!signal.aborted) {
        const { active } = this._selection;
        this._set(selectEntries(this._selection, active, entries));
        return true;
      }
    } catch (reason) {
      if (!signal.aborted) {
        this._set({ ...this._selection, pending: null });
        this._options.fail(reason);
      }
    }
    return false;
  }

  private _set(selection: ISelection): void {
    const { pending } = selection;
    if (pending === null || pending !== this._selection.pending) {
      this._stop();
    }
    this._search.abort();
    this._selection = selection;
    this._options.changed();
  }

  /** Give up the entries that a longer range still waits for. */
  private _stop(): void {
    this._search.abort();
    this._control.abort();
    this._control = new AbortController();
    this._done = Promise.resolve(true);
  }

  private _options: Selecting.IOptions;
  private _listing: Listing | null = null;
  private _selection: ISelection = NOTHING;
  /** Of the entries of a longer range. */
  private _control = new AbortController();
  /** Of a name that is typed. */
  private _search = new AbortController();
  private _done: Promise<boolean> = Promise.resolve(true);
  private _reveals = 0;
}

export namespace Selecting {
  export interface IOptions {
    /** What an entry is now; rejects with `not_found` when it is gone. */
    info: (entry: IEntry) => Promise<IEntry>;
    /** `selection` was replaced. */
    changed: () => void;
    /** Entries could not be fetched. */
    fail: (reason: unknown) => void;
  }
}
