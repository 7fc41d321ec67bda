/** The dialog of endpoints: which there are, which one is described, what a test found. Knows no DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../../common/request';
import type { IEndpoint, IEndpointTest } from '../../common/types';
import type { IEndpointsApi } from './api';
import {
  endpointFields,
  endpointProblems,
  endpointRequest,
  type IEndpointFields,
  type IFieldProblems
} from './fields';

/** What a test found, or that it runs. */
export interface ITestState {
  /** Name of the endpoint; null for the one that is being described. */
  name: string | null;
  isRunning: boolean;
  result: IEndpointTest | null;
  error: ApiError | null;
}

export class EndpointsModel implements IDisposable {
  constructor(options: EndpointsModel.IOptions) {
    this._options = options;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Null until they are known. */
  get endpoints(): readonly IEndpoint[] | null {
    return this._endpoints;
  }

  /** Why something that was asked for failed. */
  get error(): ApiError | null {
    return this._error;
  }

  /** What is typed; null while the list is shown. */
  get fields(): IEndpointFields | null {
    return this._fields;
  }

  /** The endpoint that is being changed; null for a new one. */
  get edited(): IEndpoint | null {
    return this._edited;
  }

  /** What is wrong with what is typed. */
  get problems(): IFieldProblems {
    return this._fields
      ? endpointProblems(
          this._fields,
          this._edited ? [] : (this._endpoints ?? []).map(({ name }) => name),
          this._options.trans
        )
      : {};
  }

  get test(): ITestState | null {
    return this._test;
  }

  get isSaving(): boolean {
    return this._isSaving;
  }

  /** Name of the endpoint that is asked about to be deleted. */
  get doomed(): string | null {
    return this._doomed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask for the endpoints. */
  async load(): Promise<void> {
    await this._try(async () => {
      this._endpoints = await this._options.api.list();
    });
  }

  /** Describe a new endpoint, or change one. */
  edit(endpoint: IEndpoint | null): void {
    this._edited = endpoint;
    this._fields = endpointFields(endpoint);
    this._error = null;
    this._dropTest();
    this._emit();
  }

  /** Fill in some fields. */
  set(part: Partial<IEndpointFields>): void {
    if (this._fields) {
      this._fields = { ...this._fields, ...part };
      this._emit();
    }
  }

  /** Back to the list; what was typed, secrets too, is forgotten. */
  leave(): void {
    this._fields = null;
    this._edited = null;
    this._error = null;
    this._dropTest();
    this._emit();
  }

  /** Save what is typed, and go back to the list. */
  async save(): Promise<void> {
    const fields = this._fields;
    if (!fields || this._isSaving || Object.keys(this.problems).length > 0) {
      return;
    }
    this._isSaving = true;
    const isDone = await this._try(async () => {
      const request = endpointRequest(fields, this._edited);
      await this._options.api.save(fields.name, request);
    });
    this._isSaving = false;
    if (isDone) {
      this.leave();
      await this.load();
      this._options.onChanged();
    } else {
      this._emit();
    }
  }

  /** Ask whether to delete one; null takes the question back. */
  askRemove(name: string | null): void {
    this._doomed = name;
    this._emit();
  }

  /** Forget the endpoint that was asked about. */
  async remove(): Promise<void> {
    const name = this._doomed;
    if (name === null) {
      return;
    }
    this._doomed = null;
    const isDone = await this._try(() => this._options.api.remove(name));
    await (isDone ? this.load() : undefined);
    if (isDone) {
      this._options.onChanged();
    }
  }

  /** Try one out as it is saved; without a name as it is described. */
  async runTest(name: string | null): Promise<void> {
    const fields = this._fields;
    this._dropTest();
    const control = new AbortController();
    this._control = control;
    const set = (part: Partial<ITestState>): void => {
      if (this._control === control) {
        this._test = {
          name,
          isRunning: false,
          result: null,
          error: null,
          ...part
        };
        this._emit();
      }
    };
    set({ isRunning: true });
    try {
      const result = await this._options.api.test(
        name ?? (fields?.name || 'new'),
        name === null && fields ? endpointRequest(fields, this._edited) : {},
        control.signal
      );
      set({ result });
    } catch (reason) {
      set({ error: ApiError.from(reason) });
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._fields = null;
    this._dropTest();
    Signal.clearData(this);
  }

  private _dropTest(): void {
    this._control?.abort();
    this._control = null;
    this._test = null;
  }

  private async _try(action: () => Promise<unknown>): Promise<boolean> {
    this._error = null;
    this._emit();
    try {
      await action();
      return true;
    } catch (reason) {
      this._error = ApiError.from(reason);
      return false;
    } finally {
      this._emit();
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _options: EndpointsModel.IOptions;
  private _endpoints: readonly IEndpoint[] | null = null;
  private _fields: IEndpointFields | null = null;
  private _edited: IEndpoint | null = null;
  private _doomed: string | null = null;
  private _test: ITestState | null = null;
  private _control: AbortController | null = null;
  private _error: ApiError | null = null;
  private _isSaving = false;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace EndpointsModel {
  export interface IOptions {
    api: IEndpointsApi;
    trans: TranslationBundle;
    /** An endpoint was saved or deleted. */
    onChanged: () => void;
  }
}
