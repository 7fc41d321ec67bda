/** One row of the items. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IStacRow } from '../../common/types';
import { cellText, cellTitle, classOf, type IColumn } from '../columns';

/** Height of a row in CSS pixels; style/grid.css has the same. */
export const ROW_HEIGHT = 24;

export interface IRowProps {
  id: string;
  /** Number of the row, from 0. */
  row: number;
  /** Null while its page is on the way. */
  item: IStacRow | null;
  /** The same array as long as nothing of it changed. */
  columns: readonly IColumn[];
  isActive: boolean;
  isSelected: boolean;
  trans: TranslationBundle;
}

function DrawnRow(props: IRowProps): JSX.Element {
  const { columns, isActive, item, row, trans } = props;
  const classes = ['jp-rsdat-StacItems-row'];
  if (props.isSelected) {
    classes.push('jp-mod-selected');
  }
  if (isActive) {
    classes.push('jp-mod-active');
  }
  return (
    <div
      id={props.id}
      className={classes.join(' ')}
      role="row"
      aria-rowindex={row + 2}
      aria-selected={props.isSelected}
      aria-label={item?.id ?? trans.__('Loading')}
      data-row={row}
      style={{ transform: `translateY(${row * ROW_HEIGHT}px)` }}
    >
      {columns.map(({ key, width }, index) => (
        <div
          key={key}
          className={`jp-rsdat-StacItems-cell jp-mod-${classOf(key)}`}
          role="gridcell"
          aria-colindex={index + 1}
          title={item ? cellTitle(item, key, trans) : undefined}
          style={width === null ? undefined : { width }}
        >
          {item
            ? cellText(item, key)
            : key === 'id' && (
                <span className="jp-rsdat-StacItems-placeholder" />
              )}
        </div>
      ))}
    </div>
  );
}

export const Row = React.memo(DrawnRow);
