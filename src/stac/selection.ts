/** Which items are selected and which row has the keyboard; pure, replaced and never edited. */
import type { IStacRow } from '../common/types';
import type { IRowRange } from '../common/windowed';

/** The companion takes no more addresses at once (docs/api.yaml, StacSelection). */
export const MOST_SELECTED = 10_000;

/** What of an item is known when it is selected; on the map that is no more than this. */
export type ISelected = Pick<IStacRow, 'href' | 'id'> & Partial<IStacRow>;

/** The collection that all of them are of; null: there is none, or it is not known. */
export function commonCollection(items: readonly ISelected[]): string | null {
  const [first, ...others] = new Set(items.map(each => each.collection));
  return others.length === 0 ? (first ?? null) : null;
}

export interface ISelection {
  /** By address, in the order in which they were selected. */
  readonly items: ReadonlyMap<string, ISelected>;
  /** All that pass the filter, however many. */
  readonly isAll: boolean;
  /** -1 when no row has the keyboard. */
  readonly active: number;
  /** The row from which Shift selects. */
  readonly anchor: number;
}

export const NOTHING: ISelection = {
  items: new Map(),
  isAll: false,
  active: -1,
  anchor: -1
};

export function selectOnly(row: number, item: ISelected | null): ISelection {
  return {
    items: new Map(item ? [[item.href, item]] : []),
    isAll: false,
    active: row,
    anchor: row
  };
}

/** One more, or one less when it was selected. */
export function toggle(
  selection: ISelection,
  row: number,
  item: ISelected | null
): ISelection {
  const items = new Map(selection.items);
  if (item && !items.delete(item.href) && items.size < MOST_SELECTED) {
    items.set(item.href, item);
  }
  return { items, isAll: false, active: row, anchor: row };
}

/** The rows between the anchor and a row, both included. */
export function rangeTo(selection: ISelection, row: number): IRowRange {
  const anchor = Math.max(0, selection.anchor);
  return row >= anchor
    ? { first: anchor, end: Math.min(row + 1, anchor + MOST_SELECTED) }
    : { first: Math.max(row, anchor - MOST_SELECTED + 1), end: anchor + 1 };
}

/** Exactly these, with the range still open at its other end. */
export function selectRange(
  selection: ISelection,
  row: number,
  items: readonly ISelected[]
): ISelection {
  return {
    items: new Map(items.map(item => [item.href, item])),
    isAll: false,
    active: row,
    anchor: Math.max(0, selection.anchor)
  };
}

export function selectAll(selection: ISelection): ISelection {
  return { ...selection, items: new Map(), isAll: true };
}

export function isSelected(
  { isAll, items }: ISelection,
  href: string | undefined
): boolean {
  return href !== undefined && (isAll || items.has(href));
}
