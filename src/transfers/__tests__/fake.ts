/** A companion for tests: transfers in memory, answers and failures on demand. */
import { Signal } from '@lumino/signaling';
import type { IChange } from '../../common/events';
import { ApiError } from '../../common/request';
import type {
  IEntry,
  ITransfer,
  ITransferAnswer,
  ITransferRequest
} from '../../common/types';
import type { IMissingFile, ITransferAction, ITransfersApi } from '../api';
import { TransfersModel } from '../model';
import { PutCancelled, type Put } from '../upload/put';

export function aTransfer(part: Partial<ITransfer> = {}): ITransfer {
  return {
    id: 't1',
    kind: 'copy',
    state: 'running',
    title: 'scene.tif',
    source: { endpoint: 'here', paths: ['/data/scene.tif'] },
    destination: { endpoint: null, paths: ['work'] },
    format: null,
    files: { total: 1, done: 0, skipped: 0, failed: 0 },
    bytes: { total: 1000, done: 0 },
    rate: null,
    remaining: null,
    created: '2026-01-02T03:04:05Z',
    started: '2026-01-02T03:04:06Z',
    ended: null,
    current: null,
    question: null,
    verified: null,
    way: null,
    problem: null,
    failures: [],
    content: null,
    can: ['cancel'],
    seen: false,
    ...part
  };
}

export function failure(code: string): ApiError {
  return new ApiError({ message: `failed: ${code}`, code, status: 409 });
}

export class FakeApi implements ITransfersApi {
  transfers: ITransfer[] = [];
  /** How often the list was asked for. */
  lists = 0;
  started: ITransferRequest[] = [];
  acted: [string, ITransferAction | 'forget'][] = [];
  answers: ITransferAnswer[] = [];
  /** What uploads have to send yet; null: all that they list. */
  left: IMissingFile[] | null = null;
  /** Files that are sent no more, by transfer and path. */
  givenUp: string[] = [];
  /** Folders that were made. */
  folders: string[] = [];
  /** What is in dCache, by full path. */
  there = new Map<string, Partial<IEntry>>();
  /** Thrown by the next request but a list. */
  nextFailure: ApiError | null = null;

  async list(): Promise<readonly ITransfer[]> {
    this.lists += 1;
    return [...this.transfers];
  }

  async start(request: ITransferRequest): Promise<ITransfer> {
    this._maybeFail();
    this.started.push(request);
    const id = `t${this.started.length}`;
    const { files = [], kind } = request;
    const transfer = aTransfer({
      id,
      kind,
      state: kind === 'copy' ? 'running' : 'waiting',
      source: request.source ?? null,
      destination: request.destination ?? null,
      files: { total: files.length || null, done: 0, skipped: 0, failed: 0 },
      bytes: {
        total: files.reduce((sum, { size }) => sum + size, 0),
        done: 0
      },
      content: `rsdat/transfers/${id}/content`
    });
    this.transfers = [transfer, ...this.transfers];
    return transfer;
  }

  async remove(id: string): Promise<void> {
    this._maybeFail();
    this.acted.push([id, 'forget']);
    this.transfers = this.transfers.filter(transfer => transfer.id !== id);
  }

  async answer(id: string, answer: ITransferAnswer): Promise<ITransfer> {
    this._maybeFail();
    this.answers.push(answer);
    return this.change(id, { question: null });
  }

  async act(id: string, action: ITransferAction): Promise<ITransfer> {
    this._maybeFail();
    this.acted.push([id, action]);
    switch (action) {
      case 'cancel':
        return this.change(id, {
          state: 'cancelled',
          can: ['retry', 'forget']
        });
      case 'retry':
        return this.change(id, { state: 'waiting', can: ['cancel'] });
      case 'seen':
        return this.change(id, { seen: true });
      case 'here':
        return this.change(id, {});
    }
  }

  async giveUp(id: string, path: string): Promise<void> {
    this._maybeFail();
    this.givenUp.push(`${id}?${path}`);
  }

  async missing(_: string, path?: string): Promise<readonly IMissingFile[]> {
    this._maybeFail();
    const listed = this.started.flatMap(({ files = [] }) => files);
    const left =
      this.left ??
      (listed.length > 0 ? listed : [{ path: path ?? '', size: 1 }]);
    return left.filter(each => path === undefined || each.path === path);
  }

  async info(_: string, path: string): Promise<IEntry | null> {
    return (this.there.get(path) as IEntry | undefined) ?? null;
  }

  async makeFolder(_: string, path: string): Promise<void> {
    this._maybeFail();
    if (this.there.has(path)) {
      throw failure('exists');
    }
    this.folders.push(path);
    this.there.set(path, { type: 'directory' });
  }

  downloadUrl({ id }: ITransfer): string {
    return `/rsdat/transfers/${id}/content`;
  }

  sendUrl({ id }: ITransfer, path: string, conflict: string): string {
    return `${id}?${path}?${conflict}`;
  }

  change(id: string, part: Partial<ITransfer>): ITransfer {
    this.transfers = this.transfers.map(transfer =>
      transfer.id === id ? { ...transfer, ...part } : transfer
    );
    const changed = this.transfers.find(transfer => transfer.id === id);
    if (!changed) {
      throw failure('not_found');
    }
    return changed;
  }

  private _maybeFail(): void {
    const reason = this.nextFailure;
    this.nextFailure = null;
    if (reason) {
      throw reason;
    }
  }
}

/** One PUT that the test ends. */
export interface IHeldPut {
  /** Transfer, path and what is to be done with a taken name. */
  what: string;
  progress: (bytes: number) => void;
  end: () => void;
  fail: (code: string) => void;
}

/** PUTs that wait for the test; by default they succeed at once. */
export class FakePut {
  /** All that began, in order. */
  begun: string[] = [];
  held: IHeldPut[] = [];
  holds = false;
  /** Failures by path, one for each try. */
  faults = new Map<string, string[]>();
  /** What such failures say besides. */
  details: Record<string, unknown> = {};
  /** And their HTTP status. */
  status = 0;
  /** Most that were under way at once. */
  most = 0;
  private _under = 0;

  readonly put: Put = async ({ url, signal, onProgress }) => {
    this.begun.push(url);
    this._under += 1;
    this.most = Math.max(this.most, this._under);
    try {
      await Promise.resolve();
      const [, path] = url.split('?');
      const code = this.faults.get(path)?.shift();
      if (code) {
        const { details, status } = this;
        throw new ApiError({ message: code, code, details, status });
      }
      if (this.holds) {
        await new Promise<void>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(new PutCancelled()));
          this.held.push({
            what: url,
            progress: onProgress,
            end: resolve,
            fail: code => reject(new ApiError({ message: code, code }))
          });
        });
      }
    } finally {
      this._under -= 1;
    }
  };
}

export function aFile(name: string, size = 1): File {
  const file = new File(['x'], name);
  Object.defineProperty(file, 'size', { value: size });
  return file;
}

export function setup() {
  const api = new FakeApi();
  const put = new FakePut();
  const waits: number[] = [];
  const changes = { changed: new Signal<never, IChange>({} as never) };
  const model = new TransfersModel({
    api,
    put: put.put,
    changes: changes as never,
    wait: async ms => void waits.push(ms),
    explain: error => error.message
  });
  const event = (id: string): void =>
    changes.changed.emit({ kind: 'transfer', id });
  return { api, put, waits, model, event };
}

/** Let everything that is already settled take its course. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) {
    await Promise.resolve();
  }
}
