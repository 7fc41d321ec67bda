/** The jobs of a cluster: a grid of which only the rows in view are in the document. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { openMenuAt, sortSigns, useScrollerSize } from '../../common/grid';
import { nextIndex } from '../../common/roving';
import type { ICluster } from '../../common/types';
import {
  clamp,
  rowsPerPage,
  rowsToRender,
  scrollTopToShow,
  type IViewport
} from '../../common/windowed';
import { CommandIDs } from '../ids';
import {
  columnLabel,
  columnTemplate,
  columnsFor,
  isNarrow,
  type ColumnKey
} from './columns';
import { Detail } from './detail';
import { JobFilter } from './filter';
import { ROW_HEIGHT, Row, TALL_ROW_HEIGHT } from './row';
import type { JobTable } from './table';

/** Rows around the visible ones. */
const OVERSCAN = 6;
/** Height of the rows seen at once in a card, in CSS pixels; a tab shows what it has room for. */
const CARD_HEIGHT = 6 * TALL_ROW_HEIGHT;

export interface IJobGridProps {
  cluster: ICluster;
  table: JobTable;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Whether it fills its place instead of being as high as its rows. */
  isFilling?: boolean;
}

export function JobGrid(props: IJobGridProps): JSX.Element {
  return (
    <UseSignal signal={props.table.changed}>
      {() => <Content {...props} />}
    </UseSignal>
  );
}

function Content(props: IJobGridProps): JSX.Element {
  const { cluster, table, commands, trans } = props;
  const entries = table.entries(cluster);
  const rows = table.rows(entries);
  const total = rows.length;
  const scroller = React.useRef<HTMLDivElement>(null);
  const size = useScrollerSize(scroller, total);
  const [scrollTop, setScrollTop] = React.useState(0);
  /** Whether the keyboard moved: then the focus follows. */
  const isMoving = React.useRef(false);
  /** The row that has the focus, and the place it had. */
  const focused = React.useRef<Element | null>(null);
  const place = React.useRef(0);
  const columns = useColumns(size.width);
  const template = columnTemplate(columns);
  const isTall = isNarrow(size.width);
  const rowHeight = isTall ? TALL_ROW_HEIGHT : ROW_HEIGHT;

  const view: IViewport = {
    scrollTop,
    height: size.height,
    rowHeight,
    total
  };
  const range = rowsToRender(view, OVERSCAN);
  const active = rows.findIndex(job => job.id === table.active);
  const tabStop = Math.max(0, active);

  // Another order or filter begins at its top.
  const { sort, text, state } = table;
  React.useLayoutEffect(() => {
    scroller.current!.scrollTop = 0;
    setScrollTop(0);
  }, [sort, text, state]);

  React.useLayoutEffect(() => {
    const node = scroller.current!;
    if (active >= 0) {
      place.current = active;
    }
    if (focused.current && !focused.current.isConnected) {
      // Its job left the table. Not on to another row: a key meant for this one would act on that.
      focused.current = null;
      node.focus();
    }
    if (!isMoving.current || active < 0) {
      return;
    }
    isMoving.current = false;
    const wanted = scrollTopToShow(
      { ...view, scrollTop: node.scrollTop },
      active
    );
    if (size.height > 0 && wanted !== node.scrollTop) {
      node.scrollTop = wanted;
      setScrollTop(wanted);
    }
    node
      .querySelector<HTMLElement>(`[aria-rowindex="${active + 2}"]`)
      ?.focus({ preventScroll: true });
  });

  const run = (command: string): void => {
    const all = { cluster: cluster.id, job: table.active };
    if (commands.isEnabled(command, all)) {
      void commands.execute(command, all);
    }
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>): void => {
    const here = (event.target as HTMLElement).closest('[data-job]');
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.target === scroller.current && total > 0) {
      if (nextIndex(event.key, 0, total) !== null) {
        event.preventDefault();
        isMoving.current = true;
        table.active = rows[clamp(place.current, 0, total - 1)].id;
      }
      return;
    }
    if (!here) {
      return;
    }
    const page = rowsPerPage(view);
    const next =
      event.key === 'PageDown'
        ? clamp(tabStop + page, 0, total - 1)
        : event.key === 'PageUp'
          ? clamp(tabStop - page, 0, total - 1)
          : nextIndex(event.key, tabStop, total);
    if (next !== null) {
      isMoving.current = true;
      table.active = rows[next].id;
    } else if (event.key === 'Enter') {
      run(CommandIDs.openJobLog);
    } else if (event.key === 'Delete') {
      run(CommandIDs.cancelJob);
    } else if (
      event.key === 'ContextMenu' ||
      (event.key === 'F10' && event.shiftKey)
    ) {
      openMenuAt(here, ROW_HEIGHT);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const onPoint = (event: React.SyntheticEvent): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>(
      '[data-job]'
    );
    if (row) {
      table.active = row.dataset.job!;
    }
  };

  // The row with the focus stays in the document wherever the list is scrolled to.
  const shown = new Set<number>(total > 0 ? [tabStop] : []);
  for (let row = range.first; row < range.end; row++) {
    shown.add(row);
  }
  const drawn = [...shown].sort((a, b) => a - b);
  const activeJob = active < 0 ? null : rows[active];

  return (
    <div
      className={`jp-rsdat-Jobs-table${props.isFilling ? ' jp-mod-filling' : ''}`}
    >
      <JobFilter jobs={entries} shown={total} table={table} trans={trans} />
      <div
        className="jp-rsdat-Jobs-grid"
        role="grid"
        aria-label={trans.__('Jobs of %1', cluster.name)}
        aria-rowcount={total + 1}
        aria-colcount={columns.length}
        onKeyDown={onKeyDown}
      >
        <Header
          columns={columns}
          template={template}
          scrollBar={size.bar}
          table={table}
          trans={trans}
        />
        <div
          ref={scroller}
          className="jp-rsdat-Jobs-body"
          role="rowgroup"
          tabIndex={-1}
          style={
            props.isFilling
              ? undefined
              : { height: Math.min(total * rowHeight, CARD_HEIGHT) }
          }
          onScroll={event => setScrollTop(event.currentTarget.scrollTop)}
          onClick={onPoint}
          onFocus={event => {
            focused.current = event.target.closest('[data-job]');
            onPoint(event);
          }}
          onBlur={() => (focused.current = null)}
          onContextMenu={onPoint}
          onDoubleClick={() => run(CommandIDs.openJobLog)}
        >
          <div
            className="jp-rsdat-Jobs-rows"
            role="presentation"
            style={{ height: total * rowHeight }}
          >
            {drawn.map(row => (
              <Row
                key={rows[row].id}
                job={rows[row]}
                row={row}
                columns={columns}
                isTall={isTall}
                template={template}
                isActive={row === active}
                isTabStop={row === tabStop}
                trans={trans}
              />
            ))}
          </div>
        </div>
      </div>
      {total === 0 && (
        <p className="jp-rsdat-Empty">{trans.__('No job fits the filter.')}</p>
      )}
      {activeJob && (
        <Detail
          cluster={cluster}
          job={activeJob}
          commands={commands}
          trans={trans}
        />
      )}
    </div>
  );
}

