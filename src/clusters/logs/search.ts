/** A search through the logs of a cluster: what is looked for, and what the last look found. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../../common/request';
import type { ILogMatches } from '../../common/types';
import type { IClustersApi } from '../api';

export type ILogMatch = ILogMatches['matches'][number];

export class LogSearch implements IDisposable {
  constructor(options: LogSearch.IOptions) {
    this._options = options;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What stands in the form. It is kept here because a tab that is moved is drawn anew. */
  get form(): LogSearch.IForm {
    return this._form;
  }

  /** Write into the form. */
  fill(change: Partial<LogSearch.IForm>): void {
    this._form = { ...this._form, ...change };
    this._changed.emit();
  }

  /** What was looked for last; empty when nothing is shown. */
  get text(): string {
    return this._text;
  }

  /** What was found; null while a search is under way, or none was made. */
  get found(): ILogMatches | null {
    return this._found;
  }

  get isBusy(): boolean {
    return this._isBusy;
  }

  get error(): ApiError | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Look for a text; settles in any case. The answer of an earlier search is dropped. */
  async run(text: string, options: LogSearch.IScope = {}): Promise<void> {
    const count = ++this._count;
    if (!text) {
      this.clear();
      return;
    }
    this._text = text;
    this._found = null;
    this._error = null;
    this._isBusy = true;
    this._changed.emit();
    const { api, cluster } = this._options;
    let found: ILogMatches | null = null;
    let error: ApiError | null = null;
    try {
      found = await api.searchLogs(cluster, { text, ...options });
    } catch (reason) {
      error = ApiError.from(reason);
    }
    if (count === this._count && !this._isDisposed) {
      this._found = found;
      this._error = error;
      this._isBusy = false;
      this._changed.emit();
    }
  }

  /** Show nothing any more. */
  clear(): void {
    this._count += 1;
    this._text = '';
    this._found = null;
    this._error = null;
    this._isBusy = false;
    this._changed.emit();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _options: LogSearch.IOptions;
  private _form: LogSearch.IForm = {
    text: '',
    isOnlyThis: false,
    matchCase: false
  };
  private _text = '';
  private _found: ILogMatches | null = null;
  private _isBusy = false;
  private _error: ApiError | null = null;
  private _count = 0;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

export namespace LogSearch {
  export interface IOptions {
    api: Pick<IClustersApi, 'searchLogs'>;
    cluster: string;
  }

  export interface IForm {
    text: string;
    isOnlyThis: boolean;
    matchCase: boolean;
  }

  export interface IScope {
    /** Only in this log. */
    source?: string;
    /** Capitals and small letters differ. */
    matchCase?: boolean;
  }
}
