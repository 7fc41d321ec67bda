/** Kernels, notebooks and clusters of the tests, at the borders of what is tested. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { IChange } from '../../common/events';
import type { ICluster } from '../../common/types';
import type { IClusterManager } from '../../tokens';
import type { IKernelClient } from '../question';

/** A kernel's own end of the line: what was asked of it, and what it has. */
export class FakeSession {
  constructor(readonly language = 'python') {}

  readonly iopubMessage = new Signal<this, KernelMessage.IMessage>(this);
  readonly kernelChanged = new Signal<this, unknown>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly ready = Promise.resolve();
  readonly asked: KernelMessage.IExecuteRequestMsg['content'][] = [];
  clients: IKernelClient[] = [];
  packages: Record<string, string> = { python: '3.12.1', dask: '2026.8.0' };
  /** Waits until the test lets it go on. */
  pause: PromiseDelegate<void> | null = null;

  readonly kernel = {
    id: 'k-1',
    status: 'idle' as Kernel.Status,
    info: Promise.resolve().then(() => ({
      language_info: { name: this.language }
    })),
    requestExecute: (content: KernelMessage.IExecuteRequestMsg['content']) => {
      this.asked.push(content);
      // As services do: what is given up is rejected, and stays in the kernel's queue.
      const done = new PromiseDelegate<unknown>();
      done.promise.catch(() => undefined);
      void this._reply().then(reply => done.resolve(reply));
      return {
        msg: { header: { msg_id: `m-${this.asked.length}` } },
        done: done.promise,
        dispose: () =>
          done.reject(new Error('Canceled future for execute_request message'))
      };
    }
  };

  session = { kernel: this.kernel };

  /** Another kernel takes the place of this one. */
  setKernel(kernel: typeof this.kernel): void {
    this.session = { kernel };
    this.kernelChanged.emit(null);
  }

  /** A cell runs; its `execute_input` and its end come as from a kernel. */
  runCell(id = 'cell-1'): void {
    this.emit('execute_input', id, {});
    this.emit('status', id, { execution_state: 'idle' });
  }

  /** Something else has been done, without a cell. */
  runSilently(id = 'silent-1'): void {
    this.emit('status', id, { execution_state: 'busy' });
    this.emit('status', id, { execution_state: 'idle' });
  }

  setStatus(status: Kernel.Status): void {
    this.kernel.status = status;
    this.statusChanged.emit(status);
  }

  private emit(type: string, parent: string, content: object): void {
    this.iopubMessage.emit({
      header: { msg_type: type },
      parent_header: { msg_id: parent, msg_type: 'execute_request' },
      content
    } as unknown as KernelMessage.IMessage);
  }

  private async _reply(): Promise<unknown> {
    await this.pause?.promise;
    const data = {
      'application/vnd.rsdat.clients+json': {
        clients: this.clients,
        packages: this.packages
      }
    };
    return {
      content: {
        status: 'ok',
        user_expressions: { rsdat: { status: 'ok', data } }
      }
    };
  }
}

/** A notebook with such a kernel and real metadata. */
export class FakePanel {
  constructor(readonly path: string) {
    this.context = { path, ready: Promise.resolve() };
    this.id = path;
  }

  readonly id: string;
  readonly context: { path: string; ready: Promise<void> };
  readonly sessionContext = new FakeSession();
  readonly disposed = new Signal<this, void>(this);
  readonly metadata = new Map<string, unknown>();
  isDisposed = false;
  readonly model = {
    readOnly: false,
    getMetadata: (key: string) => this.metadata.get(key),
    setMetadata: (key: string, value: unknown) =>
      void this.metadata.set(key, value),
    deleteMetadata: (key: string) => void this.metadata.delete(key),
    contentChanged: new Signal<object, void>({}),
    metadataChanged: new Signal<object, void>({})
  };

  /** As what it stands for. */
  get panel(): NotebookPanel {
    return this as unknown as NotebookPanel;
  }

  /** Its kernel has a client of a scheduler, as after the cell that connects. */
  connectTo(scheduler: string, status = 'running'): void {
    const client = { id: `Client-${this.path}`, scheduler, status };
    this.sessionContext.clients = [client];
    this.sessionContext.runCell();
  }

  dispose(): void {
    this.isDisposed = true;
    this.disposed.emit();
  }
}

export class FakeClusters implements IClusterManager {
  clusters: readonly ICluster[] = [];
  selected: string | null = null;
  isReady = false;
  glances = 0;
  watches = 0;
  readonly changed = new Signal<this, void>(this);
  refresh = jest.fn(() => Promise.resolve());
  select = jest.fn();

  set(...clusters: ICluster[]): void {
    this.clusters = clusters;
    this.isReady = true;
    this.changed.emit();
  }

  watch(): IDisposable {
    this.watches += 1;
    return new DisposableDelegate(() => {
      this.watches -= 1;
    });
  }

  glance(): IDisposable {
    this.glances += 1;
    return new DisposableDelegate(() => {
      this.glances -= 1;
    });
  }
}

export class FakeChanges {
  readonly changed = new Signal<this, IChange>(this);
}

export function aCluster(part: Partial<ICluster> = {}): ICluster {
  return {
    id: 'c-1',
    name: 'maps',
    state: 'running',
    created: '2026-01-01T10:00:00Z',
    preset: 'any',
    scheduler: {
      address: 'tls://10.0.0.1:34567',
      mode: 'beside',
      ends_at: null,
      job: null,
      dashboard: null,
      id: 'Scheduler-1'
    },
    workers: { wanted: 2, queued: 0, starting: 0, connected: 2 },
    cores: 2,
    memory: 0,
    adapt: null,
    options: {},
    groups: [],
    jobs: [],
    idle: { after: null, ends_at: null },
    renew: false,
    warnings: [],
    diagnosis: null,
    cost: { core_hours: 0, per_hour: 0 },
    connection: {
      address: 'tcp://10.0.0.1:8786',
      scheduler_file: null,
      ca_file: null,
      cert_file: null,
      key_file: null
    },
    ...part
  };
}

/** Let the spacing of questions pass, and all that follows. */
export async function later(): Promise<void> {
  await jest.advanceTimersByTimeAsync(500);
}
