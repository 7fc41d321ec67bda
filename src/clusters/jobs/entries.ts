/** What a job table lists: the jobs, and the Dask workers that run in none of them. Pure. */
import type { ICluster, IDaskWorker, IJob } from '../../common/types';

/** How many rows the table of a cluster has without a filter. */
export function countEntries(cluster: ICluster): number {
  return cluster.jobs.length + (cluster.dask_workers?.length ?? 0);
}

/** A worker that somebody else started, as a row: nothing is known of its job, nor can be done to it. */
export function strangerEntry(worker: IDaskWorker): IJob {
  return {
    id: worker.name || worker.address,
    kind: 'worker',
    group: null,
    state: 'RUNNING',
    reason: worker.status === 'running' ? null : worker.status,
    explanation: null,
    start_estimate: null,
    started: null,
    ended: null,
    node: null,
    time_left: null,
    worker: worker.address,
    workers: [worker],
    exit: null,
    actions: []
  };
}
