/** Sends the files of one upload, a few at a time. Knows no DOM. */
import { ApiError } from '../../common/request';
import type { ITransfer } from '../../common/types';
import type { IUploadFile } from '../../tokens';
import type { ConflictChoice, ITransfersApi } from '../api';
import { PutCancelled, type Put } from './put';

/** Files sent at once: a few hide the wait for dCache's checksum of small ones. */
const PARALLEL = 4;

/**
 * Beyond this size a name is looked up before anything is sent: a server that refuses in the middle
 * of a large body is not heard by a browser that is still sending.
 */
const LOOK_FIRST_BYTES = 32 * 2 ** 20;

/** The companion waits for four of these (GONE_S in transfers/manager.py). */
const HERE_MS = 30_000;

/** Waits before a file is tried again; so often at most where nobody asks for it. */
const RETRY_MS = [1_000, 4_000];

/**
 * What one may hope to be over in a moment; all else is told at once. The companion may notice a
 * broken connection later than this page: until then the file `being_sent` is the same one.
 */
const PASSING = new Set([
  'upload_broken',
  'network',
  'timeout',
  'cut_off',
  'being_sent'
]);

/** What proxies answer that wait no longer, or find Jupyter gone for a moment. */
const PROXY_STATUS = new Set([502, 504]);

/** What the companion has already: it was sent before the page was loaded anew. */
const ALREADY = new Set(['sent', 'skipped']);

/** The transfer has ended, by somebody's wish: nothing failed. */
const ENDED = new Set(['cancelled', 'done']);

/**
 * What would fail for every other file too; a refused credential must not be tried again. A door that
 * is away the companion has waited for, and says of other failures too that it has `stopped`.
 */
const FATAL = new Set([
  'no_credential',
  'credential_file',
  'no_endpoint',
  'endpoint_gone',
  'no_space',
  'unreachable',
  'certificate',
  'no_tls',
  'insecure_redirect',
  'not_dcache'
]);

/** A file whose name is taken. */
export interface ISenderQuestion {
  path: string;
  /** Of what is there. */
  size: number | null;
  modified: string | null;
  new_size: number;
  /** Files that are still to come. */
  others: number;
}

export interface ISenderFailure {
  path: string;
  message: string;
  hint: string | null;
}

interface ITask extends IUploadFile {
  conflict: 'refuse' | ConflictChoice;
}

export class UploadSender {
  constructor(options: UploadSender.IOptions) {
    this._options = options;
    this._queue = options.files.map(file => ({ ...file, conflict: 'refuse' }));
    this._left = new Map(options.files.map(file => [file.path, file]));
    this._forAll = options.conflict === 'ask' ? null : options.conflict;
  }

  /** What waits for an answer; files behind it go on meanwhile. */
  get question(): ISenderQuestion | null {
    const [taken] = this._taken;
    return taken
      ? {
          ...taken.there,
          path: taken.task.path,
          new_size: taken.task.file.size,
          others: this._queue.length + this._taken.length - 1
        }
      : null;
  }

  /** Bytes sent, also of files that are under way. */
  get sent_bytes(): number {
    let sent = this._done_bytes;
    for (const bytes of this._under.values()) {
      sent += bytes;
    }
    return sent;
  }

  /** A file that is under way. */
  get current(): string | null {
    const [path] = this._under.keys();
    return path ?? null;
  }

  get failures(): readonly ISenderFailure[] {
    return this._failures;
  }

  /** Files that are not in dCache and were not skipped: those to send at another try. */
  get left(): readonly IUploadFile[] {
    return [...this._left.values()];
  }

  /** Whether something is being sent, or will be after an answer. */
  get isActive(): boolean {
    return this._end !== null;
  }

  /** Whether it was given up before its end. */
  get isStopped(): boolean {
    return this._control.signal.aborted;
  }

  /** Send what is queued; resolves when nothing is left to send, whatever failed. */
  run(): Promise<void> {
    return (this._running ??= new Promise<void>(resolve => {
      const timer = setInterval(() => this._sayHere(), HERE_MS);
      this._end = () => {
        clearInterval(timer);
        resolve();
      };
      this._pump();
    }));
  }

  /** Send nothing more and give up what is under way. */
  stop(): void {
    this._control.abort();
    this._queue = [];
    this._taken = [];
    this._pump();
  }

  /** What becomes of a file whose name is taken; false when it is no question of ours. */
  answer(path: string, choice: ConflictChoice, forAll: boolean): boolean {
    const asked = this._taken.find(({ task }) => task.path === path);
    if (!asked) {
      return false;
    }
    if (forAll) {
      this._forAll = choice;
    }
    const answered = forAll ? this._taken : [asked];
    this._taken = forAll ? [] : this._taken.filter(other => other !== asked);
    for (const { task } of answered) {
      this._decide(task, choice);
    }
    this._pump();
    return true;
  }

