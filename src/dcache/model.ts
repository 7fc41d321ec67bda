/** What the dCache panel shows: endpoint, folder, order, filter, rows, selection. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IChange } from '../common/events';
import { ApiError } from '../common/request';
import type { IEndpoint, IEntry } from '../common/types';
import type { IRowRange } from '../common/windowed';
import type { IDCache } from '../tokens';
import type { IDCacheApi, SortKey } from './api';
import { completePath } from './complete';
import { listFolder } from './folderlisting';
import { go, NOWHERE, visit } from './history';
import type { Listing } from './listing';
import { folderOf, isWithin, nameOf, splitId, type IPlace } from './paths';
import { Selecting } from './selecting';
import { NOTHING, summaryOf, elsewhere, type ISelection } from './selection';

/** By what the rows are sorted. */
export interface ISort {
  key: SortKey;
  reverse: boolean;
}

/** What of the panel outlives a page reload. */
export interface IRemembered {
  endpoint: string | null;
  path: string;
  sort: ISort;
}

/**
 * The state of the panel.
 *
 * It asks dCache for nothing before `show`, and while it is hidden it only notes that something
 * changed: nobody looks.
 */
export class DCacheModel implements IDCache, IDisposable {
  constructor(options: DCacheModel.IOptions) {
    this._api = options.api;
    this._changes = options.changes;
    this._settle_ms = options.settle_ms;
    this._selecting = new Selecting({
      info: entry => this._api.info(this.placeOf(entry)),
      changed: () => this._emit(),
      fail: reason => this._fail(reason)
    });
    this._changes.connect(this._onChange, this);
  }

  /** Emitted when anything here changed. Carries nothing: read the model. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** Emitted when endpoint, path, order or `showsHidden` changed: what is worth remembering. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Grows with every `stateChanged`. */
  get version(): number {
    return this._version;
  }

  /** The configured endpoints; null until they are known. */
  get endpoints(): readonly IEndpoint[] | null {
    return this._endpoints;
  }

  get endpoint(): string | null {
    return this._endpoint;
  }

  get path(): string {
    return this._path;
  }

  get sort(): ISort {
    return this._sort;
  }

  get filter(): string {
    return this._filter;
  }

  /** Whether names that begin with a dot are among the rows. */
  get showsHidden(): boolean {
    return this._showsHidden;
  }

  set showsHidden(value: boolean) {
    if (value === this._showsHidden) {
      return;
    }
    this._showsHidden = value;
    if (this._listing === null) {
      this._changed.emit();
    } else {
      // Nobody shall act on what is not seen.
      void this._relist(elsewhere(this.selection, value));
    }
  }

  /** The rows; null until an endpoint is known. */
  get listing(): Listing | null {
    return this._listing;
  }

  /** Why nothing, or nothing newer, can be shown. */
  get problem(): ApiError | null {
    return this._problem ?? this._listing?.problem ?? null;
  }

  get selection(): ISelection {
    return this._selecting.selection;
  }

  /** The selected entries in the order in which they were selected; see `selecting`. */
  get selected(): readonly IEntry[] {
    // Until all entries of a long range are here nobody shall act on what was selected before it.
    return this.selection.pending ? [] : summaryOf(this.selection).list;
  }

  get selectedCount(): number {
    return this._selecting.count;
  }

  /** Takes a while for a long range; see `Selecting.done`. */
  get selecting(): Promise<boolean> {
    return this._selecting.done;
  }

  /** Grows whenever the keyboard was given to a row, which is to be in view then. */
  get reveals(): number {
    return this._selecting.reveals;
  }

  /** Whether there is a folder to go back to, or forward again. */
  canGo(steps: -1 | 1): boolean {
    return go(this._history, steps) !== null;
  }

  /** Whether a URL means this endpoint without naming one. */
  isDefault(endpoint: string): boolean {
    return this._endpoints?.[0]?.name === endpoint;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._changes.disconnect(this._onChange, this);
    this._selecting.dispose();
    this._listing?.dispose();
    Signal.clearData(this);
  }

  /** Take up what was remembered. No effect once a folder is shown. */
  restore(remembered: Partial<IRemembered>): void {
    if (this._listing === null) {
      this._endpoint = remembered.endpoint ?? null;
      this._path = remembered.path ?? '/';
      this._sort = remembered.sort ?? this._sort;
    }
  }

