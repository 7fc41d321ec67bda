/** That folders are being read for an upload, how far it is, and a way to give up. Knows no DOM. */
import { Signal, type ISignal } from '@lumino/signaling';

export class Reading {
  /** Emitted when `count` changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Files found so far; null while nothing is read. */
  get count(): number | null {
    return this._count;
  }

  /** Run something that reads; a second reading at once gives up the first. */
  async run<T>(
    read: (onCount: (count: number) => void, signal: AbortSignal) => Promise<T>
  ): Promise<T> {
    this.cancel();
    const control = new AbortController();
    this._control = control;
    this._set(0);
    try {
      return await read(count => {
        // A draw for every file of a large folder would take longer than reading it.
        if (this._control === control && count % 50 === 0) {
          this._set(count);
        }
      }, control.signal);
    } finally {
      if (this._control === control) {
        this._control = null;
        this._set(null);
      }
    }
  }

  /** Give up. */
  cancel(): void {
    this._control?.abort();
  }

  private _set(count: number | null): void {
    this._count = count;
    this._changed.emit();
  }

  private _count: number | null = null;
  private _control: AbortController | null = null;
  private _changed = new Signal<this, void>(this);
}
