/**
 * When the token of the endpoint shown ends: asked for once, then only counted down. Knows no DOM.
 */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream, IChange } from '../../common/events';
import type { ITokensApi } from './api';
import { stageOf, type Stage } from './words';

/** How often the clock is read; asks nobody. */
const TICK_MS = 60_000;

/** How long an endpoint that gave no answer is left alone. */
const RETRY_MS = 30_000;

export interface IWatchedToken {
  endpoint: string;
  expires: string;
  stage: Stage;
}

export class TokenWatch implements IDisposable {
  constructor(options: TokenWatch.IOptions) {
    this._options = options;
    options.changes.changed.connect(this._onEvent, this);
    this._poll = new Poll({
      name: 'jupyterlab-rsdat:token-clock',
      factory: async () => this._tick(),
      frequency: { interval: TICK_MS, backoff: false },
      standby: () => this._expires === null || 'when-hidden'
    });
  }

  /** Emitted when `token` changed: another endpoint, another end, another stage. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The token of the endpoint shown; null while it tells no end. */
  get token(): IWatchedToken | null {
    const { _endpoint: endpoint, _expires: expires } = this;
    return endpoint !== null && expires !== null
      ? { endpoint, expires, stage: this._stage }
      : null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Another endpoint is shown; the same one is asked about again only if it gave no answer. */
  async show(endpoint: string | null): Promise<void> {
    if (endpoint !== this._endpoint) {
      this._endpoint = endpoint;
      this._expires = null;
      this._tick();
      await this._ask();
    } else if (this._failed_ms + RETRY_MS < this._options.now().getTime()) {
      await this._ask();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.changes.changed.disconnect(this._onEvent, this);
    this._poll.dispose();
    Signal.clearData(this);
  }

  private _onEvent(_: unknown, { kind, id }: IChange): void {
    if (kind === 'endpoint' && id === this._endpoint) {
      void this._ask();
    }
  }

  private async _ask(): Promise<void> {
    const endpoint = this._endpoint;
    if (endpoint === null) {
      return;
    }
    this._failed_ms = Infinity;
    let expires: string | null;
    try {
      ({ expires } = await this._options.api.get(endpoint));
    } catch {
      // The panel itself says what is wrong with an endpoint that does not answer.
      if (endpoint === this._endpoint) {
        this._failed_ms = this._options.now().getTime();
      }
      return;
    }
    if (endpoint === this._endpoint && !this._isDisposed) {
      this._expires = expires;
      this._tick();
    }
  }

  private _tick(): void {
    const stage = stageOf(this._expires, this._options.now());
    const told = `${this._endpoint}|${this._expires}|${stage}`;
    this._stage = stage;
    if (told !== this._told && !this._isDisposed) {
      this._told = told;
      this._changed.emit();
    }
  }

  private _options: TokenWatch.IOptions;
  private _endpoint: string | null = null;
  private _expires: string | null = null;
  private _stage: Stage = 'fine';
  /** When there was no answer; Infinity while there is one, or it is waited for. */
  private _failed_ms = Infinity;
  /** What was emitted last. */
  private _told = '';
  private _poll: Poll;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace TokenWatch {
  export interface IOptions {
    api: Pick<ITokensApi, 'get'>;
    /** The companion's events; owned by the caller. */
    changes: Pick<ChangeStream, 'changed'>;
    now: () => Date;
  }
}
