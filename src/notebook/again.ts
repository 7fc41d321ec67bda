/** Tries again what failed: a few times, and anew when the page or the network comes back. */
import type { IDisposable } from '@lumino/disposable';
import { onReturn } from '../common/returned';

/** Waits between tries; after the last one only a return helps. */
const WAITS_MS: readonly number[] = [3_000, 15_000, 60_000];

interface IFailed {
  act: () => void;
  tries: number;
  timer: number | undefined;
}

export class Again implements IDisposable {
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Something failed: `act` is done again, and says by `failed` or `done` how that went. */
  failed(key: string, act: () => void): void {
    if (this._isDisposed) {
      return;
    }
    const tries = this._failed.get(key)?.tries ?? 0;
    this.done(key);
    const failed: IFailed = { act, tries: tries + 1, timer: undefined };
    this._failed.set(key, failed);
    // Out of sight nothing is asked.
    if (tries < WAITS_MS.length && !document.hidden) {
      failed.timer = window.setTimeout(act, WAITS_MS[tries]);
    }
  }

  /** It succeeded, or nobody needs it any more. */
  done(key: string): void {
    window.clearTimeout(this._failed.get(key)?.timer);
    this._failed.delete(key);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._returns.dispose();
    [...this._failed.keys()].forEach(key => this.done(key));
  }

  private _returns = onReturn(() => {
    for (const failed of [...this._failed.values()]) {
      window.clearTimeout(failed.timer);
      failed.tries = 0;
      failed.act();
    }
  });

  private _failed = new Map<string, IFailed>();
  private _isDisposed = false;
}
