/** Which logs there are of a cluster, looked up while somebody sees the tab. */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { share } from '../../common/share';
import type { ILogList } from '../../common/types';
import type { IClustersApi } from '../api';

export type ILog = ILogList['logs'][number];

const LOOK_MS = 15_000;

export class LogSources implements IDisposable {
  constructor(options: LogSources.IOptions) {
    this._options = options;
    this._poll = new Poll({
      name: 'jupyterlab-rsdat:log-sources',
      factory: () => this._load(),
      frequency: { interval: LOOK_MS, backoff: true, max: 300_000 },
      standby: () =>
        !this._isShown || !(options.canGrow?.() ?? true) || 'when-hidden'
    });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The scheduler's first, then the jobs' as they were submitted. */
  get logs(): readonly ILog[] {
    return this._logs;
  }

  /** The cluster's name; null while it is not known. */
  get name(): string | null {
    return this._name;
  }

  /** Whether someone sees them. */
  set isShown(value: boolean) {
    this._isShown = value;
    if (value) {
      void this.refresh();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Look again; settles in any case. A failure keeps what was known. */
  refresh(): Promise<void> {
    return this._load().catch(() => undefined);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _load(): Promise<void> {
    const { api, cluster } = this._options;
    const list = await api.logs(cluster);
    if (this._isDisposed) {
      return;
    }
    this._logs = share(this._logs, list.logs);
    this._name = list.name ?? this._name;
    this._changed.emit();
  }

  private _options: LogSources.IOptions;
  private _logs: readonly ILog[] = [];
  private _name: string | null = null;
  private _isShown = false;
  private _isDisposed = false;
  private _poll: Poll;
  private _changed = new Signal<this, void>(this);
}

export namespace LogSources {
  export interface IOptions {
    api: Pick<IClustersApi, 'logs'>;
    cluster: string;
    /** Whether there may be more of them; asked before each look. */
    canGrow?: () => boolean;
  }
}
