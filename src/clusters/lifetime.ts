/** What is said of how long a cluster lives. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { sentences } from '../common/sentences';
import type { ICluster, IWarning } from '../common/types';
import { formatClock, formatSpan } from '../common/units';

/** Seconds from `now` until a time; 0 when it is over. */
export function secondsUntil(iso: string, now: Date): number {
  return Math.max(0, (Date.parse(iso) - now.getTime()) / 1000);
}

/** `18:30 (in 3 h 10 min)`. */
export function untilWords(
  iso: string,
  trans: TranslationBundle,
  now: Date
): string {
  const left_s = secondsUntil(iso, now);
  // Seconds that tick in a span of hours only distract.
  const span = left_s < 60 ? left_s : Math.floor(left_s / 60) * 60;
  return trans.__('%1 (in %2)', formatClock(iso, now), formatSpan(span));
}

/** Where the scheduler runs: "beside Jupyter", "own job 123", "attached". */
export function placementWords(
  { mode, job }: ICluster['scheduler'],
  trans: TranslationBundle
): string {
  switch (mode) {
    case 'beside':
      return job === null
        ? trans.__('beside Jupyter')
        : trans.__('beside Jupyter, in job %1', job);
    case 'job':
      return job === null ? trans.__('own job') : trans.__('own job %1', job);
    case 'attached':
      return trans.__('attached');
  }
}

/** A warning in one line, with when that happens; what stands there for long is told without `now`. */
export function warningWords(
  warning: IWarning,
  trans: TranslationBundle,
  now: Date | null
): string {
  const words = sentences(warning);
  const at = now ? untilWords(warning.at, trans, now) : formatClock(warning.at);
  return trans.__('%1 At %2.', words, at);
}

/** The countdown to the idle shutdown. */
export function idleWords(
  endsAt: string,
  trans: TranslationBundle,
  now: Date
): string {
  const left_s = secondsUntil(endsAt, now);
  return left_s > 0
    ? trans.__('Idle: shuts down in %1', formatSpan(left_s))
    : trans.__('Idle: shuts down now');
}
