/** What ends soonest of the clusters: a scheduler, workers, or a cluster that idles. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ICluster } from '../common/types';
import { formatClock, formatSpan } from '../common/units';
import { isAlive } from './status';

/** From then on an end is near: as long before as the companion warns. */
const NEAR_S = 30 * 60;

export interface IEnd {
  /** Name of the cluster. */
  cluster: string;
  what: 'scheduler' | 'workers' | 'idle';
  /** When, in milliseconds as `Date.now()`. */
  at_ms: number;
}

/**
 * The soonest end of each cluster, the soonest first.
 *
 * Workers that are replaced before their walltime end nothing.
 *
 * @param seen - When the queue told how long jobs may still run, ISO 8601; null: never.
 */
export function ends(
  clusters: readonly ICluster[],
  seen: string | null,
  now: Date
): IEnd[] {
  return clusters
    .filter(isAlive)
    .flatMap(cluster =>
      endsOf(cluster, seen)
        .filter(({ at_ms }) => at_ms > now.getTime())
        .sort(bySoonest)
        .slice(0, 1)
    )
    .sort(bySoonest);
}

export function isNear(end: IEnd, now: Date): boolean {
  return end.at_ms - now.getTime() <= NEAR_S * 1000;
}

/** `ends in 1 h 12 min`. */
export function endWords(
  end: IEnd,
  trans: TranslationBundle,
  now: Date
): string {
  const left_min = Math.floor((end.at_ms - now.getTime()) / 60_000);
  return left_min < 1
    ? trans.__('ends within a minute')
    : trans.__('ends in %1', formatSpan(left_min * 60));
}

/** `spider-1: its workers reach their walltime at 18:30`. */
export function endLine(
  { cluster, what, at_ms }: IEnd,
  trans: TranslationBundle,
  now: Date
): string {
  const at = formatClock(new Date(at_ms).toISOString(), now);
  switch (what) {
    case 'scheduler':
      return trans.__('%1: its scheduler ends at %2', cluster, at);
    case 'workers':
      return trans.__(
        '%1: the first of its workers reach their walltime at %2',
        cluster,
        at
      );
    case 'idle':
      return trans.__(
        '%1: it is idle and shuts itself down at %2',
        cluster,
        at
      );
  }
}

function endsOf(cluster: ICluster, seen: string | null): IEnd[] {
  const { idle, jobs, name, renew, scheduler } = cluster;
  const found: IEnd[] = [];
  const add = (what: IEnd['what'], at_ms: number): void => {
    found.push({ cluster: name, what, at_ms });
  };
  if (scheduler.ends_at !== null) {
    add('scheduler', Date.parse(scheduler.ends_at));
  }
  if (idle.ends_at !== null) {
    add('idle', Date.parse(idle.ends_at));
  }
  if (!renew && seen !== null) {
    for (const { kind, state, time_left } of jobs) {
      if (kind === 'worker' && state === 'RUNNING' && time_left !== null) {
        add('workers', Date.parse(seen) + time_left * 1000);
      }
    }
  }
  return found;
}

function bySoonest(one: IEnd, other: IEnd): number {
  return one.at_ms - other.at_ms;
}
