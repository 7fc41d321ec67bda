/** Knows which Dask clients a notebook's kernel has: asks it after cells ran, while it is idle. */
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { QUESTION, closing, readAnswer, type IKernelAnswer } from './question';

/** After the last cell: cells that run one after the other are asked about once. */
const SPACING_MS = 300;
/** A kernel that was idle and does not answer within this has found other work. */
const ANSWER_MS = 20_000;
/** What is waited for did not come in time; the kernel will get to it nevertheless. */
const LATE = Symbol('late');
const KEY = 'rsdat';
const NOBODY: IKernelAnswer = { clients: [], packages: {} };

/**
 * What became of closing clients: they are `closed`; the kernel was `busy` and was sent nothing, as it
 * was where it begins or the connection to it is lost (`silent`); or it has begun something else just
 * before and closes them after that (`later`).
 */
export type Closing = 'closed' | 'busy' | 'silent' | 'later';

/** What the watch needs of a notebook's session. */
export type IWatchedSession = Pick<
  ISessionContext,
  'session' | 'iopubMessage' | 'kernelChanged' | 'statusChanged'
>;

export class KernelWatch implements IDisposable {
  constructor(session: IWatchedSession) {
    this._session = session;
    session.iopubMessage.connect(this._onMessage, this);
    session.kernelChanged.connect(this._onKernel, this);
    session.statusChanged.connect(this._onStatus, this);
  }

  /** What the kernel said last; null until it was asked, and where it can't tell. */
  get answer(): IKernelAnswer | null {
    return this._answer;
  }

  /** Whether `answer` is what the kernel would say now; not while it is busy, nor before it is asked. */
  get isCurrent(): boolean {
    const status = this._session.session?.kernel?.status ?? 'idle';
    const isAsked = this._answer !== null || this._isPython === false;
    return (
      isAsked && status === 'idle' && !this._isOwed && this._pending === null
    );
  }

  /** Whether it is a kernel that can have clients; null until that is known. */
  get isPython(): boolean | null {
    return this._isPython;
  }

  /** Id of the kernel that `answer` is of. */
  get kernel(): string | null {
    return this._session.session?.kernel?.id ?? null;
  }

  /** Emitted when `answer` or `isPython` is another. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask, unless the kernel is busy: then it is asked when it has become idle. Never rejects. */
  ask(): Promise<void> {
    if (this._pending === null) {
      const pending = this._ask().finally(() => {
        if (this._pending === pending) {
          this._pending = null;
        }
      });
      this._pending = pending;
    }
    return this._pending;
  }

  /**
   * Close clients.
   *
   * A busy kernel is sent nothing: what is in its queue can't be taken back, and would be done hours
   * later, perhaps to clients that are wanted again.
   *
   * @throws Error in the kernel's words, empty where it has none.
   */
  async close(clients: readonly string[]): Promise<Closing> {
    const kernel = this._session.session?.kernel;
    if (!kernel || clients.length === 0) {
      return 'closed';
    }
    if (kernel.status !== 'idle') {
      return kernel.status === 'busy' ? 'busy' : 'silent';
    }
    let reply;
    try {
      reply = await this._evaluate(kernel, closing(clients));
    } catch {
      // It went away or was restarted; services' words for that are for its developers.
      throw new Error('');
    }
    if (reply === LATE) {
      return 'later';
    }
    const done = reply?.[KEY] as { status?: string; evalue?: string };
    if (done?.status !== 'ok') {
      throw new Error(done?.evalue ?? '');
    }
    await this.ask();
    return 'closed';
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._left.resolve();
    this._debouncer.dispose();
    this._session.iopubMessage.disconnect(this._onMessage, this);
    this._session.kernelChanged.disconnect(this._onKernel, this);
    this._session.statusChanged.disconnect(this._onStatus, this);
    Signal.clearData(this);
  }