  /** All of it is sent or skipped, as the companion says: also what was skipped on another page. */
  complete(): void {
    const tasks = [...this._queue, ...this._taken.map(({ task }) => task)];
    this._queue = [];
    this._taken = [];
    for (const task of tasks) {
      this._settle(task);
    }
    this._pump();
  }

  /** Take up what was answered on another page, which the companion tells. */
  heed({ answered, conflict }: Pick<ITransfer, 'answered' | 'conflict'>): void {
    const prefix = `${this._options.folder.path.replace(/\/$/, '')}/`;
    this._answered = new Map(
      (answered ?? []).map(({ path, choice }) => [
        path.startsWith(prefix) ? path.slice(prefix.length) : path,
        choice
      ])
    );
    if (conflict !== undefined && conflict !== 'ask') {
      this._forAll ??= conflict;
    }
    for (const asked of [...this._taken]) {
      const { task } = asked;
      const choice = this._answered.get(task.path) ?? this._forAll;
      if (this._isSkipped(task)) {
        this._taken = this._taken.filter(other => other !== asked);
        this._settle(task);
      } else if (choice !== null) {
        this.answer(task.path, choice, false);
      }
    }
    this._pump();
  }

  /** Whether the companion was told elsewhere that a file is not to be sent. */
  private _isSkipped({ path }: ITask): boolean {
    return this._answered.get(path) === 'skip';
  }

  /** Nothing is sent while a question is open: the companion would take this page for gone. */
  private _sayHere(): void {
    const { api, transfer } = this._options;
    if (this.question) {
      api.act(transfer.id, 'here').catch(() => {
        // It is told again; a companion that is gone shows elsewhere.
      });
    }
  }

  private _pump(): void {
    while (this._under.size < PARALLEL && this._queue.length > 0) {
      const task = this._queue.shift()!;
      this._under.set(task.path, 0);
      void this._send(task).finally(() => {
        this._under.delete(task.path);
        this._pump();
      });
    }
    if (this._under.size === 0 && this._taken.length === 0 && this._end) {
      const end = this._end;
      this._end = null;
      end();
    }
    this._options.onChange();
  }

  private async _send(task: ITask): Promise<void> {
    // What was said for all is said at once, but for skipping: that needs to know what is there.
    const known = this._forAll === 'skip' ? null : this._forAll;
    const conflict = task.conflict === 'refuse' ? (known ?? 'refuse') : null;
    try {
      await this._sendOne(conflict ? { ...task, conflict } : task);
    } catch (reason) {
      if (reason instanceof PutCancelled) {
        return;
      }
      const error = ApiError.from(reason);
      if (ALREADY.has(error.code)) {
        this._settle(task);
      } else if (ENDED.has(error.code)) {
        this.stop();
      } else {
        this._fail(task, error);
      }
    }
  }

  private async _sendOne(task: ITask): Promise<void> {
    const { api, transfer } = this._options;
    if (task.conflict === 'refuse' && isLarge(task)) {
      // What keeps us from looking the companion waits for, or tells, when it gets the file.
      const there = await this._look(task.path).catch(() => null);
      if (there && (await this._isSent(task.path))) {
        this._settle(task);
        return;
      }
      if (there) {
        await this._onTaken(task, there);
        return;
      }
    }
    if (task.conflict === 'skip') {
      await api.answer(transfer.id, {
        path: task.path,
        choice: 'skip',
        for_all: false
      });
      this._settle(task);
      return;
    }
    try {
      await this._put(task, task.conflict);
      this._settle(task);
    } catch (reason) {
      if (task.conflict !== 'refuse' || !isNameTaken(reason)) {
        throw reason;
      }
      // Only for the question: without it the answer is as good.
      const there = await this._look(task.path).catch(() => null);
      await this._onTaken(task, there ?? { size: null, modified: null });
    }
  }

