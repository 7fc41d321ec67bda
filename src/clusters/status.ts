/** A cluster's state, counts and waiting jobs in words. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { formatClock } from '../common/units';
import type { ICluster, IJob } from '../common/types';

/** Signs beside the words, so that a state can be told without colours. */
export const SYMBOLS: Readonly<Record<ICluster['state'], string>> = {
  starting: '◔',
  running: '●',
  stopping: '◌',
  stopped: '○',
  failed: '✕'
};

/** Whether the cluster can be worked with, now or soon. */
export function isAlive(cluster: ICluster): boolean {
  return cluster.state === 'starting' || cluster.state === 'running';
}

/** Whether its scheduler is somebody else's: then it has no jobs of ours. */
export function isAttached(cluster: ICluster): boolean {
  return cluster.scheduler.mode === 'attached';
}

/** Whether something about the cluster is still on its way. */
export function isUnsettled(cluster: ICluster): boolean {
  const { wanted, queued, starting, connected } = cluster.workers;
  if (isAttached(cluster)) {
    return cluster.state === 'starting';
  }
  if (cluster.state === 'starting' || cluster.state === 'stopping') {
    return true;
  }
  return (
    cluster.state === 'running' &&
    (queued > 0 || starting > 0 || connected !== wanted)
  );
}

/** Whether nothing will compute until the user asks for workers. */
export function needsWorkers(cluster: ICluster): boolean {
  const { adapt, groups, workers } = cluster;
  return (
    !isAttached(cluster) &&
    adapt === null &&
    groups.every(group => group.adapt === null) &&
    workers.wanted === 0 &&
    workers.connected === 0
  );
}

/** The state as a word. */
export function stateWord(
  state: ICluster['state'],
  trans: TranslationBundle
): string {
  switch (state) {
    case 'starting':
      return trans.__('starting');
    case 'running':
      return trans.__('running');
    case 'stopping':
      return trans.__('stopping');
    case 'stopped':
      return trans.__('stopped');
    case 'failed':
      return trans.__('failed');
  }
}

/**
 * The four counts: "4 wanted · 2 queued · 1 starting · 1 connected".
 *
 * Queued and starting are left out when they are 0: they pass.
 */
export function workerCounts(
  workers: ICluster['workers'],
  trans: TranslationBundle
): string {
  const parts = [trans.__('%1 wanted', workers.wanted)];
  if (workers.queued > 0) {
    parts.push(trans.__('%1 queued', workers.queued));
  }
  if (workers.starting > 0) {
    parts.push(trans.__('%1 starting', workers.starting));
  }
  parts.push(trans.__('%1 connected', workers.connected));
  // A count and its word stay on one line in a narrow panel.
  return parts.map(part => part.replace(/ /g, '\u00a0')).join(' · ');
}

/**
 * Why jobs wait and until when, in the queue's words; null when none waits.
 *
 * @param said - What is said beside it: a reason that stands there already is left out.
 */
export function waitingWords(
  jobs: readonly IJob[],
  trans: TranslationBundle,
  said = '',
  now: Date = new Date()
): string | null {
  const waiting = jobs.filter(job => job.state === 'PENDING');
  if (waiting.length === 0) {
    return null;
  }
  const reasons = new Map<string, number>();
  for (const job of waiting) {
    const words = job.explanation ?? job.reason;
    if (words) {
      reasons.set(words, (reasons.get(words) ?? 0) + 1);
    }
  }
  const [reason] = [...reasons].sort((a, b) => b[1] - a[1])[0] ?? [null];
  const start = waiting
    .map(job => job.start_estimate)
    .filter((time): time is string => time !== null)
    .sort()[0];
  const count = trans._n('%1 job waits', '%1 jobs wait', waiting.length);
  const words =
    reason && !said.includes(reason)
      ? trans.__('%1: %2', count, reason)
      : count;
  return start
    ? trans.__('%1 (expected %2)', words, formatClock(start, now))
    : words;
}

/** What a screen reader says when a cluster's state changed; null when there is nothing to say. */
export function announcement(
  before: ICluster | null,
  after: ICluster | null,
  trans: TranslationBundle
): string | null {
  if (after === null) {
    return before && trans.__('%1 is gone', before.name);
  }
  if (before === null && after.state === 'running') {
    return null;
  }
  const state = stateWord(after.state, trans);
  return after.diagnosis
    ? trans.__('%1 is %2: %3', after.name, state, after.diagnosis.message)
    : trans.__('%1 is %2', after.name, state);
}
