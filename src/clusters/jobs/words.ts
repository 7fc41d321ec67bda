/** A job and its Dask workers in words and numbers. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IJob } from '../../common/types';
import { formatBytes, formatClock, formatSpan } from '../../common/units';

/** What stage of its life a job is in, as far as it can be told from Slurm's state. */
export type Stage = 'waiting' | 'running' | 'ended';

const WAITING = new Set([
  'PENDING',
  'REQUEUED',
  'REQUEUE_HOLD',
  'REQUEUE_FED',
  'SPECIAL_EXIT',
  'RESV_DEL_HOLD'
]);
/** States of a job whose processes are there, if only just. */
const RUNNING = new Set([
  'CONFIGURING',
  'RUNNING',
  'COMPLETING',
  'SUSPENDED',
  'STOPPED',
  'SIGNALING',
  'STAGE_OUT',
  'RESIZING'
]);

export function stageOf(state: string): Stage {
  if (WAITING.has(state)) {
    return 'waiting';
  }
  return RUNNING.has(state) ? 'running' : 'ended';
}

/** A sign beside the state's word, so that it is told without colours. */
export function stateSymbol(job: IJob): string {
  switch (stageOf(job.state)) {
    case 'waiting':
      return isHeld(job) ? '⏸' : '◔';
    case 'running':
      return '●';
    case 'ended':
      return job.state === 'COMPLETED' || job.state === 'CANCELLED' ? '○' : '✕';
  }
}

/** Whether somebody keeps it from starting: then it can be released. */
export function isHeld(job: IJob): boolean {
  return job.actions.includes('release');
}

/** Its Dask workers taken together; null without one. */
export interface ILoad {
  workers: number;
  /** Percent; 100 is one core. */
  cpu: number;
  memory_bytes: number;
  limit_bytes: number;
  executing: number;
  ready: number;
  inMemory: number;
}

export function loadOf({ workers }: IJob): ILoad | null {
  if (workers.length === 0) {
    return null;
  }
  const sum = (of: (worker: IJob['workers'][number]) => number): number =>
    workers.reduce((total, worker) => total + of(worker), 0);
  return {
    workers: workers.length,
    cpu: sum(worker => worker.cpu),
    memory_bytes: sum(worker => worker.memory),
    limit_bytes: sum(worker => worker.memory_limit),
    executing: sum(worker => worker.executing),
    ready: sum(worker => worker.ready),
    inMemory: sum(worker => worker.in_memory)
  };
}

/** Whether something would be lost or have to be done again if it ended now. */
export function holdsWork(job: IJob): boolean {
  const load = loadOf(job);
  return load !== null && load.executing + load.ready + load.inMemory > 0;
}

/** Why it is as it is: the explanation, else Slurm's own word for it. */
export function reasonWords(job: IJob): string {
  return job.explanation ?? job.reason ?? '';
}

/** Names of the signals that end jobs (Linux's numbers). */
const SIGNALS: Readonly<Record<string, string>> = {
  '6': 'ABRT',
  '7': 'BUS',
  '9': 'KILL',
  '11': 'SEGV',
  '15': 'TERM'
};

/** How it ended; empty while it lives. */
export function endWords(job: IJob, trans: TranslationBundle): string {
  if (stageOf(job.state) !== 'ended') {
    return '';
  }
  const [code = '0', signal = '0'] = (job.exit ?? '').split(':');
  const exit =
    signal !== '0'
      ? trans.__(
          'signal %1',
          SIGNALS[signal] ? `${signal} (${SIGNALS[signal]})` : signal
        )
      : code !== '0' && code !== ''
        ? trans.__('exit code %1', code)
        : '';
  switch (job.state) {
    case 'OUT_OF_MEMORY':
      return trans.__('out of memory');
    case 'TIMEOUT':
      return trans.__('walltime');
    case 'NODE_FAIL':
      return trans.__('node failure');
    case 'PREEMPTED':
      return trans.__('preempted');
    case 'CANCELLED':
      return trans.__('cancelled');
    default:
      return (
        exit || (job.state === 'COMPLETED' ? trans.__('by itself') : job.state)
      );
  }
}

/** `1.5 GiB of 4 GiB`. */
export function memoryWords(load: ILoad, trans: TranslationBundle): string {
  return load.limit_bytes > 0
    ? trans.__(
        '%1 of %2',
        formatBytes(load.memory_bytes),
        formatBytes(load.limit_bytes)
      )
    : formatBytes(load.memory_bytes);
}

/** Share of the limit in use, 0 to 1; 0 without a limit. */
export function memoryShare(load: ILoad): number {
  return load.limit_bytes > 0
    ? Math.min(1, load.memory_bytes / load.limit_bytes)
    : 0;
}

/** `2 run · 14 ready · 120 in memory`. */
export function taskWords(load: ILoad, trans: TranslationBundle): string {
  return trans.__(
    '%1 run · %2 wait · %3 in memory',
    load.executing,
    load.ready,
    load.inMemory
  );
}

/** Address of its Dask worker, and how many more it has. */
export function workerWords(job: IJob): string {
  const address = job.workers[0]?.address ?? job.worker ?? '';
  const more = job.workers.length - 1;
  return more > 0 ? `${address} +${more}` : address;
}

/** How long it may still run; whole minutes, as seconds that tick only distract. */
export function leftWords(job: IJob): string {
  const left_s = job.time_left;
  if (left_s === null) {
    return '';
  }
  return formatSpan(left_s < 120 ? left_s : Math.floor(left_s / 60) * 60);
}

/** What matters most about it now, for places too narrow for columns. */
export function aboutWords(job: IJob, trans: TranslationBundle): string {
  const parts: string[] = [];
  const reason = reasonWords(job);
  switch (stageOf(job.state)) {
    case 'waiting':
      if (job.start_estimate) {
        parts.push(trans.__('expected %1', formatClock(job.start_estimate)));
      }
      parts.push(reason);
      break;
    case 'running': {
      const load = loadOf(job);
      if (load) {
        parts.push(memoryWords(load, trans));
      } else if (job.kind === 'scheduler') {
        parts.push(trans.__('scheduler'), reason);
      } else {
        parts.push(reason || trans.__('no Dask worker yet'));
      }
      if (job.time_left !== null) {
        parts.push(trans.__('%1 left', leftWords(job)));
      }
      if (job.node) {
        parts.push(job.node);
      }
      break;
    }
    case 'ended':
      parts.push(endWords(job, trans), reason);
  }
  return parts.filter(part => part !== '').join(' · ');
}
