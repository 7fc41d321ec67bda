/** A search in a STAC API: where, what for, and how far it is. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Poll, Throttler } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream, IChange } from '../common/events';
import { ApiError } from '../common/request';
import type {
  IStacApi as IStacService,
  IStacCollections,
  IStacSearch,
  IStacSearchRequest
} from '../common/types';
import type { IStacApi } from './api';
import { intervalText, parseBox } from './filter';

const RUNNING_MS = 2_000;
const BACKOFF_MS = 30_000;
const SPACING_MS = 500;
/** The companion was restarted, or had too many. */
const NO_SEARCH = 'no_search';

/** As in docs/api.yaml, StacSearchRequest. */
export const MOST_ITEMS = 100_000;
export const USUAL_ITEMS = 1_000;

/** One condition on a property, as typed. */
export interface ICondition {
  property: string;
  operator: Operator;
  value: string;
}

export const OPERATORS = ['<', '<=', '=', '>=', '>', '!='] as const;
export type Operator = (typeof OPERATORS)[number];

/** As typed. */
export interface ISearchFields {
  /** Of the API's landing page. */
  url: string;
  collections: readonly string[];
  bbox: string;
  /** Days, `2024-05-01`; empty: open. */
  start: string;
  end: string;
  conditions: readonly ICondition[];
  limit: string;
}

export const EMPTY: ISearchFields = {
  url: '',
  collections: [],
  bbox: '',
  start: '',
  end: '',
  conditions: [],
  limit: String(USUAL_ITEMS)
};

/** What of the fields is wrong. */
export type Problem = 'url' | 'bbox' | 'time' | 'limit' | 'condition';

/** What the companion is asked for, or which fields are wrong. */
export function requestOf(
  fields: ISearchFields
): { request: IStacSearchRequest } | { problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const box = fields.bbox.trim() === '' ? null : parseBox(fields.bbox);
  const limit = Number(fields.limit);
  const start = fields.start === '' ? null : new Date(fields.start);
  // The whole of the last day.
  const end = fields.end === '' ? null : new Date(`${fields.end}T23:59:59Z`);
  const conditions = fields.conditions.filter(
    ({ property, value }) => property.trim() !== '' || value.trim() !== ''
  );
  if (!/^https?:\/\/./.test(fields.url)) {
    problems.push('url');
  }
  if (fields.bbox.trim() !== '' && box === null) {
    problems.push('bbox');
  }
  if (
    [start, end].some(date => date && Number.isNaN(date.getTime())) ||
    (start && end && start > end)
  ) {
    problems.push('time');
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ITEMS) {
    problems.push('limit');
  }
  if (
    conditions.some(({ property, value }) => !property.trim() || !value.trim())
  ) {
    problems.push('condition');
  }
  if (problems.length > 0) {
    return { problems };
  }
  const datetime = intervalText(start, end);
  return {
    request: {
      url: fields.url,
      ...(fields.collections.length > 0
        ? { collections: [...fields.collections] }
        : {}),
      ...(box ? { bbox: [...box] } : {}),
      ...(datetime ? { datetime } : {}),
      ...(conditions.length > 0
        ? {
            query: conditions.map(
              ({ property, operator, value }) =>
                `${property.trim()}${operator}${value.trim()}`
            )
          }
        : {}),
      limit
    }
  };
}

