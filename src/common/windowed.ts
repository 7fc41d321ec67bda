/** Arithmetic of a windowed list of rows of one height; knows no DOM. */

/** Rows `first` (included) to `end` (excluded). */
export interface IRowRange {
  readonly first: number;
  readonly end: number;
}

/** What of a list can be seen. All lengths are CSS pixels. */
export interface IViewport {
  /** How far the list is scrolled; browsers report values outside the list while they bounce. */
  scrollTop: number;
  /** Height of the part that shows rows. */
  height: number;
  /** Height of one row, greater than 0. */
  rowHeight: number;
  /** Rows in the whole list. */
  total: number;
}

/**
 * The rows to have in the document: those that are seen, even in part, and some around them.
 *
 * @param overscan - Rows before and after the seen ones, so that a quick scroll shows no gap.
 */
export function rowsToRender(view: IViewport, overscan: number): IRowRange {
  const { rowHeight, total } = view;
  const height = Math.max(0, view.height);
  const scrollTop = clamp(view.scrollTop, 0, maxScrollTop(view));
  const first = Math.floor(scrollTop / rowHeight);
  const end = Math.ceil((scrollTop + height) / rowHeight);
  return {
    first: clamp(first - overscan, 0, total),
    end: clamp(end + overscan, 0, total)
  };
}

/** The greatest `scrollTop` that still shows only rows. */
export function maxScrollTop(view: IViewport): number {
  return Math.max(0, view.total * view.rowHeight - Math.max(0, view.height));
}

/** The `scrollTop` nearest to the present one at which a row is seen whole. */
export function scrollTopToShow(view: IViewport, row: number): number {
  const scrollTop = clamp(view.scrollTop, 0, maxScrollTop(view));
  const top = row * view.rowHeight;
  const bottom = top + view.rowHeight;
  // A view lower than one row shows the row's upper edge.
  if (top < scrollTop || view.height < view.rowHeight) {
    return top;
  }
  return bottom > scrollTop + view.height ? bottom - view.height : scrollTop;
}

/** Rows that a press of PageDown moves by: those seen whole, less one to keep the place. */
export function rowsPerPage(view: IViewport): number {
  return Math.max(1, Math.floor(view.height / view.rowHeight) - 1);
}

/** Numbers of the pages that hold the rows of a range, in order; page n begins at row n × size. */
export function pagesOf(range: IRowRange, size: number): number[] {
  if (range.end <= range.first) {
    return [];
  }
  const first = Math.floor(range.first / size);
  const last = Math.floor((range.end - 1) / size);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** `value`, or the nearer of the two bounds. */
export function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
