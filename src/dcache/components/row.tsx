/** One row of the list of files. As few elements as possible: a screen shows some fifty rows. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';
import type { IEntry } from '../../common/types';
import { formatBytes, formatBytesShort } from '../../common/units';
import {
  LOCALITY_SHORT_WIDTH,
  LOCALITY_WORD_WIDTH,
  SIZE_FULL_WIDTH,
  type IColumn
} from '../columns';
import {
  describeKind,
  describeLocality,
  formatTime,
  splitName
} from '../format';
import { localityIcons } from '../icons';

/** Height of a row in CSS pixels; style/grid.css has the same. */
export const ROW_HEIGHT = 24;

export interface IRowProps {
  id: string;
  /** Number of the row, from 0. */
  row: number;
  /** Null while its page is on the way. */
  entry: IEntry | null;
  /** The same array as long as nothing of it changed. */
  columns: readonly IColumn[];
  isActive: boolean;
  isSelected: boolean;
  iconOf: (entry: IEntry) => LabIcon;
  trans: TranslationBundle;
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
      style={{ transform: `translateY(${row * ROW_HEIGHT}px)` }}
    >
      {columns.map((column, index) => (
        <Cell key={column.key} {...props} column={column} index={index} />
      ))}
    </div>
  );
}

export const Row = React.memo(DrawnRow);

interface ICell {
  title?: string;
  content: React.ReactNode;
}

function Cell(
  props: IRowProps & { column: IColumn; index: number }
): JSX.Element {
  const { column, entry, index } = props;
  const { key, width } = column;
  const { title, content } = entry
    ? cellOf(props, entry, column)
    : {
        title: undefined,
        content: key === 'name' && (
          <span className="jp-rsdat-Files-placeholder" />
        )
      };
  return (
    <div
      className={`jp-rsdat-Files-cell jp-rsdat-Files-${key}`}
      role="gridcell"
      aria-colindex={index + 1}
      title={title}
      style={key === 'name' ? undefined : { width }}
    >
      {content}
    </div>
  );
}

function cellOf(
  { iconOf, trans }: IRowProps,
  entry: IEntry,
  { key, width }: IColumn
): ICell {
  switch (key) {
    case 'name': {
      const icon = iconOf(entry);
      const [head, tail] = splitName(entry.name);
      return {
        title: entry.name,
        content: (
          <>
            <icon.react
              tag="span"
              className="jp-rsdat-Files-icon"
              stylesheet="listing"
              aria-hidden="true"
            />
            <span className="jp-rsdat-Files-text">{head}</span>
            {tail && <span className="jp-rsdat-Files-tail">{tail}</span>}
          </>
        )
      };
    }
    case 'locality': {
      const locality = describeLocality(entry, trans);
      if (locality === null) {
        return { content: null };
      }
      const { short, symbol, text, word } = locality;
      const hasWord = width >= LOCALITY_SHORT_WIDTH;
      if (symbol === null && !hasWord) {
        return { content: null };
      }
      const icon = symbol && localityIcons[symbol];
      return {
        content: (
          <span
            className="jp-rsdat-Files-where"
            role="img"
            aria-label={text}
            title={text}
          >
            {icon ? (
              <icon.react tag="span" className="jp-rsdat-Files-symbol" />
            ) : (
              <span className="jp-rsdat-Files-symbol" />
            )}
            {hasWord && (width >= LOCALITY_WORD_WIDTH ? word : short)}
          </span>
        )
      };
    }
    case 'size':
      if (entry.type === 'directory') {
        return { content: null };
      }
      return entry.size === null
        ? { title: trans.__('Its upload has not ended'), content: '…' }
        : {
            title: trans.__('%1 bytes', entry.size.toLocaleString()),
            content:
              width >= SIZE_FULL_WIDTH
                ? formatBytes(entry.size)
                : formatBytesShort(entry.size)
          };
    case 'modified':
    case 'created':
      return {
        title: formatTime(entry[key], 'full'),
        content: formatTime(entry[key])
      };
    case 'kind': {
      const kind = describeKind(entry, trans);
      return { title: kind, content: kind };
    }
  }
}
