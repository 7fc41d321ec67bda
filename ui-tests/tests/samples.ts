/** Answers of the companion for states that are slow or hard to reach for real, given at the network. */
import type { Page } from '@playwright/test';
import type {
  ICluster,
  IClusterList,
  IJob,
  IPastCluster,
  IPulseList,
  ITapeRequest,
  ITransfer
} from '../../src/common/types';

const AT = '2026-01-02T03:04:05Z';
const FILE = 'scene.tif';
const LATER = '2036-01-02T03:04:05Z';

/** An address of the companion's REST routes. */
export function api(path: string): RegExp {
  return new RegExp(`/rsdat/api/${path}(\\?.*)?$`);
}

/** Answer every request to a route with this. */
export async function answer(
  page: Page,
  path: string,
  json: unknown,
  status = 200
): Promise<void> {
  await page.route(api(path), route => route.fulfill({ json, status }));
}

function aJob(part: Partial<IJob>): IJob {
  return {
    id: '671_0',
    kind: 'worker',
    group: 'workers',
    state: 'RUNNING',
    reason: null,
    explanation: null,
    start_estimate: null,
    started: AT,
    ended: null,
    node: 'node-17.example.org',
    time_left: 3300,
    worker: '671_0',
    workers: [],
    exit: null,
    actions: ['cancel'],
    ...part
  };
}

const JOBS: IJob[] = [
  aJob({
    workers: [
      {
        name: '671_0',
        address: 'tls://10.0.0.2:40001',
        threads: 2,
        memory_limit: 4 * 2 ** 30,
        memory: 3.9 * 2 ** 30,
        cpu: 112.5,
        status: 'running',
        executing: 2,
        ready: 14,
        in_memory: 120
      }
    ]
  }),
  aJob({
    id: '671_1',
    state: 'PENDING',
    reason: 'AssocMaxJobsLimit',
    explanation: 'Your account may run one job at once.',
    start_estimate: LATER,
    started: null,
    node: null,
    time_left: null,
    actions: ['hold', 'cancel']
  }),
  aJob({
    id: '671_2',
    state: 'OUT_OF_MEMORY',
    ended: AT,
    time_left: null,
    exit: '0:125',
    actions: []
  })
];

export function aCluster(part: Partial<ICluster> = {}): ICluster {
  const workers = { wanted: 3, queued: 1, starting: 0, connected: 1 };
  return {
    id: 'c-1',
    name: 'spider-1',
    state: 'running',
    created: AT,
    preset: 'any',
    connection: null,
    scheduler: {
      address: 'tls://10.0.0.1:34567',
      mode: 'beside',
      ends_at: null,
      job: null,
      id: null,
      dashboard: 'rsdat/clusters/c-1/dashboard/'
    },
    workers,
    cores: 2,
    memory: 8 * 2 ** 30,
    adapt: null,
    options: {},
    groups: [
      { name: 'workers', workers, adapt: null, options: {}, resources: {} }
    ],
    jobs: JOBS,
    idle: { after: null, ends_at: null },
    renew: false,
    warnings: [],
    diagnosis: null,
    cost: { core_hours: 1.5, per_hour: 4 },
    ...part
  };
}

/** Clusters in every state, below one another. */
export function everyCluster(): IClusterList {
  const none = { wanted: 0, queued: 0, starting: 0, connected: 0 };
  const { scheduler } = aCluster();
  return {
    clusters: [
      aCluster({
        warnings: [
          { code: 'walltime', message: 'Two workers end at 12:00.', at: LATER }
        ] as never,
        idle: { after: 600, ends_at: LATER },
        groups: [
          ...aCluster().groups,
          {
            name: 'with-gpu',
            workers: { wanted: 2, queued: 1, starting: 0, connected: 1 },
            adapt: { minimum: 0, maximum: 4 },
            options: { partition: 'gpu' },
            resources: {}
          }
        ]
      }),
      aCluster({
        id: 'c-2',
        name: 'a-cluster-with-a-name-that-is-longer-than-any-panel-is-wide',
        state: 'starting',
        scheduler: { ...scheduler, address: null, dashboard: null },
        workers: none,
        cores: 0,
        memory: 0,
        jobs: []
      }),
      aCluster({
        id: 'c-3',
        name: 'broken',
        state: 'failed',
        scheduler: { ...scheduler, address: null, dashboard: null },
        workers: none,
        jobs: [],
        diagnosis: {
          message: 'The job ran out of memory: it had asked for 8 GiB.',
          hint: 'Ask for 16 GiB.',
          log: 'slurmstepd: error: Detected 1 oom_kill event in StepId=671.batch.\nKilled'
        }
      }),
      aCluster({
        id: 'c-4',
        name: 'theirs',
        scheduler: { ...scheduler, mode: 'attached' as never },
        jobs: []
      }),
      aCluster({ id: 'c-5', name: 'leaving', state: 'stopping', jobs: [] })
    ],
    damaged: [
      {
        id: 'c-6',
        message: 'Its record can’t be read.',
        hint: 'Delete it.',
        can_delete: true
      }
    ] as never,
    queue_problem: {
      message: 'squeue did not answer within 20 seconds.',
      hint: 'Slurm may be restarting.'
    } as never,
    queue_seen: AT
  };
}