export class SearchModel implements IDisposable {
  constructor(options: { api: IStacApi; changes: ChangeStream['changed'] }) {
    this._api = options.api;
    this._changes = options.changes;
    this._changes.connect(this._onEvent, this);
    this._poll = new Poll({
      name: 'rsdat-stac-search',
      factory: () => this._look(),
      frequency: { interval: RUNNING_MS, backoff: true, max: BACKOFF_MS },
      standby: () => !this.isRunning || 'when-hidden'
    });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when a search began, with its address; null: what it found is forgotten. */
  get began(): ISignal<this, string | null> {
    return this._began;
  }

  get version(): number {
    return this._version;
  }

  get fields(): ISearchFields {
    return this._fields;
  }

  /** Null until they are known. */
  get apis(): readonly IStacService[] | null {
    return this._apis;
  }

  /** Of the chosen API; null while they are asked for. */
  get collections(): IStacCollections | null {
    return this._collections;
  }

  /** Why APIs or collections can't be shown. */
  get problem(): ApiError | null {
    return this._problem;
  }

  get search(): IStacSearch | null {
    return this._search;
  }

  /** What was asked for by the search that is shown. */
  get request(): IStacSearchRequest | null {
    return this._request;
  }

  /** Why a search could not begin. */
  get failure(): ApiError | null {
    return this._failure;
  }

  get isRunning(): boolean {
    return this._isBeginning || this._search?.state === 'running';
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  set(part: Partial<ISearchFields>): void {
    const { url } = this._fields;
    this._fields = { ...this._fields, ...part };
    this._failure = null; // it was of what was asked before
    if (this._fields.url !== url) {
      this._fields = { ...this._fields, collections: [] };
      void this.loadCollections();
    }
    this._emit();
  }

  /** Ask which APIs there are; the only one is chosen. Settles in any case. */
  async loadApis(): Promise<void> {
    try {
      this._apis = await this._api.apis();
      this._problem = null;
    } catch (reason) {
      this._problem = ApiError.from(reason);
    }
    this._emit();
    this._chooseOnly();
  }

  /** Ask which collections the chosen API has; settles in any case. */
  async loadCollections(): Promise<void> {
    this._control.abort();
    this._control = new AbortController();
    this._collections = null;
    this._problem = null;
    const { url } = this._fields;
    if (url === '') {
      return;
    }
    const { signal } = this._control;
    try {
      const collections = await this._api.collections(url, signal);
      if (!signal.aborted) {
        this._collections = collections;
        this._emit();
      }
    } catch (reason) {
      if (!signal.aborted) {
        this._problem = ApiError.from(reason);
        this._emit();
      }
    }
  }

  /** Save an API under a name and choose it. @throws ApiError */
  async addApi(name: string, url: string): Promise<void> {
    const added = await this._api.saveApi(name, url);
    const others = (this._apis ?? []).filter(api => api.name !== added.name);
    this._apis = [...others, added];
    this.set({ url: added.url });
  }

  /** Forget an API that the user saved. @throws ApiError */
  async removeApi(name: string): Promise<void> {
    await this._api.removeApi(name);
    const gone = this._apis?.find(api => api.name === name);
    this._apis = (this._apis ?? []).filter(api => api.name !== name);
    if (gone?.url === this._fields.url) {
      this.set({ url: '' });
      this._chooseOnly();
    }
    this._emit();
  }

  /** Begin; settles in any case. Another search is forgotten. */
  async start(): Promise<void> {
    const asked = requestOf(this._fields);
    if (this._isBeginning || 'problems' in asked) {
      return;
    }
    this._isBeginning = true;
    this._isUnwanted = false;
    this._failure = null;
    await this._forget();
    this._emit();
    try {
      this._search = await this._api.search(asked.request);
      this._request = asked.request;
      this._began.emit(this._search.href);
    } catch (reason) {
      this._failure = ApiError.from(reason);
    }
    this._isBeginning = false;
    this._emit();
    if (this._isUnwanted) {
      await this.stop();
    }
  }

  /** End the search under way; what it found so far stays. Settles in any case. */
  async stop(): Promise<void> {
    // One that only begins has no name yet, and ends as soon as it has one.
    this._isUnwanted = true;
    const search = this._search;
    if (search?.state !== 'running') {
      return;
    }
    try {
      this._take(search, await this._api.stopSearch(search.id));
    } catch (reason) {
      this._fail(search, ApiError.from(reason));
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._changes.disconnect(this._onEvent, this);
    this._control.abort();
    this._poll.dispose();
    this._following.dispose();
    if (this._search) {
      void this._api.endSearch(this._search.id).catch(() => undefined);
    }
    Signal.clearData(this);
  }

  /** Choose the only API; of several none: the first would be asked for its collections unasked. */
  private _chooseOnly(): void {
    const [only, ...others] = this._apis ?? [];
    if (this._fields.url === '' && only && others.length === 0) {
      this.set({ url: only.url });
    }
  }

  private async _forget(): Promise<void> {
    const search = this._search;
    if (search === null) {
      return;
    }
    this._search = null;
    this._request = null;
    this._began.emit(null);
    // A companion that was restarted has forgotten it already.
    await this._api.endSearch(search.id).catch(() => undefined);
  }

  private async _look(): Promise<void> {
    const search = this._search;
    if (search === null) {
      return;
    }
    try {
      this._take(search, await this._api.searchState(search.id));
    } catch (reason) {
      const error = ApiError.from(reason);
      if (error.code !== NO_SEARCH) {
        throw error;
      }
      this._fail(search, error);
    }
  }

  private _take(asked: IStacSearch, now: IStacSearch): void {
    // An answer from before it was stopped may come after that.
    if (this._search?.id !== asked.id || this._search.state === 'cancelled') {
      return;
    }
    this._search = now;
    if (now.state === 'cancelled' && this._request !== null) {
      // Code for a notebook asks for as many, and not for those that were not waited for.
      const limit = Math.max(1, now.found);
      this._request = { ...this._request, limit };
    }
    this._emit();
  }

  private _fail(asked: IStacSearch, error: ApiError): void {
    if (this._search?.id !== asked.id) {
      return;
    }
    this._failure = error;
    if (error.code === NO_SEARCH) {
      this._search = null;
      this._began.emit(null);
    }
    this._emit();
  }

  private _onEvent(_: unknown, { kind, id }: IChange): void {
    if (kind === 'stac' && id === this._search?.href) {
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
  private _fields: ISearchFields = EMPTY;
  private _apis: readonly IStacService[] | null = null;
  private _collections: IStacCollections | null = null;
  private _problem: ApiError | null = null;
  private _search: IStacSearch | null = null;
  private _request: IStacSearchRequest | null = null;
  private _failure: ApiError | null = null;
  private _isBeginning = false;
  private _isUnwanted = false;
  private _version = 0;
  private _control = new AbortController();
  private _poll: Poll;
  private _following = new Throttler(
    () => this._look().catch(() => undefined),
    { limit: SPACING_MS, edge: 'trailing' }
  );
  private _changed = new Signal<this, void>(this);
  private _began = new Signal<this, string | null>(this);
  private _isDisposed = false;
}
