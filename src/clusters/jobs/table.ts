/** What one job table shows: order, filter and the row the keyboard is on. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ICluster, IDaskWorker, IJob } from '../../common/types';
import { cellText, sortValue, type ColumnKey } from './columns';
import { strangerEntry } from './entries';

export interface ISort {
  readonly key: ColumnKey;
  readonly reverse: boolean;
}

/** Numbers inside words count as numbers: job 671_10 comes after 671_9. */
const NATURAL = new Intl.Collator(undefined, { numeric: true });

/** Columns whose text a filter looks into. */
const SEARCHED: readonly ColumnKey[] = [
  'id',
  'group',
  'state',
  'reason',
  'node',
  'worker',
  'end'
];

/** Sorted by a column, then by id; what is empty comes last. A new array. */
export function sortJobs(
  jobs: readonly IJob[],
  sort: ISort,
  trans: TranslationBundle
): IJob[] {
  const sign = sort.reverse ? -1 : 1;
  return jobs
    .map(job => ({ job, value: sortValue(job, sort.key, trans) }))
    .sort((a, b) => {
      if (a.value !== b.value && (a.value === null || b.value === null)) {
        return a.value === null ? 1 : -1;
      }
      const order =
        typeof a.value === 'number' && typeof b.value === 'number'
          ? a.value - b.value
          : NATURAL.compare(String(a.value), String(b.value));
      return sign * order || NATURAL.compare(a.job.id, b.job.id);
    })
    .map(({ job }) => job);
}

/** Those in a state (all when empty) that have every word of the text somewhere, whatever the case. */
export function filterJobs(
  jobs: readonly IJob[],
  filter: { text: string; state: string },
  trans: TranslationBundle
): readonly IJob[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && filter.state === '') {
    return jobs;
  }
  return jobs.filter(job => {
    if (filter.state !== '' && job.state !== filter.state) {
      return false;
    }
    if (words.length === 0) {
      return true;
    }
    const text = SEARCHED.map(key => cellText(job, key, trans))
      .join('\n')
      .toLowerCase();
    return words.every(word => text.includes(word));
  });
}

/** The states that occur, with how many jobs are in each. */
export function countStates(jobs: readonly IJob[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { state } of jobs) {
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return new Map([...counts].sort());
}

export class JobTable {
  constructor(trans: TranslationBundle) {
    this._trans = trans;
  }

  /** Emitted when anything below changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when a job was pointed at, also when it is the same as before. */
  get pointed(): ISignal<this, void> {
    return this._pointed;
  }

  /** Whether the card shows it; a change is not told. */
  isOpen = false;

  get sort(): ISort {
    return this._sort;
  }

  /** Text that the rows shown contain. */
  get text(): string {
    return this._text;
  }

  set text(text: string) {
    this._text = text;
    this._touch();
  }

  /** State that the rows shown are in; empty for all. */
  get state(): string {
    return this._state;
  }

  set state(state: string) {
    this._state = state;
    this._touch();
  }

  /** Id of the job the keyboard is on. */
  get active(): string | null {
    return this._active;
  }

  set active(job: string | null) {
    const isOther = job !== this._active;
    this._active = job;
    if (job !== null) {
      this._pointed.emit();
    }
    if (isOther) {
      this._changed.emit();
    }
  }

  /** Sort by a column, or the other way round when it does already. */
  sortBy(key: ColumnKey): void {
    const reverse = this._sort.key === key && !this._sort.reverse;
    this._sort = { key, reverse };
    this._touch();
  }

  /** All there is to show of a cluster; the same array as long as nothing of it changed. */
  entries(cluster: ICluster): readonly IJob[] {
    const { jobs, dask_workers: strangers = [] } = cluster;
    if (strangers.length === 0) {
      return jobs;
    }
    if (this._all?.jobs !== jobs || this._all.strangers !== strangers) {
      const old = this._all;
      const rows = strangers.map((worker, index) =>
        old?.strangers[index] === worker
          ? old.entries[old.jobs.length + index]
          : strangerEntry(worker)
      );
      this._all = { jobs, strangers, entries: [...jobs, ...rows] };
    }
    return this._all.entries;
  }

  /** The rows to show of a cluster's jobs; the same array as long as nothing changed. */
  rows(jobs: readonly IJob[]): readonly IJob[] {
    if (this._cache?.jobs !== jobs) {
      const shown = filterJobs(
        jobs,
        { text: this._text, state: this._state },
        this._trans
      );
      const rows = sortJobs(shown, this._sort, this._trans);
      this._cache = { jobs, rows };
    }
    return this._cache.rows;
  }

  dispose(): void {
    Signal.clearData(this);
  }

  private _touch(): void {
    this._cache = null;
    this._changed.emit();
  }

  private _trans: TranslationBundle;
  private _sort: ISort = { key: 'id', reverse: false };
  private _text = '';
  private _state = '';
  private _active: string | null = null;
  private _all: {
    jobs: readonly IJob[];
    strangers: readonly IDaskWorker[];
    entries: readonly IJob[];
  } | null = null;
  private _cache: { jobs: readonly IJob[]; rows: readonly IJob[] } | null =
    null;
  private _changed = new Signal<this, void>(this);
  private _pointed = new Signal<this, void>(this);
}
