/** Below the items: how many there are, how far their index is, and what could not be read. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { isFiltered } from '../filter';
import type { ItemsModel } from '../model';
import type { ItemRows } from '../rows';
import { useVersion } from './context';

interface IProps {
  items: ItemsModel;
  trans: TranslationBundle;
  /** What to do where there is no source yet. */
  hint: React.ReactNode;
}

export function ItemStatus(props: IProps): JSX.Element {
  const { trans } = props;
  const items = useVersion(props.items);
  const { problem, rows, summary } = items;
  const [isOpen, setOpen] = React.useState(false);
  const id = React.useId();
  const failure = rows?.problem ?? problem;
  const problems = summary?.problems_total ?? 0;
  return (
    <div className="jp-rsdat-StacStatus">
      {failure && (
        <div className="jp-rsdat-Stac-problem" role="alert">
          <p>{failure.text}</p>
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => void items.refresh()}
          >
            {trans.__('Try again')}
          </button>
        </div>
      )}
      <div className="jp-rsdat-StacStatus-line">
        <span
          role="status"
          // Not each count of items that are still read.
          aria-live={
            items.rows?.isLoaded && !items.rows.isComplete ? 'off' : 'polite'
          }
        >
          {rows === null ? props.hint : statusText(rows, props)}
        </span>
        {problems > 0 && (
          <button
            type="button"
            className="jp-rsdat-Stac-button"
            aria-expanded={isOpen}
            aria-controls={isOpen ? id : undefined}
            onClick={() => setOpen(!isOpen)}
          >
            {trans._n(
              '%1 item could not be read',
              '%1 items could not be read',
              problems
            )}
          </button>
        )}
      </div>
      {isOpen && summary && (
        <ul
          id={id}
          className="jp-rsdat-StacStatus-problems"
          aria-label={trans.__('Problems')}
          tabIndex={0}
        >
          {summary.problems.map(({ href, message }, index) => (
            <li key={index}>
              {message}
              {href && <code>{href}</code>}
            </li>
          ))}
          {problems > summary.problems.length && (
            <li>
              {trans._n(
                'and %2 more',
                'and %2 more',
                problems - summary.problems.length,
                (problems - summary.problems.length).toLocaleString()
              )}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

/** How it stands, in one line. */
function statusText(rows: ItemRows, { items, trans }: IProps): string {
  const { filter, selection } = items;
  if (!rows.isLoaded) {
    return rows.problem ? '' : trans.__('Loading items…');
  }
  const { isComplete, read, total } = rows;
  const count = selection.isAll ? total : selection.items.size;
  const parts = [
    total === 0 && !isComplete
      ? trans.__('Reading items…')
      : total === 0 && isFiltered(filter)
        ? trans.__('No item passes the filter. Widen or clear it.')
        : total === 0
          ? trans.__('There are no items here.')
          : isFiltered(filter)
            ? trans._n(
                '%1 item passes the filter',
                '%1 items pass the filter',
                total
              )
            : trans._n('%1 item', '%1 items', total)
  ];
  if (count > 0) {
    parts.push(trans.__('%1 selected', count.toLocaleString()));
  }
  if (!isComplete && read > 0) {
    parts.push(
      trans.__('%1 read so far, more are coming', read.toLocaleString())
    );
  }
  return parts.join(' · ');
}