  private async _put(
    task: ITask,
    conflict: 'refuse' | 'replace' | 'keep-both'
  ): Promise<void> {
    const { api, put, transfer, wait } = this._options;
    let attempts = 0;
    let unasked = 0;
    for (;;) {
      try {
        await put({
          url: api.sendUrl(transfer, task.path, conflict),
          file: task.file,
          signal: this._control.signal,
          onProgress: sent_bytes => {
            this._under.set(task.path, Math.min(sent_bytes, task.file.size));
            this._options.onChange();
          }
        });
        return;
      } catch (reason) {
        if (!(reason instanceof ApiError)) {
          throw reason;
        }
        // How often it asks for a file again the companion counts.
        const isAsked = reason.details.again === true;
        if (!isAsked && (!isPassing(reason) || unasked >= RETRY_MS.length)) {
          throw reason;
        }
        unasked += isAsked ? 0 : 1;
        this._under.set(task.path, 0);
        await wait(RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)]);
        attempts += 1;
        if (this._control.signal.aborted) {
          throw new PutCancelled();
        }
        // Of a large one that it has already the companion's refusal may not be heard.
        // A proxy that waited no longer may have handed on all of it.
        const mayBeThere = isLarge(task) || isOfProxy(reason);
        if (mayBeThere && (await this._isSent(task.path))) {
          return;
        }
      }
    }
  }

  /** Whether the companion has it all the same: an answer may have been lost. */
  private async _isSent(path: string): Promise<boolean> {
    const { api, transfer } = this._options;
    const missing = await api.missing(transfer.id, path).catch(() => null);
    return missing?.length === 0;
  }

  private async _look(
    path: string
  ): Promise<{ size: number | null; modified: string | null } | null> {
    const { api, folder } = this._options;
    const { endpoint } = folder;
    const full = `${folder.path.replace(/\/$/, '')}/${path}`;
    const entry = await api.info(endpoint, full);
    return entry && { size: entry.size, modified: entry.modified };
  }

  private async _onTaken(
    task: ITask,
    there: { size: number | null; modified: string | null }
  ): Promise<void> {
    const choice = this._answered.get(task.path) ?? this._forAll;
    if (this._isSkipped(task)) {
      this._settle(task);
    } else if (choice !== null) {
      this._decide(task, choice);
    } else if (!this._control.signal.aborted) {
      this._taken.push({ task, there });
    }
  }

  private _decide(task: ITask, choice: ConflictChoice): void {
    // Answered ones go first: the user waits for them.
    this._queue.unshift({ ...task, conflict: choice });
  }

  private _settle(task: ITask): void {
    this._done_bytes += task.file.size;
    this._left.delete(task.path);
  }

  private _fail(task: ITask, error: ApiError): void {
    this._failures.push({
      path: task.path,
      message: this._options.explain(error),
      hint: error.hint
    });
    if (FATAL.has(error.code) || error.details.stopped === true) {
      this._queue = [];
    }
    if (isUnheard(error)) {
      const { api, transfer } = this._options;
      api.giveUp(transfer.id, task.path).catch(() => {
        // Then it takes this page for gone, after a while.
      });
    }
  }

  private _options: UploadSender.IOptions;
  private _queue: ITask[];
  private _taken: {
    task: ITask;
    there: { size: number | null; modified: string | null };
  }[] = [];
  /** What was said elsewhere, by path. */
  private _answered: ReadonlyMap<string, ConflictChoice> = new Map();
  /** Paths under way, with the bytes sent of each. */
  private _under = new Map<string, number>();
  private _done_bytes = 0;
  private _left: Map<string, IUploadFile>;
  private _failures: ISenderFailure[] = [];
  private _forAll: ConflictChoice | null;
  private _control = new AbortController();
  private _running: Promise<void> | null = null;
  private _end: (() => void) | null = null;
}

export namespace UploadSender {
  export interface IOptions {
    api: Pick<
      ITransfersApi,
      'sendUrl' | 'act' | 'answer' | 'giveUp' | 'info' | 'missing'
    >;
    transfer: ITransfer;
    folder: { endpoint: string; path: string };
    files: readonly IUploadFile[];
    /** What to do where a name is taken. */
    conflict: 'ask' | ConflictChoice;
    put: Put;
    /** Waits so many milliseconds. */
    wait: (ms: number) => Promise<void>;
    /** A failure in words. */
    explain: (error: ApiError) => string;
    /** Something of it changed. */
    onChange: () => void;
  }
}

function isLarge({ file }: IUploadFile): boolean {
  return file.size > LOOK_FIRST_BYTES;
}

/** Jupyter is behind a proxy, and the companion said nothing. */
function isOfProxy({ code, status }: ApiError): boolean {
  return code === 'jupyter' && PROXY_STATUS.has(status);
}

function isPassing(error: ApiError): boolean {
  return PASSING.has(error.code) || isOfProxy(error);
}

/** Whether the companion still expects a file that failed like this. */
function isUnheard(error: ApiError): boolean {
  return (
    isPassing(error) ||
    error.code === 'upload_stalled' ||
    error.code === 'jupyter'
  );
}

function isNameTaken(reason: unknown): boolean {
  return (
    reason instanceof ApiError &&
    (reason.code === 'exists' || reason.code === 'is_a_folder')
  );
}
