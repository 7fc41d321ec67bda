/** Which rows are selected and which one has the keyboard; pure, replaced and never edited. */
import type { IEntry } from '../common/types';
import type { IRowRange } from '../common/windowed';
import { isOnTape, isStaged } from './format';
import { isHidden } from './paths';

/** More entries than dCache lists in a time that anybody waits; they take some 100 MB of a tab. */
export const MAX_SELECTED = 300_000;

/** Every row, also those that dCache has still to tell. */
export const EVERYTHING: IRowRange = { first: 0, end: MAX_SELECTED };

/** The selected entries by name, the row the keyboard is on, and where a range began. */
export interface ISelection {
  readonly entries: ReadonlyMap<string, IEntry>;
  /** -1 when no row has the keyboard. */
  readonly active: number;
  /** The row from which Shift selects. */
  readonly anchor: number;
  /** Whether the active row is to be selected as soon as its page is here. */
  readonly isWaiting: boolean;
  /** Rows that are selected, but whose entries are still on their way. */
  readonly pending: IRowRange | null;
}

export const NOTHING: ISelection = {
  entries: new Map(),
  active: -1,
  anchor: -1,
  isWaiting: false,
  pending: null
};

/** One entry alone. */
export function selectOnly(row: number, entry: IEntry | null): ISelection {
  const entries = new Map(entry ? [[entry.name, entry]] : []);
  return {
    entries,
    active: row,
    anchor: row,
    isWaiting: entry === null,
    pending: null
  };
}

/** One entry more, or less when it was selected. */
export function toggle(
  selection: ISelection,
  row: number,
  entry: IEntry | null
): ISelection {
  const entries = new Map(selection.entries);
  if (entry && !entries.delete(entry.name) && entries.size < MAX_SELECTED) {
    entries.set(entry.name, entry);
  }
  return {
    entries,
    active: row,
    anchor: row,
    isWaiting: false,
    pending: null
  };
}

/** The rows between the anchor and a row, both included, cut to `MAX_SELECTED` next to the anchor. */
export function rangeTo(selection: ISelection, row: number): IRowRange {
  const anchor = Math.max(0, selection.anchor);
  return row >= anchor
    ? { first: anchor, end: Math.min(row + 1, anchor + MAX_SELECTED) }
    : { first: Math.max(row, anchor - MAX_SELECTED + 1), end: anchor + 1 };
}

/** The entries of a range in place of what was selected; the anchor stays. */
export function selectEntries(
  selection: ISelection,
  row: number,
  entries: readonly IEntry[]
): ISelection {
  return {
    entries: new Map(entries.map(entry => [entry.name, entry])),
    active: row,
    anchor: Math.max(0, selection.anchor),
    isWaiting: false,
    pending: null
  };
}

/** Whether a row is drawn as selected. */
export function isSelectedRow(
  selection: ISelection,
  row: number,
  entry: IEntry | null
): boolean {
  const { entries, pending } = selection;
  return pending
    ? row >= pending.first && row < pending.end
    : entry !== null && entries.has(entry.name);
}

/** What menus ask of a selection. */
export interface ISummary {
  /** In the order in which they were selected. */
  readonly list: readonly IEntry[];
  readonly bytes: number;
  readonly hasFolder: boolean;
  readonly hasTape: boolean;
  readonly hasStaged: boolean;
}

const summaries = new WeakMap<ReadonlyMap<string, IEntry>, ISummary>();

/** Counted once for each selection: menus ask it at every change of the panel, of 200 000 entries. */
export function summaryOf({ entries }: ISelection): ISummary {
  let summary = summaries.get(entries);
  if (summary === undefined) {
    const list = [...entries.values()];
    summary = {
      list,
      bytes: list.reduce((sum, { size }) => sum + (size ?? 0), 0),
      hasFolder: list.some(({ type }) => type === 'directory'),
      hasTape: list.some(isOnTape),
      hasStaged: list.some(isStaged)
    };
    summaries.set(entries, summary);
  }
  return summary;
}

/** The same entries, the hidden ones only if they are shown, in other rows: the keyboard begins anew. */
export function elsewhere(
  { entries }: ISelection,
  showsHidden: boolean
): ISelection {
  const seen = [...entries].filter(([name]) => showsHidden || !isHidden(name));
  return { ...NOTHING, entries: new Map(seen) };
}
