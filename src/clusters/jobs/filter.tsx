/** Above the job table: which of the jobs it shows. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IJob } from '../../common/types';
import { countStates, type JobTable } from './table';

export function JobFilter(props: {
  jobs: readonly IJob[];
  /** How many of them the table shows. */
  shown: number;
  table: JobTable;
  trans: TranslationBundle;
}): JSX.Element {
  const { jobs, shown, table, trans } = props;
  const counts = React.useMemo(() => countStates(jobs), [jobs]);
  const states = [...counts.keys()];
  if (table.state !== '' && !counts.has(table.state)) {
    // It stays chosen when its last job goes on to another state.
    states.push(table.state);
  }
  return (
    <div className="jp-rsdat-Jobs-filter">
      <input
        type="search"
        aria-label={trans.__('Filter jobs')}
        placeholder={trans.__('Filter jobs')}
        value={table.text}
        onChange={event => (table.text = event.target.value)}
      />
      <select
        aria-label={trans.__('State of the jobs shown')}
        value={table.state}
        onChange={event => (table.state = event.target.value)}
      >
        <option value="">{trans.__('all states')}</option>
        {states.map(state => (
          <option key={state} value={state}>
            {`${state} (${counts.get(state) ?? 0})`}
          </option>
        ))}
      </select>
      <span role="status">
        {shown < jobs.length && trans.__('%1 of %2', shown, jobs.length)}
      </span>
    </div>
  );
}