  private async _ask(): Promise<void> {
    const kernel = this._session.session?.kernel;
    if (!kernel || this._isDisposed) {
      return;
    }
    let answer: IKernelAnswer | null = null;
    try {
      // Of a kernel that never comes up this neither resolves nor rejects, also when it is given up.
      const info = await Promise.race([kernel.info, this._left.promise]);
      if (!info || kernel !== this._session.session?.kernel) {
        return;
      }
      this._setLanguage(info.language_info.name);
      if (!this._isPython) {
        this._isOwed = false;
        return;
      }
      this._isOwed = kernel.status !== 'idle';
      if (this._isOwed) {
        return;
      }
      const reply = await this._evaluate(kernel, QUESTION);
      if (reply === LATE) {
        this._isOwed = true;
        return;
      }
      answer = readAnswer(reply, KEY);
    } catch {
      // It went away, or was restarted: then it is told by the session.
      return;
    }
    if (kernel === this._session.session?.kernel) {
      this._set(answer);
    }
  }

  /** Evaluate without a trace: no history, no output, no number of a cell. @throws when it went away */
  private async _evaluate(
    kernel: Kernel.IKernelConnection,
    expression: string
  ): Promise<
    KernelMessage.IExecuteReply['user_expressions'] | null | typeof LATE
  > {
    const future = kernel.requestExecute({
      code: '',
      silent: true,
      store_history: false,
      user_expressions: { [KEY]: expression },
      allow_stdin: false,
      stop_on_error: false
    });
    const late = new PromiseDelegate<typeof LATE>();
    const limit = setTimeout(() => late.resolve(LATE), ANSWER_MS);
    try {
      const reply = await Promise.race([future.done, late.promise]);
      if (reply === LATE) {
        return LATE;
      }
      return reply.content.status === 'ok'
        ? reply.content.user_expressions
        : null;
    } finally {
      clearTimeout(limit);
      future.dispose();
    }
  }

  private _onMessage(_: unknown, message: KernelMessage.IMessage): void {
    const { header, parent_header } = message;
    const asked = (parent_header as Partial<KernelMessage.IHeader>).msg_id;
    if (header.msg_type === 'execute_input') {
      // A cell, of whichever page or console. What extensions ask silently, we among them, has no
      // such message: two that asked after each other's questions would never end.
      this._running = asked ?? null;
      this._isOwed = true;
      return;
    }
    const { execution_state } = message.content as { execution_state?: string };
    if (
      header.msg_type === 'status' &&
      execution_state === 'idle' &&
      asked === this._running &&
      this._running !== null
    ) {
      this._running = null;
      void this._debouncer.invoke();
    }
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    if (['restarting', 'autorestarting', 'dead'].includes(status)) {
      this._forget();
    } else if (status === 'idle' && this._isOwed) {
      void this._debouncer.invoke();
    }
  }

  /** It is another one, or none. */
  private _onKernel(): void {
    this._left.resolve();
    this._left = new PromiseDelegate();
    this._pending = null;
    this._isOwed = false;
    this._forget();
  }

  private _forget(): void {
    this._running = null;
    this._set(NOBODY);
  }

  private _setLanguage(name: string): void {
    const isPython = name === 'python';
    if (isPython !== this._isPython) {
      this._isPython = isPython;
      this._changed.emit();
    }
  }

  private _set(answer: IKernelAnswer | null): void {
    if (
      this._isDisposed ||
      JSON.stringify(answer) === JSON.stringify(this._answer)
    ) {
      return;
    }
    this._answer = answer;
    this._changed.emit();
  }

  private _session: IWatchedSession;
  private _answer: IKernelAnswer | null = null;
  private _isPython: boolean | null = null;
  /** The request whose cell runs. */
  private _running: string | null = null;
  /** A cell ran since it was asked, or it was busy when it was to be. */
  private _isOwed = false;
  private _pending: Promise<void> | null = null;
  /** Resolved when the kernel is another one. */
  private _left = new PromiseDelegate<void>();
  private _debouncer = new Debouncer(() => this.ask(), SPACING_MS);
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