  /** What `restore` takes. */
  get remembered(): IRemembered {
    return { endpoint: this._endpoint, path: this._path, sort: this._sort };
  }

  /** The panel came into view: load what is missing or old. */
  async show(): Promise<void> {
    this._isShown = true;
    if (this._endpoints === null) {
      await this._learnEndpoints();
    } else if (this._isOld || this._listing?.isComplete === false) {
      await this.refresh(false);
    }
  }

  /** Whether somebody looks. */
  get isShown(): boolean {
    return this._isShown;
  }

  /** The panel went out of view. */
  hide(): void {
    this._isShown = false;
  }

  /** Show a folder. Its failure is in `problem`. */
  async open(endpoint: string, path: string): Promise<void> {
    if (endpoint !== this._endpoint || path !== this._path) {
      // The field of the filter belongs to its folder.
      this._filter = '';
    }
    this._endpoint = endpoint;
    this._path = path;
    if (this._endpoints === null) {
      await this._learnEndpoints();
    } else {
      await this._relist();
    }
  }

  /** Show the folder that was shown before, or the one that was left by that. */
  async goBy(steps: -1 | 1): Promise<void> {
    const history = go(this._history, steps);
    if (history !== null) {
      this._history = history;
      const { endpoint, path } = history.places[history.at];
      await this.open(endpoint, path);
    }
  }

  /** Show another folder of the same endpoint. */
  async openPath(path: string): Promise<void> {
    if (this._endpoint !== null) {
      await this.open(this._endpoint, path);
    } else if (this._endpoints === null) {
      // Which endpoint it is shows when they are known: then this is the folder, not its home.
      this._wanted = path;
    }
  }

  /** Show the folder that holds this one, with this one selected. */
  async openParent(): Promise<void> {
    if (this._path === '/') {
      return;
    }
    const name = nameOf(this._path);
    await this.openPath(folderOf(this._path));
    this.selectName(name);
  }

  /** Show an endpoint's home. */
  async openEndpoint(name: string): Promise<void> {
    const home = this._endpoints?.find(
      endpoint => endpoint.name === name
    )?.home;
    await this.open(name, home || '/');
  }

  /** Sort by a key; a second time turns the order round. */
  sortBy(key: SortKey): void {
    const reverse = this._sort.key === key && !this._sort.reverse;
    this._sort = { key, reverse };
    // The same entries in another order: those selected stay so, the keyboard begins anew.
    void this._relist(elsewhere(this.selection, true));
  }

  /** Show only names that contain a text. */
  setFilter(filter: string): void {
    if (filter !== this._filter) {
      this._filter = filter;
      void this._relist();
    }
  }

  /**
   * Read the folder again, and the endpoints where none was known.
   *
   * @param anew - Ask dCache itself, not what the companion remembers.
   */
  async refresh(anew = true): Promise<void> {
    this._isOld = false;
    if (this._listing === null || this._problem !== null) {
      await this._loadEndpoints();
    } else {
      await this._listing.refresh(anew);
      await this._selecting.check();
    }
  }

  /** Endpoints were described or changed: ask for them again, and for the folder shown. */
  async reloadEndpoints(): Promise<void> {
    if (this._isShown) {
      await this._loadEndpoints();
    } else {
      // Asked when somebody looks.
      this._endpoints = this._learning = null;
    }
  }

  /** The folder may not be what it was: read it again, now or when somebody looks. */
  markOld(): void {
    if (this._listing === null) {
      return;
    }
    if (this._isShown) {
      void this.refresh(false);
    } else {
      this._isOld = true;
    }
  }

  /** Folders that complete a path; see `completePath`. */
  complete(
    endpoint: string,
    typed: string,
    signal: AbortSignal
  ): Promise<readonly string[]> {
    return completePath(this._api, endpoint, typed, signal);
  }

  /** The rows in view; see `Listing.look`. */
  look(range: IRowRange): void {
    this._listing?.look(range);
  }

  /** Give a row the keyboard and select it alone. */
  select(row: number): void {
    this._selecting.select(row);
  }

  /** Give a row the keyboard and leave what is selected as it is. */
  moveTo(row: number): void {
    this._selecting.moveTo(row);
  }

  /** Add a row to what is selected, or take it out. */
  toggle(row: number): void {
    this._selecting.toggle(row);
  }

  /** Move the keyboard to a row and select all between it and where the selection began. */
  extendTo(row: number): Promise<boolean> {
    return this._selecting.extendTo(row);
  }

