/** Finds out that events of the companion did not arrive. */
import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream } from './events';
import { requestJson, route } from './request';

/** How long something shown may be older than what was missed. */
const INTERVAL_MS = 30_000;
/** Longest wait while the companion does not answer. */
const BACKOFF_MS = 120_000;

/**
 * Looks for gaps in the numbers of events, and asks for the number of the last one sent.
 *
 * Lab opens its socket for events anew after an outage, but tells nobody that there was one
 * (services 7.6, EventManager), and what was sent meanwhile is not repeated.
 */
export class MissedEvents implements IDisposable {
  constructor(options: MissedEvents.IOptions) {
    this._stream = options.stream;
    this._stream.numbers.connect(this._onNumber, this);
    this._ask = options.ask;
    this._poll = new Poll({
      name: 'rsdat-missed-events',
      factory: () => this._check(),
      frequency: { interval: INTERVAL_MS, backoff: true, max: BACKOFF_MS },
      standby: () => options.isIdle() || 'when-hidden'
    });
  }

  /** Emitted when something changed and its event did not come. */
  get missed(): ISignal<this, void> {
    return this._missed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask now: somebody has begun to look. */
  async check(): Promise<void> {
    await this._poll.refresh();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._poll.dispose();
    this._stream.numbers.disconnect(this._onNumber, this);
    Signal.clearData(this);
  }

  private async _check(): Promise<void> {
    const number = await this._ask();
    // An event that is still on its way counts as missed: one look too many, and none too few.
    this._reach(number, number);
  }

  private _onNumber(_: unknown, number: number): void {
    this._reach(number, number - 1);
  }

  /** All up to `number` are known of now; those up to `expected` should have been before. */
  private _reach(number: number, expected: number): void {
    const known = this._known;
    this._known = Math.max(known ?? 0, number);
    if (known !== null && known < expected && !this._isDisposed) {
      this._missed.emit();
    }
  }

  private _stream: Pick<ChangeStream, 'numbers'>;
  private _ask: () => Promise<number>;
  private _poll: Poll;
  /** The highest number so far; null before the first. */
  private _known: number | null = null;
  private _missed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace MissedEvents {
  export interface IOptions {
    stream: Pick<ChangeStream, 'numbers'>;
    /** The number of the last event sent. */
    ask: () => Promise<number>;
    /** Whether nobody looks at what events are about. */
    isIdle: () => boolean;
  }
}

/** Look for missed events of this companion. The caller disposes it. */
export function followMissed(options: {
  stream: ChangeStream;
  settings: ServerConnection.ISettings;
  isIdle: () => boolean;
}): MissedEvents {
  const { settings, stream, isIdle } = options;
  const url = route(settings, 'api', 'changes');
  return new MissedEvents({
    stream,
    isIdle,
    ask: async () =>
      (await requestJson<{ number: number }>(settings, url)).number
  });
}
