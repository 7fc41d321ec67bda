/** The columns of the job table: which there is room for, what stands in them, how they sort. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IJob } from '../../common/types';
import { formatClock } from '../../common/units';
import {
  aboutWords,
  endWords,
  leftWords,
  loadOf,
  memoryWords,
  reasonWords,
  taskWords,
  workerWords
} from './words';

export type ColumnKey =
  | 'id'
  | 'state'
  | 'about'
  | 'reason'
  | 'start'
  | 'node'
  | 'left'
  | 'memory'
  | 'cpu'
  | 'tasks'
  | 'worker'
  | 'end'
  | 'group';

/** Widths in CSS pixels; what is left over goes to the columns that grow. */
const WIDTHS: Readonly<Record<ColumnKey, number>> = {
  id: 78,
  state: 150,
  about: 90,
  reason: 150,
  start: 132,
  node: 84,
  left: 92,
  memory: 196,
  cpu: 58,
  tasks: 200,
  worker: 186,
  end: 120,
  group: 80
};

const GROWING: ReadonlySet<ColumnKey> = new Set(['about', 'reason', 'worker']);

/** The order from left to right. */
const ORDER: readonly ColumnKey[] = [
  'id',
  'group',
  'state',
  'about',
  'reason',
  'start',
  'node',
  'left',
  'worker',
  'cpu',
  'memory',
  'tasks',
  'end'
];

/** The order in which a wider table gets more columns. */
const WISHES: readonly ColumnKey[] = [
  'id',
  'state',
  'reason',
  'left',
  'memory',
  'node',
  'tasks',
  'start',
  'end',
  'group',
  'cpu',
  'worker'
];

/** Below this one column sums up what would need several, on a line of its own. */
const NARROW = 560;

/** Whether a table of this width, in CSS pixels, has rows of two lines. */
export function isNarrow(width: number): boolean {
  return width < NARROW;
}

/** The columns that a table of this width, in CSS pixels, has room for. */
export function columnsFor(width: number): ColumnKey[] {
  if (isNarrow(width)) {
    return ['id', 'state', 'about'];
  }
  const chosen = new Set<ColumnKey>();
  let used = 0;
  for (const key of WISHES) {
    used += WIDTHS[key];
    if (used > width) {
      break;
    }
    chosen.add(key);
  }
  return ORDER.filter(key => chosen.has(key));
}

/** The CSS `grid-template-columns` that header and rows share. */
export function columnTemplate(columns: readonly ColumnKey[]): string {
  if (columns.includes('about')) {
    return '3fr 3fr 4fr';
  }
  return columns
    .map(key =>
      GROWING.has(key)
        ? `minmax(${WIDTHS[key]}px, ${key === 'worker' ? 1 : 2}fr)`
        : `${WIDTHS[key]}px`
    )
    .join(' ');
}

export function columnLabel(key: ColumnKey, trans: TranslationBundle): string {
  switch (key) {
    case 'id':
      return trans.__('Job');
    case 'state':
      return trans.__('State');
    case 'about':
      return trans.__('Details');
    case 'reason':
      return trans.__('Reason');
    case 'start':
      return trans.__('Start');
    case 'node':
      return trans.__('Node');
    case 'left':
      return trans.__('Time left');
    case 'memory':
      return trans.__('Memory');
    case 'cpu':
      return trans.__('CPU');
    case 'tasks':
      return trans.__('Dask tasks');
    case 'worker':
      return trans.__('Dask worker');
    case 'end':
      return trans.__('Ended');
    case 'group':
      return trans.__('Group');
  }
}

/** What stands in a cell; empty for what is not known or does not apply. */
export function cellText(
  job: IJob,
  key: ColumnKey,
  trans: TranslationBundle
): string {
  switch (key) {
    case 'id':
      return job.id;
    case 'state':
      return job.state;
    case 'about':
      return aboutWords(job, trans);
    case 'reason':
      return reasonWords(job);
    case 'start': {
      const time = job.started ?? job.start_estimate;
      return time === null
        ? ''
        : job.started
          ? formatClock(time)
          : trans.__('≈ %1', formatClock(time));
    }
    case 'node':
      return job.node ?? '';
    case 'left':
      return leftWords(job);
    case 'memory': {
      const load = loadOf(job);
      return load ? memoryWords(load, trans) : '';
    }
    case 'cpu': {
      const load = loadOf(job);
      return load ? trans.__('%1 %', Math.round(load.cpu)) : '';
    }
    case 'tasks': {
      const load = loadOf(job);
      return load ? taskWords(load, trans) : '';
    }
    case 'worker':
      return workerWords(job);
    case 'end':
      return endWords(job, trans);
    case 'group':
      return job.kind === 'scheduler'
        ? trans.__('scheduler')
        : (job.group ?? '');
  }
}

/** What a column sorts by: numbers and times by value; null comes last in both directions. */
export function sortValue(
  job: IJob,
  key: ColumnKey,
  trans: TranslationBundle
): number | string | null {
  switch (key) {
    case 'start': {
      const time = job.started ?? job.start_estimate;
      return time === null ? null : Date.parse(time);
    }
    case 'left':
      return job.time_left;
    case 'memory':
      return loadOf(job)?.memory_bytes ?? null;
    case 'cpu':
      return loadOf(job)?.cpu ?? null;
    case 'tasks': {
      const load = loadOf(job);
      return load && load.executing + load.ready + load.inMemory;
    }
    default:
      return cellText(job, key, trans) || null;
  }
}