/** The columns for a width; the same array as long as they are the same. */
function useColumns(width: number): readonly ColumnKey[] {
  const last = React.useRef<readonly ColumnKey[]>([]);
  const columns = columnsFor(width);
  if (columns.join() !== last.current.join()) {
    last.current = columns;
  }
  return last.current;
}

function Header(props: {
  columns: readonly ColumnKey[];
  template: string;
  /** Width of the list's scroll bar in CSS pixels. */
  scrollBar: number;
  table: JobTable;
  trans: TranslationBundle;
}): JSX.Element {
  const { columns, table, trans } = props;
  const { key: sorted, reverse } = table.sort;
  return (
    <div role="rowgroup" style={{ paddingRight: props.scrollBar }}>
      <div
        className="jp-rsdat-Jobs-header"
        role="row"
        aria-rowindex={1}
        style={{ gridTemplateColumns: props.template }}
      >
        {columns.map((key, index) => {
          const label = columnLabel(key, trans);
          const signs = sortSigns(key === sorted, reverse);
          return (
            <div
              key={key}
              className={`jp-rsdat-Jobs-cell jp-rsdat-Jobs-${key}`}
              role="columnheader"
              aria-colindex={index + 1}
              aria-sort={signs.aria}
            >
              <button
                type="button"
                className="jp-rsdat-Jobs-sort"
                title={trans.__('Sort by %1', label)}
                aria-label={label}
                onClick={() => table.sortBy(key)}
              >
                <span className="jp-rsdat-Jobs-text">{label}</span>
                <span aria-hidden="true">{signs.arrow}</span>
              </button>
            </div>
          );
        })}
      </div>
    </div>
  );
}