export const PAST: IPastCluster = {
  id: 'c-9',
  name: 'sunny',
  created: AT,
  ended: '2026-01-02T05:34:05Z',
  end: { code: 'idle', message: 'Shut down by itself' } as never,
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
  cost: { core_hours: 12.345 }
};

/** Of `everyCluster`: one that computes, one that does not, one that does not answer. */
export function pulses(): IPulseList {
  const now = {
    workers: 2,
    paused: 1,
    cores: 8,
    cpu: 78.4,
    memory: 5 * 2 ** 30,
    memory_limit: 8 * 2 ** 30,
    spilled: 2 ** 30,
    tasks: {
      processing: 12,
      queued: 340,
      no_worker: 0,
      waiting: 0,
      in_memory: 7,
      erred: 3
    },
    run: {
      running: true,
      done: 1203,
      total: 4000,
      erred: 3,
      seconds: 12,
      parts: [
        {
          name: 'mean_chunk-with-a-name-that-is-long',
          processing: 12,
          done: 1203,
          total: 4000,
          erred: 3
        }
      ]
    }
  };
  // Three minutes, each 5 s: age, CPU and memory in percent, tasks that are processed, to come, erred.
  const samples = Array.from({ length: 36 }, (_, index) => {
    const age = 175 - index * 5;
    const wave = Math.sin(index / 4);
    const toCome = Math.max(0, 340 - Math.max(0, 20 - index) * 40);
    return [
      age,
      age === 0 ? 78.4 : 60 + 30 * wave,
      40 + index * 0.64,
      8 + Math.round(4 * wave),
      toCome,
      index > 25 ? 3 : 0
    ];
  });
  const idle = { ...now, run: { ...now.run, running: false, parts: [] } };
  return {
    cursor: 'a.1',
    whole: true,
    next: 60,
    clusters: [
      { id: 'c-1', state: 'live', age: 0, now, samples },
      { id: 'c-4', state: 'live', age: 0, now: idle, samples },
      { id: 'c-5', state: 'silent', age: 60, now, samples }
    ]
  } as IPulseList;
}

function aTransfer(part: Partial<ITransfer>): ITransfer {
  return {
    id: 't1',
    kind: 'copy',
    state: 'running',
    title: FILE,
    source: { endpoint: 'demo', paths: ['/data/scene.tif'] },
    destination: { endpoint: null, paths: ['work'] },
    format: null,
    files: { total: 1, done: 0, skipped: 0, failed: 0 },
    bytes: { total: 1000, done: 400 },
    rate: 100,
    remaining: 6,
    created: AT,
    started: AT,
    ended: null,
    current: null,
    question: null,
    verified: null,
    way: null,
    problem: null,
    failures: [],
    content: null,
    can: ['cancel'],
    seen: true,
    ...part
  };
}

/** Transfers in every state. */
export const TRANSFERS: ITransfer[] = [
  aTransfer({
    id: 't0',
    kind: 'upload',
    state: 'asking',
    question: {
      path: 'a-very-long-folder-name/with-a-very-long-file-name-in-it.tif',
      size: 1000,
      modified: AT,
      new_size: 2000,
      others: 3
    }
  }),
  aTransfer({ current: 'bands/B04.tif' }),
  aTransfer({ id: 't2', kind: 'upload', state: 'waiting', rate: null }),
  aTransfer({
    id: 't3',
    kind: 'download',
    state: 'running',
    bytes: { total: null, done: 10_000 }
  }),
  aTransfer({
    id: 't4',
    state: 'done',
    ended: AT,
    verified: 'adler32',
    way: { by_doors: 12, streamed: 0, reasons: [] },
    can: ['forget']
  }),
  aTransfer({
    id: 't5',
    state: 'failed',
    ended: AT,
    problem: { message: 'The door is broken.', hint: 'Try later.' },
    failures: [
      { path: '/data/one.tif', message: 'It is gone.', hint: 'Look for it.' }
    ],
    can: ['retry', 'forget']
  }),
  aTransfer({ id: 't6', state: 'cancelled', ended: AT, can: ['retry'] }),
  aTransfer({ id: 't7', state: 'interrupted', can: ['retry', 'forget'] })
];

function anOrder(part: Partial<ITapeRequest>): ITapeRequest {
  return {
    id: 'o1',
    endpoint: 'demo',
    activity: 'stage',
    state: 'running',
    paths: ['/tape/old.txt'],
    keep: 604_800,
    created: AT,
    ended: null,
    files: { total: 4, done: 1, failed: 0 },
    bytes: 2048,
    ready_estimate: null,
    problem: null,
    seen: true,
    ...part
  } as ITapeRequest;
}

/** Orders for tape in every state. */
export const ORDERS: ITapeRequest[] = [
  anOrder({}),
  anOrder({ id: 'o2', state: 'done', ended: AT }),
  anOrder({
    id: 'o3',
    state: 'failed' as never,
    ended: AT,
    files: { total: 4, done: 1, failed: 3 },
    problem: { message: 'The tape is torn.', hint: 'Ask the site.' } as never
  })
];
