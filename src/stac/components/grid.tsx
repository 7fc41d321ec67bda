/** The items: a grid of which only the rows in view are in the document. */
import React from 'react';
import { startDragOnMove } from '../../common/drag';
import { openMenuAt, sortSigns, useScrollerSize } from '../../common/grid';
import {
  clamp,
  rowsPerPage,
  rowsToRender,
  scrollTopToShow,
  type IViewport
} from '../../common/windowed';
import {
  classOf,
  columnLabel,
  columnsFor,
  sortKeyOf,
  type IColumn
} from '../columns';
import { CommandIDs } from '../ids';
import { isSelected } from '../selection';
import { useVersion, type IStacContext } from './context';
import { Row, ROW_HEIGHT } from './row';

/** Rows around the visible ones. */
const OVERSCAN = 8;

export function ItemGrid(props: IStacContext): JSX.Element {
  const { commands, trans } = props;
  const items = useVersion(props.items);
  const { reveals, rows, selection } = items;
  const total = rows?.total ?? 0;
  const scroller = React.useRef<HTMLDivElement>(null);
  const size = useScrollerSize(scroller, total);
  const [scrollTop, setScrollTop] = React.useState(0);
  const id = React.useId();
  const columns = columnsFor(size.width);
  const view: IViewport = {
    scrollTop,
    height: size.height,
    rowHeight: ROW_HEIGHT,
    total
  };
  const range = rowsToRender(view, OVERSCAN);

  // Another place, order or filter begins at its top.
  React.useLayoutEffect(() => {
    scroller.current!.scrollTop = 0;
    setScrollTop(0);
  }, [rows]);

  React.useEffect(() => {
    items.look(range);
  }, [items, rows, total, range.first, range.end]);

  const seen = React.useRef(reveals);
  React.useLayoutEffect(() => {
    const node = scroller.current!;
    if (seen.current === reveals || selection.active < 0) {
      return;
    }
    seen.current = reveals;
    const wanted = scrollTopToShow(
      { ...view, scrollTop: node.scrollTop },
      selection.active
    );
    if (size.height > 0 && wanted !== node.scrollTop) {
      node.scrollTop = wanted;
      setScrollTop(wanted);
    }
  }, [reveals, selection.active]);

  const moveTo = (row: number, event: React.KeyboardEvent): void => {
    const at = clamp(row, 0, Math.max(0, total - 1));
    items.reveal();
    if (event.shiftKey) {
      void items.extendTo(at);
    } else if (event.ctrlKey || event.metaKey) {
      items.moveTo(at);
    } else {
      items.select(at);
    }
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (
      event.target !== event.currentTarget &&
      event.target !== scroller.current
    ) {
      // The keys of a column header are its own.
      return;
    }
    const page = rowsPerPage(view);
    const { active } = selection;
    const targets: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: Math.max(0, active - 1),
      Home: 0,
      End: total - 1,
      PageDown: active + page,
      PageUp: active - page
    };
    const hasControl = event.ctrlKey || event.metaKey;
    if (event.key in targets && !event.altKey && total > 0) {
      moveTo(targets[event.key], event);
    } else if (event.key === 'Enter' && !hasControl && !event.altKey) {
      void commands.execute(CommandIDs.insertCode);
    } else if (event.key === 'Escape') {
      items.clearSelection();
    } else if (event.key === ' ' && event.ctrlKey) {
      items.toggle(active);
    } else if (event.key === 'a' && hasControl) {
      items.selectAll();
    } else if (
      event.key === 'ContextMenu' ||
      (event.key === 'F10' && event.shiftKey)
    ) {
      const row = scroller.current!.querySelector(`[data-row="${active}"]`);
      if (row) {
        openMenuAt(row, ROW_HEIGHT);
      }
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const rowOf = (event: React.SyntheticEvent): number | null => {
    const row = (event.target as HTMLElement).closest<HTMLElement>(
      '[data-row]'
    );
    return row ? Number(row.dataset.row) : null;
  };

  const onPointerDown = (event: React.PointerEvent): void => {
    const row = rowOf(event);
    if (row === null) {
      return;
    }
    const item = rows?.rowAt(row);
    if (event.shiftKey) {
      void items.extendTo(row);
    } else if (event.ctrlKey || event.metaKey) {
      items.toggle(row);
    } else if (!isSelected(selection, item?.href)) {
      items.select(row);
    }
    if (item) {
      startDragOnMove(event.nativeEvent, props.makeDrag);
    }
  };

  const onClick = (event: React.MouseEvent): void => {
    const row = rowOf(event);
    // A press on one of several selected rows may have begun a drag of all; it didn't.
    if (row !== null && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
      items.select(row);
    }
  };

  const drawn: JSX.Element[] = [];
  for (let row = range.first; row < range.end; row++) {
    const item = rows?.rowAt(row) ?? null;
    drawn.push(
      <Row
        key={row}
        id={`${id}-${row}`}
        row={row}
        item={item}
        columns={columns}
        isActive={row === selection.active}
        isSelected={isSelected(selection, item?.href)}
        trans={trans}
      />
    );
  }
  const isActiveDrawn =
    selection.active >= range.first && selection.active < range.end;

  return (
    <div
      className="jp-rsdat-StacItems"
      role="grid"
      aria-label={trans.__('Items')}
      aria-rowcount={rows?.isLoaded ? total + 1 : -1}
      aria-colcount={columns.length}
      aria-multiselectable={true}
      aria-busy={rows !== null && !rows.isLoaded && rows.problem === null}
      aria-activedescendant={
        isActiveDrawn ? `${id}-${selection.active}` : undefined
      }
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={event => {
        // The first visit by keyboard starts at the first row.
        if (
          event.target === event.currentTarget &&
          selection.active < 0 &&
          total > 0
        ) {
          items.moveTo(0);
        }
      }}
    >
      <Header {...props} columns={columns} scrollBar={size.bar} />
      <div
        ref={scroller}
        className="jp-rsdat-StacItems-body"
        role="rowgroup"
        // What scrolls must have the focus itself, or hold what has it.
        tabIndex={0}
        onScroll={event => setScrollTop(event.currentTarget.scrollTop)}
        onPointerDown={onPointerDown}
        onClick={onClick}
        onContextMenu={event => {
          const row = rowOf(event);
          if (row !== null && !isSelected(selection, rows?.rowAt(row)?.href)) {
            items.select(row);
          }
        }}
      >
        <div
          className="jp-rsdat-StacItems-rows"
          role="presentation"
          style={{ height: total * ROW_HEIGHT }}
        >
          {drawn}
        </div>
      </div>
    </div>
  );
}

function Header(
  props: IStacContext & { columns: readonly IColumn[]; scrollBar: number }
): JSX.Element {
  const { columns, items, trans } = props;
  return (
    <div
      className="jp-rsdat-StacItems-head"
      role="rowgroup"
      style={{ paddingRight: props.scrollBar }}
    >
      <div className="jp-rsdat-StacItems-header" role="row" aria-rowindex={1}>
        {columns.map(({ key, width }, index) => {
          const label = columnLabel(key, trans);
          const sort = sortKeyOf(key);
          const signs = sortSigns(items.sort.key === sort, items.sort.reverse);
          return (
            <div
              key={key}
              className={`jp-rsdat-StacItems-cell jp-mod-${classOf(key)}`}
              role="columnheader"
              aria-colindex={index + 1}
              aria-sort={sort === null ? undefined : signs.aria}
              style={width === null ? undefined : { width }}
            >
              {sort === null ? (
                <span className="jp-rsdat-StacItems-unsorted">{label}</span>
              ) : (
                <button
                  type="button"
                  className="jp-rsdat-StacItems-sort"
                  title={trans.__('Sort by %1', label)}
                  aria-label={label}
                  onClick={() => items.sortBy(sort)}
                >
                  <span>{label}</span>
                  <span aria-hidden="true">{signs.arrow}</span>
                </button>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
