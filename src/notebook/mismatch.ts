/** Tells when a kernel's versions do not go with the cluster's, as soon as it is connected, and keeps it. */
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';
import { tell } from '../common/notice';
import { sentences } from '../common/sentences';
import type { ICluster, IVersionsCompared } from '../common/types';
import { Again } from './again';
import type { INotebookApi } from './api';
import type { NotebookLinks } from './links';
import type { NotebookSettings } from './settings';

/** What was compared of a kernel and a cluster. */
interface ICompared {
  /** The kernel's versions: a restart changes them, and so does a cell that imports more. */
  readonly versions: string;
  /** The worker groups that had workers; before there are any it is the scheduler alone. */
  readonly groups: readonly string[];
  /** Counts the questions: answers may come in another order. */
  readonly number: number;
}

/** What does not go together, and what to do. */
export type IMismatch = NonNullable<IVersionsCompared['mismatch']>;

export class Mismatches {
  /** As long as the page lives. */
  constructor(options: Mismatches.IOptions) {
    this._options = options;
    options.links.changed.connect((_, panel) => void this._check(panel));
  }

  /** Emitted when a kernel and a cluster were compared and it is not with them as it was. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is known not to go together of a notebook and its cluster; null while that is nothing. */
  of(panel: NotebookPanel): IMismatch | null {
    const { state, watch } = this._options.links.of(panel);
    return state.kind === 'connected'
      ? (this._found.get(pairOf(watch.kernel, state.cluster)) ?? null)
      : null;
  }

  /** Tell it again. */
  repeat(panel: NotebookPanel): void {
    const { state } = this._options.links.of(panel);
    const mismatch = this.of(panel);
    if (mismatch && state.kind === 'connected') {
      this._tell(panel, state.cluster, mismatch);
    }
  }

  private async _check(panel: NotebookPanel): Promise<void> {
    const { api, links, settings } = this._options;
    const { answer, state, watch } = links.of(panel);
    if (
      state.kind !== 'connected' ||
      answer === null ||
      !settings.checksVersions
    ) {
      return;
    }
    const { cluster } = state;
    const pair = pairOf(watch.kernel, cluster);
    const versions = JSON.stringify(answer.packages);
    const last = this._last(pair);
    const groups = groupsOf(cluster);
    // A group without workers for a while is not looked at again, as adaptive ones come and go; one
    // that was removed may have been what differed.
    if (
      last?.versions === versions &&
      last.groups.every(group => isGroupOf(cluster, group)) &&
      groups.every(group => last.groups.includes(group))
    ) {
      return;
    }
    const checked = this._checked.get(pair);
    const done = checked?.versions === versions ? checked.groups : [];
    const kept = done.filter(group => isGroupOf(cluster, group));
    const number = ++this._count;
    const doing: ICompared = {
      versions,
      groups: [...new Set([...kept, ...groups])],
      number
    };
    this._doing.set(pair, doing);
    try {
      const { mismatch } = await api.compare(cluster.id, answer.packages);
      if (this._doing.get(pair) === doing) {
        this._doing.delete(pair);
        this._again.done(pair);
      }
      if (
        JSON.stringify(watch.answer?.packages) !== versions ||
        (this._checked.get(pair)?.number ?? 0) > number
      ) {
        // The kernel has others by now, or more was compared.
        return;
      }
      this._checked.set(pair, doing);
      this._note(pair, mismatch);
      if (mismatch && !this._told.get(pair)?.has(mismatch.message)) {
        const told = this._told.get(pair) ?? new Set();
        this._told.set(pair, told.add(mismatch.message));
        this._tell(panel, cluster, mismatch);
      }
    } catch {
      // A scheduler or a network that does not answer now.
      if (this._doing.get(pair) === doing) {
        this._doing.delete(pair);
        this._again.failed(pair, () => this._retry(pair, panel));
      }
    }
  }

  private _note(pair: string, mismatch: IMismatch | null): void {
    const before = this._found.get(pair)?.message;
    if (mismatch) {
      this._found.set(pair, mismatch);
    } else {
      this._found.delete(pair);
      this._told.delete(pair);
    }
    if (before !== mismatch?.message) {
      this._changed.emit();
    }
  }

  private _retry(pair: string, panel: NotebookPanel): void {
    const isGone =
      panel.isDisposed ||
      this._options.links.of(panel).state.kind !== 'connected';
    if (isGone) {
      this._again.done(pair);
    } else {
      void this._check(panel);
    }
  }

  /** What was asked last of those that are answered or not yet, but did not fail. */
  private _last(pair: string): ICompared | undefined {
    return this._doing.get(pair) ?? this._checked.get(pair);
  }

  private _tell(
    panel: NotebookPanel,
    { id, name }: ICluster,
    mismatch: IMismatch
  ): void {
    const { show, trans } = this._options;
    const words = trans.__(
      '%1, cluster %2: %3',
      PathExt.basename(panel.context.path),
      name,
      sentences(mismatch)
    );
    tell(words, mismatch.serious ? 'warning' : 'info', {
      autoClose: false,
      actions: [{ label: trans.__('Show cluster'), callback: () => show(id) }]
    });
  }

  private _options: Mismatches.IOptions;
  /** What was compared, by kernel and scheduler. */
  private _checked = new Map<string, ICompared>();
  /** What was asked for last and is not answered yet, by kernel and scheduler. */
  private _doing = new Map<string, ICompared>();
  private _count = 0;
  private _again = new Again();
  /** What was told and still holds, by kernel and scheduler. */
  private _told = new Map<string, Set<string>>();
  /** What does not go together, by kernel and scheduler. */
  private _found = new Map<string, IMismatch>();
  private _changed = new Signal<this, void>(this);
}

function pairOf(kernel: string | null, { scheduler }: ICluster): string {
  return `${kernel} ${scheduler.id}`;
}

/** Stands for the workers of a scheduler whose groups are not known. */
const ANY = '';

/** The groups that have workers. */
function groupsOf({ groups, workers }: ICluster): string[] {
  const names = groups
    .filter(group => group.workers.connected > 0)
    .map(({ name }) => name);
  return names.length === 0 && workers.connected > 0 ? [ANY] : names;
}

function isGroupOf({ groups }: ICluster, name: string): boolean {
  return name === ANY || groups.some(group => group.name === name);
}

export namespace Mismatches {
  export interface IOptions {
    api: Pick<INotebookApi, 'compare'>;
    links: NotebookLinks;
    settings: NotebookSettings;
    trans: TranslationBundle;
    /** Show a cluster's card. */
    show: (cluster: string) => void;
  }
}
