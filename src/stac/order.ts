/** The companion's order of items, so that a row can be found without reading all. Pure. */
import type { IStacRow } from '../common/types';
import type { Sort, SortKey } from './api';

/** Compares as `rsdat.stac.index.query.ordered` sorts: what has no value comes last both ways. */
export function orderOf(
  sort: Sort
): (one: IStacRow, other: IStacRow) => number {
  const isDown = sort.startsWith('-');
  const key = sort.replace('-', '') as SortKey;
  return (one, other) => {
    const left = valueOf(one, key);
    const right = valueOf(other, key);
    if (left === null || right === null) {
      return Number(left === null) - Number(right === null);
    }
    const sign = left < right ? -1 : left > right ? 1 : 0;
    return isDown ? -sign : sign;
  };
}

function valueOf(row: IStacRow, key: SortKey): string | number | null {
  const value = row[key];
  return key === 'datetime' && value !== null
    ? Date.parse(String(value))
    : value;
}
