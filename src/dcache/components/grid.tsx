/** The list of files: a grid of which only the rows in view are in the document. */
import React from 'react';
import { startDragOnMove } from '../../common/drag';
import { openMenuAt, useScrollerSize } from '../../common/grid';
import {
  clamp,
  rowsPerPage,
  rowsToRender,
  scrollTopToShow,
  type IRowRange,
  type IViewport
} from '../../common/windowed';
import { layoutColumns } from '../columns';
import { isSelectedRow } from '../selection';
import { Header } from './header';
import { Row, ROW_HEIGHT } from './row';
import { useColumns, useModel, type IPanelContext } from './state';

/** Rows around the visible ones. */
const OVERSCAN = 8;

/** Keys typed within this time make one beginning of a name. */
const TYPE_AHEAD_MS = 800;

/** The rows drawn are numbered round within a power of two, so that elements are used again. */
function slotsFor(range: IRowRange): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, range.end - range.first)));
}

export function FileGrid(props: IPanelContext): JSX.Element {
  const { trans } = props;
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
  const choice = useColumns(props.columns);
  const drawn = React.useMemo(
    () => layoutColumns(size.width, choice),
    [size.width, choice]
  );

  // Another folder, order or filter begins at its top.
  React.useLayoutEffect(() => {
    scroller.current!.scrollTop = 0;
    setScrollTop(0);
  }, [listing]);

  React.useEffect(() => {
    model.look(range);
  }, [model, listing, range.first, range.end]);

  const last = React.useRef({ listing, row: -1, reveals: model.reveals });
  React.useLayoutEffect(() => {
    const node = scroller.current!;
    const row = selection.active;
    const before = last.current;
    last.current = { listing, row, reveals: model.reveals };
    if (row < 0 || size.height === 0) {
      return;
    }
    let wanted = node.scrollTop;
    if (model.reveals !== before.reveals) {
      // Only when the keyboard moved: scrolling by hand may leave it out of view.
      wanted = scrollTopToShow({ ...view, scrollTop: wanted }, row);
    } else if (listing === before.listing && row !== before.row) {
      // Rows came or went above: the row stays where it was on the screen, if it was there.
      const top = before.row * ROW_HEIGHT - wanted;
      const wasSeen = top >= 0 && top < size.height;
      wanted += wasSeen ? (row - before.row) * ROW_HEIGHT : 0;
    }
    if (wanted !== node.scrollTop) {
      node.scrollTop = wanted;
      setScrollTop(node.scrollTop);
    }
  }, [selection.active, model.reveals, listing]);

  const moveTo = (row: number, event: React.KeyboardEvent): void => {
    const at = clamp(row, 0, Math.max(0, total - 1));
    if (event.shiftKey) {
      void model.extendTo(at);
    } else if (event.ctrlKey || event.metaKey) {
      model.moveTo(at);
    } else {
      model.select(at);
    }
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.target !== event.currentTarget) {
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
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key in targets && !event.altKey) {
      moveTo(targets[event.key], event);
    } else if (event.key === 'Enter' && isPlain) {
      props.open();
    } else if (event.key === 'Backspace' && isPlain) {
      void model.openParent();
    } else if (event.key === 'Escape') {
      model.clearSelection();
    } else if (event.key === ' ' && event.ctrlKey) {
      model.toggle(active);
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      void model.selectAll();
    } else if (
      event.key === 'ContextMenu' ||
      (event.key === 'F10' && event.shiftKey)
    ) {
      const row = scroller.current!.querySelector(`[id="${id}-${active}"]`);
      if (row) {
        openMenuAt(row, ROW_HEIGHT);
      }
    } else if (event.key.length === 1 && isPlain) {
      // When it was pressed, not when a busy page got round to it.
      const now = event.timeStamp;
      const { text, at } = typed.current;
      const next = now - at < TYPE_AHEAD_MS ? text + event.key : event.key;
      typed.current = { text: next, at: now };
      void model.typeAhead(next);
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
    const isSelected = isSelectedRow(selection, row, entry ?? null);
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

  const slots = slotsFor(range);
  const rows: JSX.Element[] = [];
  for (let row = range.first; row < range.end; row++) {
    const entry = listing?.entryAt(row) ?? null;
    rows.push(
      <Row
        key={row % slots}
        id={`${id}-${row}`}
        row={row}
        entry={entry}
        columns={drawn}
        isActive={row === selection.active}
        isSelected={isSelectedRow(selection, row, entry)}
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
      aria-colcount={drawn.length}
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
      <Header {...props} drawn={drawn} scrollBar={size.bar} />
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
