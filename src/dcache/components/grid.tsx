/** The list of files: a grid of which only the rows in view are in the document. */
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
import type { SortKey } from '../api';
import { tapeIcon } from '../icons';
import { CommandIDs } from '../ids';
import { Row } from './row';
import { useModel, type IPanelContext } from './state';

/** Height of a row in CSS pixels; style/dcache.css has the same. */
export const ROW_HEIGHT = 24;

/** Rows around the visible ones. */
const OVERSCAN = 12;

/** From which width, in CSS pixels, the grid shows a column. */
const COLUMN_WIDTHS: Readonly<Record<SortKey, number>> = {
  name: 0,
  locality: 0,
  size: 210,
  modified: 370
};

/** Keys typed within this time make one beginning of a name. */
const TYPE_AHEAD_MS = 800;

/** Columns in their order, those that a width has room for. */
export function columnsFor(width: number): SortKey[] {
  const order: SortKey[] = ['name', 'locality', 'size', 'modified'];
  return order.filter(key => width >= COLUMN_WIDTHS[key]);
}

export function FileGrid(props: IPanelContext): JSX.Element {
  const { commands, trans } = props;
  const model = useModel(props.model);
  const { listing, selection } = model;
  const total = listing?.total ?? 0;
  const scroller = React.useRef<HTMLDivElement>(null);
  const size = useScrollerSize(scroller, total);
  const [scrollTop, setScrollTop] = React.useState(0);
  const typed = React.useRef({ text: '', at: 0 });
  const id = React.useId();

  const view: IViewport = {
    scrollTop,
    height: size.height,
    rowHeight: ROW_HEIGHT,
    total
  };
  const range = rowsToRender(view, OVERSCAN);
  const columns = columnsFor(size.width);

  // Another folder, order or filter begins at its top.
  React.useLayoutEffect(() => {
    scroller.current!.scrollTop = 0;
    setScrollTop(0);
  }, [listing]);

  React.useEffect(() => {
    model.look(range);
  }, [model, listing, range.first, range.end]);

  React.useLayoutEffect(() => {
    const node = scroller.current!;
    if (selection.active >= 0 && size.height > 0) {
      const wanted = scrollTopToShow(
        { ...view, scrollTop: node.scrollTop },
        selection.active
      );
      if (wanted !== node.scrollTop) {
        node.scrollTop = wanted;
        setScrollTop(wanted);
      }
    }
    // Only when the keyboard moves: scrolling by hand may leave it out of view.
  }, [selection.active, listing]);

  const moveTo = (row: number, extend: boolean): void => {
    if (extend) {
      void model.extendTo(row);
    } else {
      model.select(row);
    }
  };

  /** As from the menu: not what is greyed there, such as renaming several. */
  const run = (command: string): void => {
    if (commands.isEnabled(command)) {
      void commands.execute(command);
    }
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
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
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key in targets && isPlain) {
      moveTo(
        clamp(targets[event.key], 0, Math.max(0, total - 1)),
        event.shiftKey
      );
    } else if (event.key === 'Enter' && isPlain) {
      props.open();
    } else if (event.key === 'Backspace' && isPlain) {
      void model.openParent();
    } else if (event.key === 'F2') {
      run(CommandIDs.rename);
    } else if (event.key === 'Delete') {
      run(CommandIDs.remove);
    } else if (event.key === 'Escape') {
      model.clearSelection();
    } else if (event.key === ' ' && event.ctrlKey) {
      model.toggle(active);
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      model.select(0);
      void model.extendTo(total - 1);
    } else if (
      event.key === 'ContextMenu' ||
      (event.key === 'F10' && event.shiftKey)
    ) {
      const row = scroller.current!.querySelector(`[id="${id}-${active}"]`);
      if (row) {
        openMenuAt(row, ROW_HEIGHT);
      }
    } else if (event.key.length === 1 && isPlain) {
      const now = Date.now();
      const { text, at } = typed.current;
      const next = now - at < TYPE_AHEAD_MS ? text + event.key : event.key;
      typed.current = { text: next, at: now };
      model.typeAhead(next);
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
    const entry = listing?.entryAt(row);
    const isSelected = entry && selection.entries.has(entry.name);
    if (event.shiftKey) {
      void model.extendTo(row);
    } else if (event.ctrlKey || event.metaKey) {
      model.toggle(row);
    } else if (!isSelected) {
      model.select(row);
    }
    if (entry) {
      startDragOnMove(event.nativeEvent, props.makeDrag);
    }
  };

  const onClick = (event: React.MouseEvent): void => {
    const row = rowOf(event);
    // A press on one of several selected rows may have begun a drag of all; it didn't.
    if (row !== null && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
      model.select(row);
    }
  };

  const rows: JSX.Element[] = [];
  for (let row = range.first; row < range.end; row++) {
    const entry = listing?.entryAt(row) ?? null;
    rows.push(
      <Row
        key={row}
        id={`${id}-${row}`}
        row={row}
        entry={entry}
        columns={columns}
        isActive={row === selection.active}
        isSelected={entry !== null && selection.entries.has(entry.name)}
        iconOf={props.iconOf}
        trans={trans}
      />
    );
  }
  const isActiveDrawn =
    selection.active >= range.first && selection.active < range.end;

  return (
    <div
      className="jp-rsdat-Files"
      role="grid"
      aria-label={trans.__('Files')}
      aria-rowcount={listing?.isLoaded ? total + 1 : -1}
      aria-colcount={columns.length}
      aria-multiselectable={true}
      aria-busy={listing?.isRefreshing ?? false}
      aria-activedescendant={
        isActiveDrawn ? `${id}-${selection.active}` : undefined
      }
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={event => {
        // The first visit by keyboard starts at the first row.
        if (event.target === event.currentTarget && selection.active < 0) {
          model.select(0);
        }
      }}
    >
      <Header {...props} columns={columns} scrollBar={size.bar} />
      <div
        ref={scroller}
        className="jp-rsdat-Files-body"
        role="rowgroup"
        onScroll={event => setScrollTop(event.currentTarget.scrollTop)}
        onPointerDown={onPointerDown}
        onClick={onClick}
        onDoubleClick={event => {
          if (rowOf(event) !== null) {
            props.open();
          }
        }}
      >
        <div
          className="jp-rsdat-Files-rows"
          role="presentation"
          style={{ height: total * ROW_HEIGHT }}
        >
          {rows}
        </div>
      </div>
    </div>
  );
}

