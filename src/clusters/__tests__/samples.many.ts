/** Fifty clusters with two thousand jobs, as an answer of the companion: new objects every time. */
import type { ICluster, IClusterList } from '../../common/types';
import { aCluster, aJob, aList, aWorker } from './samples';

export const CLUSTERS = 50;
export const JOBS_EACH = 40;

/** One of the clusters, by number from 0. */
export function clusterNumber(number: number): ICluster {
  const jobs = Array.from({ length: JOBS_EACH }, (_, task) => {
    const id = `${1000 + number}_${task}`;
    return aJob({
      id,
      state: 'RUNNING',
      node: `node${task % 7}`,
      time_left: 3600,
      actions: ['cancel'],
      workers: [aWorker({ name: id, memory: task * 2 ** 20 })]
    });
  });
  return aCluster({ id: `c-${number}`, name: `Cluster ${number}`, jobs });
}

export function manyClusters(): IClusterList {
  return aList(
    ...Array.from({ length: CLUSTERS }, (_, number) => clusterNumber(number))
  );
}
