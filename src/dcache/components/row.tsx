/** One row of the list of files. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';
import type { IEntry } from '../../common/types';
import { formatBytes } from '../../common/units';
import type { SortKey } from '../api';
import { describeLocality, formatTime } from '../format';
import { localityIcons } from '../icons';
import { ROW_HEIGHT } from './grid';

export interface IRowProps {
  id: string;
  /** Number of the row, from 0. */
  row: number;
  /** Null while its page is on the way. */
  entry: IEntry | null;
  columns: readonly SortKey[];
  isActive: boolean;
  isSelected: boolean;
  iconOf: (entry: IEntry) => LabIcon;
  trans: TranslationBundle;
}

/** Compares by what is drawn: `columns` is a new array at every drawing of the grid. */
function isSame(before: IRowProps, after: IRowProps): boolean {
  return (
    before.row === after.row &&
    before.entry === after.entry &&
    before.isActive === after.isActive &&
    before.isSelected === after.isSelected &&
    before.columns.length === after.columns.length
  );
}

function DrawnRow(props: IRowProps): JSX.Element {
  const { columns, entry, isActive, isSelected, row, trans } = props;
  const classes = ['jp-rsdat-Files-row'];
  if (isSelected) {
    classes.push('jp-mod-selected');
  }
  if (isActive) {
    classes.push('jp-mod-active');
  }
  if (entry === null) {
    classes.push('jp-mod-waiting');
  }
  return (
    <div
      id={props.id}
      className={classes.join(' ')}
      role="row"
      aria-rowindex={row + 2}
      aria-selected={isSelected}
      aria-label={entry?.name ?? trans.__('Loading')}
      data-row={row}
      data-type={entry?.type}
      style={{ top: row * ROW_HEIGHT }}
    >
      {columns.map((key, index) => (
        <div
          key={key}
          className={`jp-rsdat-Files-cell jp-rsdat-Files-${key}`}
          role="gridcell"
          aria-colindex={index + 1}
        >
          {entry ? (
            <Cell {...props} entry={entry} column={key} />
          ) : (
            <span className="jp-rsdat-Files-placeholder" />
          )}
        </div>
      ))}
    </div>
  );
}

export const Row = React.memo(DrawnRow, isSame);

function Cell(
  props: IRowProps & { entry: IEntry; column: SortKey }
): JSX.Element | null {
  const { entry, trans } = props;
  switch (props.column) {
    case 'name': {
      const icon = props.iconOf(entry);
      return (
        <>
          <icon.react
            tag="span"
            className="jp-rsdat-Files-icon"
            stylesheet="listing"
            aria-hidden="true"
          />
          <span className="jp-rsdat-Files-text" title={entry.name}>
            {entry.name}
          </span>
        </>
      );
    }
    case 'locality': {
      const locality = describeLocality(entry, trans);
      if (locality === null) {
        return null;
      }
      const icon = localityIcons[locality.symbol];
      return (
        <span role="img" aria-label={locality.text} title={locality.text}>
          <icon.react tag="span" className="jp-rsdat-Files-symbol" />
        </span>
      );
    }
    case 'size':
      if (entry.type === 'directory') {
        return null;
      }
      return entry.size === null ? (
        <span title={trans.__('Its upload has not ended')}>…</span>
      ) : (
        <span title={trans.__('%1 bytes', entry.size.toLocaleString())}>
          {formatBytes(entry.size)}
        </span>
      );
    case 'modified':
      return (
        <span title={formatTime(entry.modified, 'full')}>
          {formatTime(entry.modified)}
        </span>
      );
  }
}
