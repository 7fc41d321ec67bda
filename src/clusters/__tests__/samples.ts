/** Clusters, jobs and a controllable API for the tests. */
import { PromiseDelegate } from '@lumino/coreutils';
import type {
  IClients,
  ICluster,
  IClusterList,
  IDaskWorker,
  IGroup,
  IJob,
  ILogList,
  ILogMatches,
  IOptions,
  IPastCluster,
  IPreset,
  IPreview,
  ISite
} from '../../common/types';
import type { IClustersApi, ILogPart, ILogQuery } from '../api';

/** Where a cluster's scheduler file and keys are. */
const FOLDER = '/home/ann/.rsdat/clusters/c0ffee00';
const FILES = {
  address: null,
  scheduler_file: `${FOLDER}/scheduler.json`,
  ca_file: `${FOLDER}/tls/certificate.pem`,
  cert_file: `${FOLDER}/tls/certificate.pem`,
  key_file: `${FOLDER}/tls/key.pem`
};

export function aCluster(part: Partial<ICluster> = {}): ICluster {
  return {
    id: 'c-1',
    name: 'SLURMCluster 1',
    state: 'running',
    created: '2026-01-01T10:00:00Z',
    preset: 'any',
    scheduler: {
      address: 'tls://10.0.0.1:34567',
      mode: 'beside',
      ends_at: null,
      job: null,
      dashboard: 'rsdat/clusters/c-1/dashboard/',
      id: 'Scheduler-1'
    },
    workers: { wanted: 1, queued: 0, starting: 0, connected: 1 },
    cores: 2,
    memory: 8 * 2 ** 30,
    adapt: null,
    options: {},
    groups: [aGroup()],
    jobs: [],
    idle: { after: null, ends_at: null },
    renew: false,
    warnings: [],
    diagnosis: null,
    cost: { core_hours: 0, per_hour: 0 },
    connection: FILES,
    ...part
  };
}

export function aGroup(part: Partial<IGroup> = {}): IGroup {
  return {
    name: 'workers',
    workers: { wanted: 1, queued: 0, starting: 0, connected: 1 },
    adapt: null,
    options: {},
    resources: {},
    ...part
  };
}

export function aPast(part: Partial<IPastCluster> = {}): IPastCluster {
  return {
    id: 'c-9',
    name: 'sunny',
    created: '2026-01-01T10:00:00Z',
    ended: '2026-01-01T12:30:00Z',
    end: { code: 'idle', message: 'Shut down by itself' },
    preset: 'spider',
    mode: 'beside',
    groups: [
      {
        name: 'workers',
        workers: 4,
        adapt: null,
        options: { cores: 2, memory: '8GiB', partition: 'normal' },
        resources: {}
      }
    ],
    jobs: { total: 5, failed: 1 },
    cost: { core_hours: 12.345 },
    ...part
  };
}

export function aWorker(part: Partial<IDaskWorker> = {}): IDaskWorker {
  return {
    name: '671_0',
    address: 'tls://10.0.0.2:40001',
    threads: 2,
    memory_limit: 4 * 2 ** 30,
    memory: 2 ** 30,
    cpu: 12.5,
    status: 'running',
    executing: 0,
    ready: 0,
    in_memory: 0,
    ...part
  };
}

export function aJob(part: Partial<IJob> = {}): IJob {
  return {
    id: '671_0',
    kind: 'worker',
    group: 'workers',
    state: 'PENDING',
    reason: null,
    explanation: null,
    start_estimate: null,
    started: null,
    ended: null,
    node: null,
    time_left: null,
    worker: null,
    workers: [],
    exit: null,
    actions: [],
    ...part
  };
}

export function aList(...clusters: ICluster[]): IClusterList {
  return {
    clusters,
    damaged: [],
    queue_problem: null,
    queue_seen: '2026-01-01T10:00:00Z'
  };
}

export const SITE: ISite = {
  queue: 'slurm',
  name: 'spider',
  partitions: [
    {
      name: 'normal',
      default: true,
      state: 'UP',
      nodes: 3,
      nodes_down: 0,
      node_kinds: [
        { nodes: 3, cores: 4, memory: 2 ** 34, features: [], gres: [] }
      ],
      cores_per_node: 4,
      memory_per_node: 2 ** 34,
      walltime_limit: null,
      walltime_default: null,
      nodes_minimum: 1,
      nodes_limit: null,
      cores_limit: null,
      memory_limit: null,
      memory_per_core_default: null,
      memory_per_core_limit: null,
      features: [],
      gres: [],
      accounts: null,
      denied_accounts: [],
      groups: null,
      qos: null,
      denied_qos: [],
      partition_qos: null,
      reservation_only: false
    }
  ],
  default_partition: 'normal',
  accounts: ['proj'],
  default_account: 'proj',
  reservations: [],
  limits: [],
  array_limit: 1001,
  refuses_over_limits: false,
  kill_wait: 30,
  presets: [
    samplePreset('any', 'Any Slurm', { cores: 2, memory: '4GiB' }),
    samplePreset('big', 'Big', { cores: 8, prologue: ['a', 'b'] })
  ],
  preset: 'any',
  last: null
};

