/**
 * A part of the log of a scheduler or of a job: its end, which grows, or the part around a place.
 *
 * Logs may have hundreds of MB, so only a window of bytes is ever held.
 */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../../common/request';
import type { IClustersApi } from '../api';

/** Where a log that is longer than this is first read from: its end. */
const FIRST_BYTES = 128 * 1024;
/** How much is shown before a place that was jumped to. */
const BEFORE_BYTES = 64 * 1024;
/** Most bytes held; lines at the other end fall off. */
export const KEPT_BYTES = 1_000_000;
const FOLLOW_MS = 2_000;
const NEWLINE = 10;

export class LogModel implements IDisposable {
  constructor(options: LogModel.IOptions) {
    this._api = options.api;
    this.cluster = options.cluster;
    this._source = options.source;
    this._canGrow = options.canGrow ?? (() => true);
    this._poll = new Poll({
      name: 'jupyterlab-rsdat:log',
      factory: () => this._fetch(),
      frequency: { interval: FOLLOW_MS, backoff: true, max: 60_000 },
      standby: () =>
        !this._isShown ||
        !this._isFollowing ||
        !this._canGrow() ||
        'when-hidden'
    });
  }

  /** Id of the cluster. */
  readonly cluster: string;

  /** Emitted when anything here changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when another `source` was chosen. */
  get sourceChanged(): ISignal<this, void> {
    return this._sourceChanged;
  }

  /** The part that is held. */
  get text(): string {
    // The last character may still be on its way: a stream's decoder waits for the rest.
    this._text ??= new TextDecoder().decode(this._bytes, { stream: true });
    return this._text;
  }

  /** Why the text is old or missing. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Whether the beginning of the log is not in `text`. */
  get isCut(): boolean {
    return this._start > 0;
  }

  /** Whether the log goes on after `text`. */
  get hasLater(): boolean {
    return this._end !== null && this._end < this._size;
  }

  /** First byte of `text`; a reader keeps its place by it. */
  get start(): number {
    return this._start;
  }

  /** Where in `text` the place that was jumped to is; null for none. */
  get mark(): number | null {
    if (
      this._mark === null ||
      this._end === null ||
      this._mark < this._start ||
      this._mark >= this._end
    ) {
      return null;
    }
    const before = this._bytes.subarray(0, this._mark - this._start);
    return new TextDecoder().decode(before).length;
  }

  /** `scheduler` or a job id. */
  get source(): string {
    return this._source;
  }

  set source(source: string) {
    if (source !== this._source) {
      this._choose(source);
      void this.refresh();
    }
  }

  /** Whether new lines are read as they come, while the log is shown. */
  get isFollowing(): boolean {
    return this._isFollowing;
  }

  set isFollowing(value: boolean) {
    if (value === this._isFollowing) {
      return;
    }
    this._isFollowing = value;
    if (value) {
      this._mark = null;
      // Also of a log that does not grow any more: to its end.
      void this.refresh();
    }
    this._changed.emit();
  }

  /** Whether long lines are broken. */
  get isWrapped(): boolean {
    return this._isWrapped;
  }

  set isWrapped(value: boolean) {
    this._isWrapped = value;
    this._changed.emit();
  }