function Header(
  props: IPanelContext & {
    columns: SortKey[];
    /** Width of the list's scroll bar in CSS pixels. */
    scrollBar: number;
  }
): JSX.Element {
  const { columns, model, trans } = props;
  const labels: Record<SortKey, string> = {
    name: trans.__('Name'),
    locality: trans.__('Tape'),
    size: trans.__('Size'),
    modified: trans.__('Modified')
  };
  const { key: sorted, reverse } = model.sort;
  return (
    <div
      className="jp-rsdat-Files-head"
      role="rowgroup"
      style={{ paddingRight: props.scrollBar }}
    >
      <div className="jp-rsdat-Files-header" role="row" aria-rowindex={1}>
        {columns.map((key, index) => {
          const signs = sortSigns(key === sorted, reverse);
          return (
            <div
              key={key}
              className={`jp-rsdat-Files-cell jp-rsdat-Files-${key}`}
              role="columnheader"
              aria-colindex={index + 1}
              aria-sort={signs.aria}
            >
              <button
                type="button"
                className="jp-rsdat-Files-sort"
                title={trans.__('Sort by %1', labels[key])}
                aria-label={labels[key]}
                onClick={() => model.sortBy(key)}
                onKeyDown={event => event.stopPropagation()}
              >
                {key === 'locality' ? (
                  <tapeIcon.react
                    tag="span"
                    className="jp-rsdat-Files-symbol"
                  />
                ) : (
                  <span className="jp-rsdat-Files-label">{labels[key]}</span>
                )}
                <span className="jp-rsdat-Files-arrow" aria-hidden="true">
                  {signs.arrow}
                </span>
              </button>
            </div>
          );
        })}
      </div>
    </div>
  );
}