/** A preset that is shipped. */
export function samplePreset(
  name: string,
  title: string,
  options: IOptions
): IPreset {
  return {
    name,
    title,
    options,
    request: {},
    own: false,
    source: 'shipped',
    memory_per_core: null,
    scheduler: { mode: 'beside' },
    problem: null
  };
}

/** Each call waits until the test answers it: so that answers can come in any order. */
export class FakeApi implements IClustersApi {
  readonly lists: PromiseDelegate<IClusterList>[] = [];
  readonly creations: PromiseDelegate<ICluster>[] = [];
  readonly changes: PromiseDelegate<ICluster>[] = [];
  readonly shutdowns: PromiseDelegate<ICluster>[] = [];
  readonly sent: unknown[] = [];
  /** Answers in turn, whichever log is asked for. */
  logParts: ILogPart[] = [];
  /** Answers for one log, by its source: a look at the end of another takes none of them. */
  readonly logPartsOf: { [source: string]: ILogPart[] } = {};
  readonly logCalls: [string, string, number][] = [];
  site = jest.fn(() => Promise.resolve(SITE));
  preview = jest.fn(() =>
    Promise.resolve<IPreview>({
      script: '#SBATCH -p normal',
      start_estimate: null,
      core_hours: 4,
      core_hours_per_hour: 4,
      notes: [],
      problems: ['Too long.']
    })
  );

  savePreset = jest.fn(() => Promise.resolve({}));
  deletePreset = jest.fn(() => Promise.resolve());

  list(): Promise<IClusterList> {
    return wait(this.lists);
  }

  create(request: unknown): Promise<ICluster> {
    this.sent.push(request);
    return wait(this.creations);
  }

  change(_: string, change: unknown): Promise<ICluster> {
    this.sent.push(change);
    return wait(this.changes);
  }

  shutdown(): Promise<ICluster> {
    return wait(this.shutdowns);
  }

  clients = jest.fn<Promise<IClients>, [string]>(() =>
    Promise.resolve({
      clients: [],
      tasks: { processing: 0, waiting: 0, in_memory: 0 },
      bytes: 0
    })
  );

  actOnJob(id: string, job: string, action: string): Promise<ICluster> {
    this.sent.push([id, job, action]);
    return wait(this.changes);
  }

  addGroup(_: string, request: unknown): Promise<ICluster> {
    this.sent.push(request);
    return wait(this.changes);
  }

  removeGroup(id: string, group: string): Promise<ICluster> {
    this.sent.push([id, group]);
    return wait(this.changes);
  }

  readonly searches: [string, ILogQuery][] = [];
  readonly found: PromiseDelegate<ILogMatches>[] = [];
  readonly pasts: PromiseDelegate<{ clusters: IPastCluster[] }>[] = [];
  logList: ILogList = { name: null, logs: [] };
  deletePast = jest.fn<Promise<void>, [string]>(() => Promise.resolve());
  logs = jest.fn<Promise<ILogList>, [string]>(() =>
    Promise.resolve(this.logList)
  );

  searchLogs(id: string, query: ILogQuery): Promise<ILogMatches> {
    this.searches.push([id, query]);
    return wait(this.found);
  }

  logUrl(id: string, source: string): string {
    return `/logs/${id}/${source}?download=1`;
  }

  past(): Promise<{ clusters: IPastCluster[] }> {
    return wait(this.pasts);
  }

  log(id: string, source: string, offset: number): Promise<ILogPart> {
    this.logCalls.push([id, source, offset]);
    const part = (this.logPartsOf[source] ?? this.logParts).shift();
    return part ? Promise.resolve(part) : Promise.reject(new Error('no log'));
  }
}

function wait<T>(calls: PromiseDelegate<T>[]): Promise<T> {
  const delegate = new PromiseDelegate<T>();
  calls.push(delegate);
  return delegate.promise;
}

/** Let everything that is settled take effect. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
  }
}
