/** Which columns the list has, and how wide: chosen by the user, as far as there is room. */
import { Signal, type ISignal } from '@lumino/signaling';
import { clamp } from '../common/windowed';
import type { SortKey } from './api';

/** A column; those that are no `SortKey` can't be sorted by. */
export type ColumnKey = SortKey | 'created' | 'kind';

/** Columns in their order. The name is always there and takes the room that is left. */
export const COLUMNS: readonly ColumnKey[] = [
  'name',
  'locality',
  'size',
  'modified',
  'created',
  'kind'
];

/** Bounds of a column's width, in CSS pixels. */
export const MIN_WIDTH = 24;
export const MAX_WIDTH = 400;

/** A locality narrower than this shows short words beside its symbols. */
export const LOCALITY_WORD_WIDTH = 84;

/** A locality narrower than this shows its symbol alone. */
export const LOCALITY_SHORT_WIDTH = 50;

/** So wide it is where the user chose no width: "disk + tape" fits, or "both" and the header. */
const LOCALITY_WIDTH = 108;
const LOCALITY_NARROW_WIDTH = 60;

/** A size narrower than this has three digits at most. */
export const SIZE_FULL_WIDTH = 72;

/** So wide it is where there is little room: "123 MiB" fits. */
const SIZE_NARROW_WIDTH = 58;

/** The name keeps at least so much before other columns are left out: some 13 characters. */
const MIN_NAME_WIDTH = 110;

/** Left and right of all columns together. */
const PADDING = 16;

/**
 * Grids narrower than this have short words and sizes, unless the user chose widths: Lab's sidebar
 * begins with 250, in which names, localities and sizes fit.
 */
const WORDS_FROM_WIDTH = 480;

const WIDTHS: Readonly<Record<ColumnKey, number>> = {
  name: 0,
  locality: MIN_WIDTH,
  size: SIZE_FULL_WIDTH,
  modified: 168,
  created: 168,
  kind: 90
};

/** What the user chose. */
export interface IColumnChoice {
  /** Columns that are shown where there is room. */
  shown: readonly ColumnKey[];
  /** Widths in CSS pixels; those left out are the default. */
  widths: Readonly<Partial<Record<ColumnKey, number>>>;
}

export const DEFAULT_CHOICE: IColumnChoice = {
  shown: ['name', 'locality', 'size', 'modified'],
  widths: {}
};

/** A column as it is drawn. */
export interface IColumn {
  key: ColumnKey;
  /** CSS pixels; 0 for the name, which takes what is left. */
  width: number;
}

/** The columns that a grid of a width, in CSS pixels, has room for; those further right go first. */
export function layoutColumns(width: number, choice: IColumnChoice): IColumn[] {
  const columns: IColumn[] = [{ key: 'name', width: 0 }];
  let left = width - PADDING - MIN_NAME_WIDTH;
  for (const key of COLUMNS.slice(1)) {
    if (!choice.shown.includes(key)) {
      continue;
    }
    const wanted = choice.widths[key] ?? defaultWidth(key, width);
    // Where a file is, is worth more than the rest of its name, and than what is further right.
    if (wanted > left && key !== 'locality') {
      break;
    }
    columns.push({ key, width: wanted });
    left -= wanted;
  }
  return columns;
}

function defaultWidth(key: ColumnKey, width: number): number {
  const isNarrow = width < WORDS_FROM_WIDTH;
  if (key === 'size' && isNarrow) {
    return SIZE_NARROW_WIDTH;
  }
  if (key !== 'locality') {
    return WIDTHS[key];
  }
  if (!isNarrow) {
    return LOCALITY_WIDTH;
  }
  const hasRoom = width >= PADDING + MIN_NAME_WIDTH + LOCALITY_NARROW_WIDTH;
  return hasRoom ? LOCALITY_NARROW_WIDTH : WIDTHS.locality;
}

/** The user's choice of columns. */
export class ColumnsModel {
  /** Emitted when the choice changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Replaced, never edited. */
  get choice(): IColumnChoice {
    return this._choice;
  }

  /** Take up what was remembered; parts that make no sense are left out. */
  restore(remembered: Partial<IColumnChoice>): void {
    const shown = (remembered.shown ?? DEFAULT_CHOICE.shown).filter(key =>
      COLUMNS.includes(key)
    );
    const widths: Partial<Record<ColumnKey, number>> = {};
    for (const key of COLUMNS) {
      const width = remembered.widths?.[key];
      if (typeof width === 'number' && Number.isFinite(width)) {
        widths[key] = clamp(width, MIN_WIDTH, MAX_WIDTH);
      }
    }
    this._set({ shown, widths });
  }

  /** Show a column, or hide it. */
  toggle(key: ColumnKey): void {
    const { shown, widths } = this._choice;
    if (key !== 'name') {
      this._set({
        shown: shown.includes(key)
          ? shown.filter(other => other !== key)
          : [...shown, key],
        widths
      });
    }
  }

  /** Give a column a width in CSS pixels; null gives its own back. */
  resize(key: ColumnKey, width: number | null): void {
    const widths = { ...this._choice.widths };
    if (width === null) {
      delete widths[key];
    } else {
      widths[key] = Math.round(clamp(width, MIN_WIDTH, MAX_WIDTH));
    }
    this._set({ ...this._choice, widths });
  }

  /** As it was before anything was chosen. */
  reset(): void {
    this._set(DEFAULT_CHOICE);
  }

  private _set(choice: IColumnChoice): void {
    this._choice = choice;
    this._changed.emit();
  }

  private _choice = DEFAULT_CHOICE;
  private _changed = new Signal<this, void>(this);
}