  /** Select every row; the keyboard stays where it is. */
  selectAll(): Promise<boolean> {
    return this._selecting.selectAll();
  }

  /** Select the loaded entry of a name alone, if there is one. */
  selectName(name: string): void {
    const found = this._listing?.findLoaded(0, entry => entry.name === name);
    if (found) {
      this.select(found.row);
    }
  }

  clearSelection(): void {
    this._selecting.clear();
  }

  /** Give the keyboard to the next row whose name begins with a text; see `Selecting.typeAhead`. */
  typeAhead(text: string): Promise<void> {
    return this._selecting.typeAhead(text);
  }

  /** Where an entry lies. */
  placeOf(entry: IEntry): IPlace {
    return { endpoint: this._endpoint ?? '', path: entry.path };
  }

  /**
   * Ask for the endpoints, or wait for who asked already: a second answer would list the folder
   * again, without what was selected in it meanwhile.
   */
  private _learnEndpoints(): Promise<void> {
    if (this._learning === null) {
      const learning = this._loadEndpoints().finally(() => {
        if (this._learning === learning) {
          this._learning = null;
        }
      });
      this._learning = learning;
    }
    return this._learning;
  }

  private async _loadEndpoints(): Promise<void> {
    try {
      this._endpoints = await this._api.endpoints();
      this._problem = null;
    } catch (reason) {
      this._fail(reason);
      return;
    }
    const names = this._endpoints.map(endpoint => endpoint.name);
    const wanted = this._wanted;
    this._wanted = null;
    if (names.length === 0) {
      this._endpoint = null;
      this._drop();
      this._emit();
    } else if (this._endpoint !== null && names.includes(this._endpoint)) {
      await this._relist();
    } else if (wanted !== null) {
      await this.open(names[0], wanted);
    } else {
      await this.openEndpoint(names[0]);
    }
  }

  /** A new listing for what is to be shown now; the old one is cancelled. */
  private async _relist(selection = NOTHING): Promise<void> {
    const endpoint = this._endpoint;
    if (endpoint === null || this._isDisposed) {
      return;
    }
    this._drop();
    const { _path: path, _filter: filter, _showsHidden: hidden } = this;
    const { key, reverse } = this._sort;
    const sort = reverse ? (`-${key}` as const) : key;
    const listing = listFolder(
      this._api,
      { endpoint, path, sort, filter, hidden },
      { settle_ms: this._settle_ms, isIdle: () => !this._isShown }
    );
    this._listing = listing;
    this._history = visit(this._history, { endpoint, path });
    this._selecting.attach(listing, selection);
    listing.changed.connect(this._onListing, this);
    const loaded = listing.refresh(false);
    this._emit();
    this._changed.emit();
    await loaded;
  }

  private _drop(): void {
    this._listing?.dispose();
    this._listing = null;
    this._selecting.attach(null);
  }

  private _onListing(): void {
    this._selecting.follow();
    this._emit();
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.kind === 'endpoint') {
      void this.reloadEndpoints();
      return;
    }
    if (change.kind !== 'dcache' || this._listing === null) {
      return;
    }
    const [endpoint, path] = splitId(change.id);
    if (endpoint !== this._endpoint || !isWithin(this._path, path)) {
      return;
    }
    this.markOld();
  }

  private _fail(reason: unknown): void {
    this._problem = ApiError.from(reason);
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._version++;
      this._stateChanged.emit();
    }
  }

  private _api: IDCacheApi;
  private _changes: ISignal<unknown, IChange>;
  private _settle_ms: number | undefined;
  private _endpoints: readonly IEndpoint[] | null = null;
  private _learning: Promise<void> | null = null;
  private _endpoint: string | null = null;
  private _path = '/';
  private _sort: ISort = { key: 'name', reverse: false };
  private _filter = '';
  private _showsHidden = false;
  private _listing: Listing | null = null;
  private _selecting: Selecting;
  private _history = NOWHERE;
  private _problem: ApiError | null = null;
  /** A path that was asked for before the endpoints were known. */
  private _wanted: string | null = null;
  private _isShown = false;
  private _isOld = false;
  private _version = 0;
  private _stateChanged = new Signal<this, void>(this);
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace DCacheModel {
  export interface IOptions {
    api: IDCacheApi;
    /** What the companion pushes. */
    changes: ISignal<unknown, IChange>;
    /** See `Listing.IOptions`. */
    settle_ms?: number;
  }
}
