/** What grids of rows share: their measures, how they are sorted, the menu by keyboard. */
import React from 'react';

/** The inner size of a scrolling element, and the width of its scroll bar, in CSS pixels. */
export interface IScrollerSize {
  width: number;
  height: number;
  bar: number;
}

/**
 * Measure a scrolling element now and whenever its size changes.
 *
 * @param total Number of its rows: the scroll bar comes and goes with them, without a change of the
 * outer size.
 */
export function useScrollerSize(
  scroller: React.RefObject<HTMLElement>,
  total: number
): IScrollerSize {
  const [size, setSize] = React.useState({ width: 0, height: 0, bar: 0 });
  React.useLayoutEffect(() => {
    const node = scroller.current!;
    const measure = (): void => {
      // Now, and not when React calls the function below: by then it may be hidden for a moment.
      const width = node.clientWidth;
      const height = node.clientHeight;
      const bar = node.offsetWidth - node.clientWidth;
      setSize(old =>
        old.width === width && old.height === height && old.bar === bar
          ? old
          : { width, height, bar }
      );
    };
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    measure();
    return () => observer.disconnect();
  }, [total]);
  return size;
}

/** How a column header tells its order: for `aria-sort`, and as a sign. */
export function sortSigns(
  isSorted: boolean,
  reverse: boolean
): { aria: 'none' | 'descending' | 'ascending'; arrow: string } {
  if (!isSorted) {
    return { aria: 'none', arrow: '' };
  }
  return reverse
    ? { aria: 'descending', arrow: '▾' }
    : { aria: 'ascending', arrow: '▴' };
}

/** Open a row's context menu from the keyboard, where the row is; `indent` in CSS pixels. */
export function openMenuAt(row: Element, indent: number): void {
  const { left, bottom } = row.getBoundingClientRect();
  row.dispatchEvent(
    new MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      clientX: left + indent,
      clientY: bottom
    })
  );
}
