/** The quota of the endpoint shown, asked for anew when it may have changed. Knows no DOM. */
import { ApiError } from '../common/request';
import type { IQuotaList } from '../common/types';
import type { IDCacheApi } from './api';
import type { DCacheModel } from './model';

/** So long an answer stands, or why there is none, while nothing is known to have changed. */
const FRESH_MS = 60_000;

/** So long it stands at least where entries came or went: dCache counts now and then, too. */
const LEAST_MS = 10_000;

export class QuotaModel {
  constructor(options: QuotaModel.IOptions) {
    this._options = options;
  }

  /** Null until it is known. Where it can't be had `message` says why. */
  get list(): IQuotaList | null {
    return this._list;
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._question++;
  }

  /** Something happened in the panel: ask if what is known may be old, and somebody looks. */
  look(): void {
    const { isShown, model } = this._options;
    const { endpoint } = model;
    clearTimeout(this._timer);
    if (endpoint === null || !isShown()) {
      return;
    }
    if (endpoint !== this._endpoint) {
      this._endpoint = endpoint;
      this._list = null;
      this._due_ms = 0;
    }
    if (this._hasOtherRows()) {
      this._due_ms = Math.min(this._due_ms, this._asked_ms + LEAST_MS);
    }
    const left_ms = this._due_ms - Date.now();
    if (left_ms <= 0) {
      void this._load(endpoint);
    } else if (left_ms <= LEAST_MS) {
      this._timer = setTimeout(() => this.look(), left_ms);
    }
  }

  /** Somebody wants to see what is now. */
  renew(): void {
    this._due_ms = 0;
    this.look();
  }

  /** Whether the folder shown has got or lost entries, which takes room or gives it back. */
  private _hasOtherRows(): boolean {
    const { filter, listing, path } = this._options.model;
    if (!listing?.isLoaded || !listing.isComplete) {
      return false;
    }
    const before = this._rows;
    const total = listing.total + listing.hidden;
    this._rows = { place: `${path}\n${filter}`, total };
    return before.place === this._rows.place && before.total !== total;
  }

  private async _load(endpoint: string): Promise<void> {
    const question = ++this._question;
    this._asked_ms = Date.now();
    this._due_ms = this._asked_ms + FRESH_MS;
    let list: IQuotaList;
    try {
      list = await this._options.api.quota(endpoint);
    } catch (reason) {
      list = { quotas: [], message: ApiError.from(reason).text };
    }
    // Who asked later gets the younger answer.
    if (question === this._question) {
      this._list = list;
      this._options.changed();
    }
  }

  private _options: QuotaModel.IOptions;
  private _endpoint: string | null = null;
  private _list: IQuotaList | null = null;
  private _asked_ms = 0;
  private _due_ms = 0;
  private _question = 0;
  private _rows = { place: '', total: 0 };
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

export namespace QuotaModel {
  export interface IOptions {
    api: Pick<IDCacheApi, 'quota'>;
    model: Pick<DCacheModel, 'endpoint' | 'filter' | 'listing' | 'path'>;
    /** Whether anybody looks at it. */
    isShown: () => boolean;
    /** `list` is another one. */
    changed: () => void;
  }
}
