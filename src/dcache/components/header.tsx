/** The row of column headers: sorts, and lets columns be chosen and resized. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { sortSigns } from '../../common/grid';
import type { SortKey } from '../api';
import {
  COLUMNS,
  LOCALITY_SHORT_WIDTH,
  LOCALITY_WORD_WIDTH,
  type ColumnKey,
  type IColumn
} from '../columns';
import { tapeIcon } from '../icons';
import { openPopup } from './popup';
import { useColumns, useModel, type IPanelContext } from './state';

/** CSS pixels by which a key changes a width. */
const STEP = 8;

const SORT_KEYS: readonly ColumnKey[] = [
  'name',
  'locality',
  'size',
  'modified'
];

function isSortKey(key: ColumnKey): key is SortKey {
  return SORT_KEYS.includes(key);
}

/** The title of a column. */
export function columnLabel(key: ColumnKey, trans: TranslationBundle): string {
  switch (key) {
    case 'name':
      return trans.__('Name');
    case 'locality':
      return trans.__('Locality (tape)');
    case 'size':
      return trans.__('Size');
    case 'modified':
      return trans.__('Modified');
    case 'created':
      return trans.__('Created');
    case 'kind':
      return trans.__('Kind');
  }
}

/** What stands above the localities; shorter where their words are. */
function localityHead(width: number, trans: TranslationBundle): string {
  return width < LOCALITY_WORD_WIDTH ? trans.__('Where') : trans.__('Locality');
}

export interface IHeaderProps extends IPanelContext {
  drawn: readonly IColumn[];
  /** Width of the list's scroll bar in CSS pixels. */
  scrollBar: number;
}

export function Header(props: IHeaderProps): JSX.Element {
  const { columns, drawn, trans } = props;
  const choice = useColumns(columns);

  /** The menu in which columns are chosen, also from the keyboard. */
  const onMenu = (event: React.MouseEvent<HTMLElement>): void => {
    event.preventDefault();
    event.stopPropagation();
    const button = (event.target as HTMLElement).closest('button');
    const isByMouse = event.clientX !== 0 || event.clientY !== 0;
    openPopup(
      [
        ...COLUMNS.filter(key => key !== 'name').map(key => ({
          label: columnLabel(key, trans),
          isToggled: choice.shown.includes(key),
          execute: () => columns.toggle(key)
        })),
        null,
        { label: trans.__('Reset Columns'), execute: () => columns.reset() }
      ],
      button ?? event.currentTarget,
      isByMouse ? { x: event.clientX, y: event.clientY } : undefined
    );
  };

  return (
    <div
      className="jp-rsdat-Files-head"
      role="rowgroup"
      style={{ paddingRight: props.scrollBar }}
      onContextMenu={onMenu}
    >
      <div className="jp-rsdat-Files-header" role="row" aria-rowindex={1}>
        {drawn.map((column, index) => (
          <HeaderCell
            {...props}
            key={column.key}
            column={column}
            index={index}
          />
        ))}
      </div>
    </div>
  );
}

function HeaderCell(
  props: IHeaderProps & { column: IColumn; index: number }
): JSX.Element {
  const { column, columns, index, trans } = props;
  const { key, width } = column;
  const model = useModel(props.model);
  const label = columnLabel(key, trans);
  const canSort = isSortKey(key);
  const signs = sortSigns(key === model.sort.key, model.sort.reverse);
  const isSymbol = key === 'locality' && width < LOCALITY_SHORT_WIDTH;

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (steps !== undefined && event.shiftKey && key !== 'name') {
      columns.resize(key, width + steps * STEP);
      event.preventDefault();
      event.stopPropagation();
    }
  };

  return (
    <div
      className={`jp-rsdat-Files-cell jp-rsdat-Files-${key}`}
      role="columnheader"
      aria-label={label}
      aria-colindex={index + 1}
      aria-sort={canSort ? signs.aria : undefined}
      style={key === 'name' ? undefined : { width }}
    >
      {key !== 'name' && <Resizer {...props} />}
      <button
        type="button"
        className="jp-rsdat-Files-sort"
        title={
          (canSort ? trans.__('Sort by %1', label) : label) +
          (key === 'name'
            ? ''
            : `\n${trans.__('Shift+Left and Shift+Right change the width; the menu chooses columns.')}`)
        }
        aria-label={label}
        aria-haspopup="menu"
        onClick={() => canSort && model.sortBy(key)}
        onKeyDown={onKeyDown}
      >
        {isSymbol ? (
          <tapeIcon.react tag="span" className="jp-rsdat-Files-symbol" />
        ) : (
          <span className="jp-rsdat-Files-label">
            {key === 'locality' ? localityHead(width, trans) : label}
          </span>
        )}
        <span className="jp-rsdat-Files-arrow" aria-hidden="true">
          {canSort ? signs.arrow : ''}
        </span>
      </button>
    </div>
  );
}

/** The left edge of a column, to drag; two clicks give it its own width back. */
function Resizer(props: IHeaderProps & { column: IColumn }): JSX.Element {
  const { columns } = props;
  const { key, width } = props.column;
  const pressed = React.useRef<{ x: number; width: number } | null>(null);
  return (
    <span
      className="jp-rsdat-Files-resizer"
      aria-hidden="true"
      onPointerDown={event => {
        if (event.button === 0) {
          event.currentTarget.setPointerCapture(event.pointerId);
          pressed.current = { x: event.clientX, width };
          event.preventDefault();
        }
      }}
      onPointerMove={event => {
        const start = pressed.current;
        if (start) {
          columns.resize(key, start.width + start.x - event.clientX);
        }
      }}
      onPointerUp={() => {
        pressed.current = null;
      }}
      onPointerCancel={() => {
        pressed.current = null;
      }}
      onDoubleClick={() => columns.resize(key, null)}
    />
  );
}
