/** How busy a cluster is, in words. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IPulseNow } from '../../common/types';
import { formatBytes, formatSpan } from '../../common/units';
import type { IExtent } from './history';

type Tasks = IPulseNow['tasks'];
type Run = NonNullable<IPulseNow['run']>;

/** `78 % of 4 cores`. */
export function cpuWords(now: IPulseNow, trans: TranslationBundle): string {
  if (now.cpu === null) {
    return trans.__('no workers');
  }
  return trans._n(
    '%2 % of %1 core',
    '%2 % of %1 cores',
    now.cores,
    Math.round(now.cpu)
  );
}

/** `5.2 GiB of 8 GiB`. */
export function memoryWords(now: IPulseNow, trans: TranslationBundle): string {
  if (now.workers === 0) {
    return trans.__('no workers');
  }
  const used = formatBytes(now.memory);
  return now.memory_limit === null
    ? trans.__('%1, no limit', used)
    : trans.__('%1 of %2', used, formatBytes(now.memory_limit));
}

/** `12 processing`, and what else there is: `340 queued`, `3 erred`. Those that are 0 are left out. */
export function taskWords(tasks: Tasks, trans: TranslationBundle): string[] {
  const parts: string[] = [];
  const say = (count: number | null, word: string): void => {
    if (count) {
      parts.push(word);
    }
  };
  const of = (count: number | null): string => (count ?? 0).toLocaleString();
  say(tasks.processing, trans.__('%1 processing', of(tasks.processing)));
  say(tasks.queued, trans.__('%1 queued', of(tasks.queued)));
  say(tasks.waiting, trans.__('%1 waiting', of(tasks.waiting)));
  say(tasks.no_worker, trans.__('%1 without a worker', of(tasks.no_worker)));
  return parts;
}

/** `3 erred`; null for none. */
export function erredWords(
  erred: number | null,
  trans: TranslationBundle
): string | null {
  return erred ? trans.__('%1 erred', erred.toLocaleString()) : null;
}

/** All states in one line, for who does not see the lines. */
export function allTaskWords(tasks: Tasks, trans: TranslationBundle): string {
  const erred = erredWords(tasks.erred, trans);
  const parts = [...taskWords(tasks, trans), ...(erred ? [erred] : [])];
  return parts.length > 0 ? parts.join(', ') : trans.__('none');
}

/** Beside the line: `12 + 340 to come`, `12 processing`. */
export function taskCounts(
  tasks: Tasks,
  trans: TranslationBundle
): { long: string; short: string } {
  const toCome =
    (tasks.queued ?? 0) + (tasks.waiting ?? 0) + (tasks.no_worker ?? 0);
  const now = (tasks.processing ?? 0).toLocaleString();
  const more = toCome.toLocaleString();
  return toCome > 0
    ? {
        long: trans.__('%1 + %2 to come', now, more),
        short: trans.__('%1 + %2', now, more)
      }
    : { long: trans.__('%1 processing', now), short: now };
}

/** What the folded card says: `CPU 78 %, memory 65 %`. */
export function shortWords(now: IPulseNow, trans: TranslationBundle): string {
  if (now.cpu === null) {
    return trans.__('no workers');
  }
  const cpu = trans.__('CPU %1 %', Math.round(now.cpu));
  const memory = now.memory_limit
    ? trans.__('memory %1 %', Math.round((100 * now.memory) / now.memory_limit))
    : trans.__('memory %1', formatBytes(now.memory));
  return `${cpu}, ${memory}`;
}

/** `1,203 of 4,000`. */
export function doneWords(run: Run, trans: TranslationBundle): string {
  return trans.__(
    '%1 of %2',
    run.done.toLocaleString(),
    run.total.toLocaleString()
  );
}

/** `1,203 of 4,000 (30 %)`. */
export function donePercentWords(run: Run, trans: TranslationBundle): string {
  return trans.__(
    '%1 (%2 %)',
    doneWords(run, trans),
    // Never 100 while something is missing.
    Math.floor((100 * run.done) / run.total)
  );
}

/** What is computed: `mean_chunk`, `mean_chunk and 2 more`; null where no name is known. */
export function nameWords(run: Run, trans: TranslationBundle): string | null {
  const [first, ...more] = run.parts;
  if (!first) {
    return null;
  }
  return more.length === 0
    ? first.name
    : trans.__('%1 and %2 more', first.name, more.length);
}

/** What to say when no Dask task is seen: not all schedulers tell of those that wait. */
export function idleWords(now: IPulseNow, trans: TranslationBundle): string {
  return now.tasks.queued === null
    ? trans.__('No Dask task on a worker')
    : trans.__('Idle');
}

/** What was computed last: `1,000 Dask tasks in 34 s`. */
export function lastWords(run: Run, trans: TranslationBundle): string {
  const count = trans._n(
    '%2 Dask task',
    '%2 Dask tasks',
    run.total,
    run.total.toLocaleString()
  );
  return run.seconds === null
    ? trans.__('last: %1', count)
    : trans.__('last: %1 in %2', count, spanWords(run.seconds));
}

function spanWords(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : formatSpan(seconds);
}

/** What is amiss with the workers: memory that is full, data on disk. */
export function troubleWords(
  now: IPulseNow,
  trans: TranslationBundle
): string[] {
  const found: string[] = [];
  if (now.paused > 0) {
    found.push(
      trans._n(
        '%1 of %2 workers is paused: its memory is full',
        '%1 of %2 workers are paused: their memory is full',
        now.paused,
        now.workers
      )
    );
  }
  if (now.spilled) {
    found.push(
      trans.__(
        '%1 of results on disk, for want of memory',
        formatBytes(now.spilled)
      )
    );
  }
  if (now.tasks.no_worker && now.workers > 0) {
    found.push(
      trans._n(
        '%1 Dask task waits for a worker with what it asks for',
        '%1 Dask tasks wait for a worker with what they ask for',
        now.tasks.no_worker
      )
    );
  }
  return found;
}

/** Lowest, mean and highest: `3 – 60 – 98 %` in columns of their own. */
export function extentWords(
  extent: IExtent | null,
  unit: '%' | ''
): [string, string, string] {
  if (extent === null) {
    return ['–', '–', '–'];
  }
  const say = (value: number): string =>
    unit ? `${Math.round(value)} ${unit}` : Math.round(value).toLocaleString();
  return [say(extent.low), say(extent.mean), say(extent.high)];
}
