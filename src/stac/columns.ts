/** The columns of the items, and which of them have room. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IStacRow } from '../common/types';
import type { SortKey } from './api';

export type ColumnKey = 'datetime' | 'id' | 'cloud_cover' | 'assets';

export interface IColumn {
  key: ColumnKey;
  /** In CSS pixels; null takes what is left. */
  width: number | null;
}

const ALL: readonly IColumn[] = [
  { key: 'datetime', width: 128 },
  { key: 'id', width: null },
  { key: 'cloud_cover', width: 62 },
  { key: 'assets', width: 64 }
];

/** Below these widths of the table a column is left out. */
const LEAST_WIDTH: Readonly<Record<ColumnKey, number>> = {
  id: 0,
  datetime: 220,
  cloud_cover: 340,
  assets: 400
};

/** What fits, the same array for the same columns. */
export function columnsFor(width: number): readonly IColumn[] {
  const key = ALL.map(column =>
    Number(width >= LEAST_WIDTH[column.key])
  ).join();
  let columns = known.get(key);
  if (columns === undefined) {
    columns = ALL.filter(column => width >= LEAST_WIDTH[column.key]);
    known.set(key, columns);
  }
  return columns;
}

const known = new Map<string, readonly IColumn[]>();

export function columnLabel(key: ColumnKey, trans: TranslationBundle): string {
  switch (key) {
    case 'datetime':
      return trans.__('Time');
    case 'id':
      return trans.__('Item');
    case 'cloud_cover':
      return trans.__('Cloud');
    case 'assets':
      return trans.__('Assets');
  }
}

/** The column's part of a CSS class. */
export function classOf(key: ColumnKey): string {
  return key === 'cloud_cover' ? 'cloud' : key;
}

/** The order that a column stands for; null: the server has none. */
export function sortKeyOf(key: ColumnKey): SortKey | null {
  return key === 'assets' ? null : key;
}

/** What stands in a cell. */
export function cellText(row: IStacRow, key: ColumnKey): string {
  switch (key) {
    case 'datetime':
      return timeText(row.datetime);
    case 'id':
      return row.id;
    case 'cloud_cover':
      return row.cloud_cover === null ? '' : `${Math.round(row.cloud_cover)} %`;
    case 'assets':
      return String(row.assets.length);
  }
}

/** What is said about a cell where there is more to say. */
export function cellTitle(
  row: IStacRow,
  key: ColumnKey,
  trans: TranslationBundle
): string {
  switch (key) {
    case 'datetime':
      return row.end === null
        ? timeText(row.datetime)
        : trans.__('%1 to %2', timeText(row.datetime), timeText(row.end));
    case 'assets':
      return row.assets.join(', ');
    default:
      return cellText(row, key);
  }
}

/** UTC, as all data in catalogs are. */
export function timeText(iso: string | null): string {
  return iso === null ? '' : iso.slice(0, 16).replace('T', ' ');
}
