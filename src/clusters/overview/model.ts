/** How busy the clusters are, asked by one request for all while somebody sees it. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IStateDB } from '@jupyterlab/statedb';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../../common/request';
import type { IPulse, IPulseList } from '../../common/types';
import type { IPulseApi } from './api';
import { SPAN_S, withSamples, type ISample } from './history';

const STATE_KEY = 'jupyterlab-rsdat:overview';
const CALM_MS = 5_000;
/** Longest wait between requests that fail. */
const BACKOFF_MS = 60_000;

/** How much of it cards show; the setting `overview` of schema/clusters.json. */
export type Looks = 'full' | 'compact' | 'off';

/** One cluster. The same object as long as nothing of it is new. */
export interface ICardPulse {
  readonly state: IPulse['state'];
  readonly now: IPulse['now'];
  /** When `now` was; the browser's clock. */
  readonly seen: Date | null;
  readonly samples: readonly ISample[];
  /** When this was told; the clock of the samples. */
  readonly told_s: number;
}

export class OverviewModel implements IDisposable {
  constructor(options: OverviewModel.IOptions) {
    this._api = options.api;
    this._state = options.state ?? null;
    this._poll = new Poll({
      name: 'jupyterlab-rsdat:overview',
      factory: () => this.refresh(),
      frequency: { interval: CALM_MS, backoff: true, max: BACKOFF_MS },
      // Not 'when-hidden', which goes on for a while.
      standby: () => this._isIdle || document.hidden
    });
    void this._restore();
  }

  /** Emitted when anything of any cluster is new. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get looks(): Looks {
    return this._looks ?? 'full';
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** What is known of a cluster; null while that is nothing. */
  pulse(cluster: string): ICardPulse | null {
    return this._pulses.get(cluster) ?? null;
  }

  /** Whether the lines of a cluster are unfolded. */
  isOpen(cluster: string): boolean {
    return this._folded.get(cluster) ?? this.looks === 'full';
  }

  setOpen(cluster: string, isOpen: boolean): void {
    if (this.isOpen(cluster) === isOpen) {
      return;
    }
    if (isOpen === (this.looks === 'full')) {
      this._folded.delete(cluster);
    } else {
      this._folded.set(cluster, isOpen);
    }
    this._save();
    this._changed.emit();
  }

  /** The setting is known, or another one: then what was folded under the one before is of no use. */
  setLooks(looks: Looks): void {
    const before = this._looks;
    this._looks = looks;
    if (looks === (before ?? 'full')) {
      return;
    }
    if (before !== null) {
      this._folded.clear();
      this._save();
    }
    this._wake();
    this._changed.emit();
  }

  /** Follow the setting; without a registry the default holds. Settles in any case. */
  async follow(
    registry: ISettingRegistry | null,
    plugin: string
  ): Promise<void> {
    try {
      const loaded = await registry?.load(plugin);
      if (loaded) {
        const read = (settings: ISettingRegistry.ISettings): void => {
          const { overview } = settings.composite;
          this.setLooks(
            overview === 'off' || overview === 'compact' ? overview : 'full'
          );
        };
        read(loaded);
        loaded.changed.connect(read);
      }
    } catch {
      // Lab tells what is wrong with settings.
    }
  }

  /** Ask until the returned object is disposed. */
  watch(): IDisposable {
    this._watchers += 1;
    if (this._watchers === 1) {
      this._wake();
    }
    return new DisposableDelegate(() => {
      this._watchers -= 1;
      this._left_s = now_s();
    });
  }

  /** Something is known to be another than was told last: ask as soon as may be, if anybody looks. */
  hasten(): void {
    if (!this._isDisposed && !this._isIdle) {
      void this._poll.refresh();
    }
  }

  /** Ask now, once for all calls made meanwhile. @throws ApiError */
  refresh(): Promise<void> {
    this._pending ??= this._ask().finally(() => {
      this._pending = null;
    });
    return this._pending;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._poll.dispose();
    Signal.clearData(this);
  }

  private get _isIdle(): boolean {
    return this._watchers === 0 || this.looks === 'off' || this._isMissing;
  }

  private _wake(): void {
    if (this._isDisposed || this._isIdle) {
      return;
    }
    if (now_s() - this._left_s > SPAN_S) {
      // Nothing of it is shown any more, and clusters may be gone.
      this._cursor = null;
    }
    void this._poll.refresh();
  }

  private async _ask(): Promise<void> {
    try {
      this._apply(await this._api.pulse(this._cursor));
    } catch (reason) {
      const error = ApiError.from(reason);
      // A companion of an earlier version: not asked again before the page is loaded anew.
      this._isMissing = error.code === 'not_found';
      this._lose();
      throw error;
    }
  }

  private _apply(answer: IPulseList): void {
    if (this._isDisposed) {
      return;
    }
    const told_s = now_s();
    const before = answer.whole ? null : this._pulses;
    const pulses = new Map(before ?? []);
    for (const { id, state, age, now, samples } of answer.clusters) {
      pulses.set(id, {
        state,
        now,
        seen: age === null ? null : new Date(Date.now() - 1000 * age),
        samples: withSamples(before?.get(id)?.samples ?? [], samples, told_s),
        told_s
      });
    }
    if (answer.whole) {
      // All clusters there are: what others' cards were like is of no use any more.
      for (const gone of [...this._folded.keys()].filter(
        id => !pulses.has(id)
      )) {
        this._folded.delete(gone);
      }
    }
    this._pulses = pulses;
    this._cursor = answer.cursor;
    this._poll.frequency = {
      ...this._poll.frequency,
      interval: 1000 * answer.next
    };
    if (answer.clusters.length > 0 || answer.whole) {
      this._changed.emit();
    }
  }

  /** The companion does not answer: nothing that is shown is of now. */
  private _lose(): void {
    this._cursor = null;
    this._pulses = new Map(
      [...this._pulses].map(([id, pulse]) => [
        id,
        pulse.state === 'live' ? { ...pulse, state: 'silent' } : pulse
      ])
    );
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _save(): void {
    void this._state?.save(STATE_KEY, {
      open: Object.fromEntries(this._folded)
    });
  }

  private async _restore(): Promise<void> {
    const saved = await this._state?.fetch(STATE_KEY).catch(() => undefined);
    const open = (saved as { open?: unknown } | undefined)?.open;
    if (this._isDisposed || typeof open !== 'object' || open === null) {
      return;
    }
    for (const [cluster, isOpen] of Object.entries(open)) {
      if (typeof isOpen === 'boolean' && !this._folded.has(cluster)) {
        this._folded.set(cluster, isOpen);
      }
    }
    this._changed.emit();
  }

  private _api: IPulseApi;
  private _state: IStateDB | null;
  private _poll: Poll;
  /** Null until the setting was read, which may be after what was kept. */
  private _looks: Looks | null = null;
  private _pulses: ReadonlyMap<string, ICardPulse> = new Map();
  private _cursor: string | null = null;
  /** Clusters whose lines are not as the setting has them, and whether they are unfolded. */
  private _folded = new Map<string, boolean>();
  private _pending: Promise<void> | null = null;
  private _watchers = 0;
  /** When the last one stopped watching. */
  private _left_s = -Infinity;
  private _isMissing = false;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

function now_s(): number {
  return performance.now() / 1000;
}

export namespace OverviewModel {
  export interface IOptions {
    api: IPulseApi;
    /** Where it is kept what is folded. */
    state?: IStateDB | null;
  }
}
