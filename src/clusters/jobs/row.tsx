/** One row of the job table. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IJob } from '../../common/types';
import { cellText, type ColumnKey } from './columns';
import { loadOf, memoryShare, stageOf, stateSymbol } from './words';

/** Heights of a row in CSS pixels, of one line and of two; style/jobs.css has the same. */
export const ROW_HEIGHT = 26;
export const TALL_ROW_HEIGHT = 44;

export interface IRowProps {
  job: IJob;
  /** Number of the row, from 0. */
  row: number;
  /** The same array as long as the columns are the same. */
  columns: readonly ColumnKey[];
  /** Whether the last column has a line of its own. */
  isTall: boolean;
  /** `grid-template-columns` of these columns. */
  template: string;
  /** Whether the keyboard is on it. */
  isActive: boolean;
  /** Whether Tab stops here: one row of the table. */
  isTabStop: boolean;
  trans: TranslationBundle;
}

function DrawnRow(props: IRowProps): JSX.Element {
  const { job, row, columns, trans } = props;
  return (
    <div
      className={`jp-rsdat-Jobs-row jp-mod-${stageOf(job.state)}${props.isActive ? ' jp-mod-active' : ''}${props.isTall ? ' jp-mod-tall' : ''}`}
      role="row"
      aria-rowindex={row + 2}
      aria-selected={props.isActive}
      aria-label={trans.__('Job %1, %2', job.id, job.state)}
      tabIndex={props.isTabStop ? 0 : -1}
      data-job={job.id}
      style={{
        top: row * (props.isTall ? TALL_ROW_HEIGHT : ROW_HEIGHT),
        gridTemplateColumns: props.isTall ? undefined : props.template
      }}
    >
      {columns.map((key, index) => (
        <Cell
          key={key}
          job={job}
          column={key}
          index={index}
          text={cellText(job, key, trans)}
        />
      ))}
    </div>
  );
}

/** Drawn anew only when its job or its place changed. */
export const Row = React.memo(DrawnRow);

function Cell(props: {
  job: IJob;
  column: ColumnKey;
  index: number;
  text: string;
}): JSX.Element {
  const { job, column, text } = props;
  return (
    <div
      className={`jp-rsdat-Jobs-cell jp-rsdat-Jobs-${column}`}
      role="gridcell"
      aria-colindex={props.index + 1}
      title={text}
    >
      {column === 'state' && (
        <span className="jp-rsdat-Jobs-symbol" aria-hidden="true">
          {stateSymbol(job)}
        </span>
      )}
      {column === 'memory' && <MemoryBar job={job} />}
      <span className="jp-rsdat-Jobs-text">{text}</span>
    </div>
  );
}

/** How full the memory is; the words beside it say the same. */
export function MemoryBar({ job }: { job: IJob }): JSX.Element | null {
  const load = loadOf(job);
  if (!load || load.limit_bytes === 0) {
    return null;
  }
  const percent = Math.round(100 * memoryShare(load));
  return (
    <span className="jp-rsdat-Jobs-bar" aria-hidden="true">
      <span style={{ width: `${percent}%` }} />
    </span>
  );
}