  /** Whether someone sees the log; it is only followed then. */
  set isShown(value: boolean) {
    this._isShown = value;
    if (value) {
      void this.refresh();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Read what is new at the end, if that is held or followed; settles in any case. */
  refresh(): Promise<void> {
    return this._fetch().catch(() => undefined);
  }

  /** Read to the end of a log that nobody writes any more; settles in any case. */
  async finish(): Promise<void> {
    // What is under way may have been answered before the last line was written.
    await this._pending?.catch(() => undefined);
    await this.refresh();
  }

  /** Show the part of a log around a byte; settles in any case. */
  async goTo(source: string, offset: number): Promise<void> {
    this._isFollowing = false;
    if (source !== this._source) {
      this._choose(source);
    }
    this._mark = offset;
    if (this.mark === null) {
      this._epoch += 1;
      await this._read(async () => {
        const start = Math.max(0, offset - BEFORE_BYTES);
        const part = await this._part(start);
        this._hold(start, fromLine(part.bytes, start), part.bytes, part.size);
      });
    }
    this._changed.emit();
  }

  /** Read the part before what is held; settles in any case. */
  earlier(): Promise<void> {
    this._epoch += 1;
    return this._read(async () => {
      const before = this._start;
      const start = Math.max(0, before - FIRST_BYTES);
      const part = await this._part(start);
      const bytes = part.bytes.subarray(0, before - start);
      const skip = fromLine(bytes, start);
      const joined = join(bytes.subarray(skip), this._bytes);
      const cut = joined.subarray(0, KEPT_BYTES);
      this._isFollowing &&= cut.length === joined.length;
      this._hold(start + skip, 0, cut, part.size);
    });
  }

  /** Read the part after what is held; settles in any case. */
  later(): Promise<void> {
    this._epoch += 1;
    return this._read(async () => {
      const part = await this._part(this._end ?? 0);
      this._append(part.bytes, part.size);
    });
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._poll.dispose();
    Signal.clearData(this);
  }

  private _choose(source: string): void {
    this._source = source;
    this._forget();
    this._error = null;
    this._mark = null;
    // An answer for the old source that is still under way belongs to no one.
    this._pending = null;
    this._sourceChanged.emit();
    this._changed.emit();
  }

  private _fetch(): Promise<void> {
    if (!this._pending) {
      const pending = this._load().finally(() => {
        if (this._pending === pending) {
          this._pending = null;
        }
      });
      this._pending = pending;
    }
    return this._pending;
  }

  /** Run a read; its failure is in `error`. */
  private async _read(read: () => Promise<void>): Promise<void> {
    try {
      await read();
      this._error = null;
    } catch (reason) {
      if (reason !== OUTDATED) {
        this._error = ApiError.from(reason);
      }
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private async _load(): Promise<void> {
    try {
      let isEnd = false;
      while (!isEnd) {
        const part = await this._part(this._end ?? -FIRST_BYTES);
        const length = part.bytes.length;
        if (this._end === null) {
          const start = part.next - length;
          this._hold(start, fromLine(part.bytes, start), part.bytes, part.size);
        } else if (part.size < this._end) {
          // The log began anew, shorter than what was read: a second run of the same job.
          this._forget();
          this._end = 0;
          continue;
        } else if (this._isFollowing && part.size - this._end > KEPT_BYTES) {
          // Nobody could read all that was written meanwhile.
          this._forget();
          continue;
        } else if (!this._isFollowing && this.hasLater) {
          // Who reads in the middle of a log keeps his part of it.
          this._size = part.size;
        } else {
          this._append(part.bytes, part.size);
        }
        // Who does not follow reads on when he wants to.
        isEnd = length === 0 || !this.hasLater || !this._isFollowing;
      }
      this._error = null;
    } catch (reason) {
      if (reason === OUTDATED) {
        return;
      }
      this._error = ApiError.from(reason);
      throw this._error;
    } finally {
      if (!this._isDisposed) {
        this._changed.emit();
      }
    }
  }

  /** A part of the log that is shown; throws `OUTDATED` when that is another by then. */
  private async _part(
    offset: number
  ): Promise<{ bytes: Uint8Array; next: number; size: number }> {
    const source = this._source;
    const epoch = this._epoch;
    let part;
    try {
      part = await this._api.log(this.cluster, source, offset);
    } catch (reason) {
      throw this._isDisposed || source !== this._source ? OUTDATED : reason;
    }
    if (
      this._isDisposed ||
      source !== this._source ||
      // What is held moved meanwhile: this part does not fit to it any more.
      epoch !== this._epoch
    ) {
      throw OUTDATED;
    }
    const bytes = new Uint8Array(part.bytes);
    return { bytes, next: part.nextOffset, size: part.size };
  }

  private _hold(
    start: number,
    skip: number,
    bytes: Uint8Array,
    size: number
  ): void {
    const excess = bytes.length - KEPT_BYTES;
    if (excess > skip) {
      skip = bytes.indexOf(NEWLINE, excess) + 1 || excess;
    }
    this._bytes = bytes.subarray(skip);
    this._start = start + skip;
    this._end = start + bytes.length;
    this._size = size;
    this._text = null;
    this._epoch += 1;
  }

  private _append(bytes: Uint8Array, size: number): void {
    const joined = bytes.length ? join(this._bytes, bytes) : this._bytes;
    this._hold(this._start, 0, joined, size);
  }

  private _forget(): void {
    this._bytes = new Uint8Array(0);
    this._text = null;
    this._start = 0;
    this._end = null;
    this._size = 0;
    this._epoch += 1;
  }

  private _api: Pick<IClustersApi, 'log'>;
  private _canGrow: () => boolean;
  private _source: string;
  private _bytes: Uint8Array = new Uint8Array(0);
  private _text: string | null = null;
  /** First byte that is held. */
  private _start = 0;
  /** First byte after what is held; null while nothing is. */
  private _end: number | null = null;
  /** Bytes in the whole log. */
  private _size = 0;
  private _mark: number | null = null;
  /** Counts changes of what is held; an answer asked for before the last one does not fit. */
  private _epoch = 0;
  private _error: ApiError | null = null;
  private _isWrapped = false;
  private _isFollowing = true;
  private _isShown = false;
  private _pending: Promise<void> | null = null;
  private _isDisposed = false;
  private _poll: Poll;
  private _changed = new Signal<this, void>(this);
  private _sourceChanged = new Signal<this, void>(this);
}

export namespace LogModel {
  export interface IOptions {
    api: Pick<IClustersApi, 'log'>;
    cluster: string;
    source: string;
    /** Whether anything may still be written; asked before each look. */
    canGrow?: () => boolean;
  }
}

/** Thrown to end what nobody waits for any more. */
const OUTDATED = Symbol('outdated');

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/** How many bytes to leave out so that a part begins with a whole line, or at least character. */
function fromLine(bytes: Uint8Array, start: number): number {
  if (start === 0) {
    return 0;
  }
  const end = bytes.indexOf(NEWLINE);
  if (end >= 0 && end < bytes.length - 1) {
    return end + 1;
  }
  const first = bytes.findIndex(byte => (byte & 0xc0) !== 0x80);
  return Math.max(first, 0);
}
