/** What the companion pushes: "this changed", never the change itself. */
import type { Event, ServiceManager } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

/** Schema id of the one event; its file is rsdat/server/events/changed.v1.yaml. */
export const CHANGED = 'https://events.jupyter.org/rsdat/changed/v1';

/**
 * What changed: one cluster (`id` is its id), a dCache folder (`id` is `endpoint:path`), a transfer, a
 * deletion or an order for tape (`id` is its id), an endpoint with its credential (`id` is its name), or a set of
 * STAC items (`id` is its address).
 */
export interface IChange {
  kind:
    | 'cluster'
    | 'dcache'
    | 'transfer'
    | 'deletion'
    | 'tape'
    | 'endpoint'
    | 'stac';
  id: string;
}

/** The companion's events, typed. They are lost while offline; see `MissedEvents`. */
export class ChangeStream implements IDisposable {
  constructor(events: ServiceManager.IManager['events']) {
    this._events = events;
    this._events.stream.connect(this._onEvent, this);
  }

  /** Emitted for every change. */
  get changed(): ISignal<this, IChange> {
    return this._changed;
  }

  /** Emitted for every change with its number, which grows by one from event to event. */
  get numbers(): ISignal<this, number> {
    return this._numbers;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._events.stream.disconnect(this._onEvent, this);
    Signal.clearData(this);
  }

  private _onEvent(_: unknown, emission: Event.Emission): void {
    if (emission.schema_id === CHANGED) {
      const { kind, id, number } = emission as unknown as IChange & {
        number: number;
      };
      this._numbers.emit(number);
      this._changed.emit({ kind, id });
    }
  }

  private _events: ServiceManager.IManager['events'];
  private _changed = new Signal<this, IChange>(this);
  private _numbers = new Signal<this, number>(this);
  private _isDisposed = false;
}
