/** The jobs of a cluster, folded away until someone wants to know. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IJob } from '../../common/types';
import { formatClock, formatSpan } from '../../common/units';

/** More rows than anyone reads; the counts on the card are of all jobs. */
const SHOWN_JOBS = 200;

interface IJobsProps {
  jobs: readonly IJob[];
  trans: TranslationBundle;
  /** Show the log of a job. */
  onLog: (job: string) => void;
}

export function Jobs({ jobs, trans, onLog }: IJobsProps): JSX.Element | null {
  const [isOpen, setOpen] = React.useState(false);
  if (jobs.length === 0) {
    return null;
  }
  const hidden = jobs.length - SHOWN_JOBS;
  return (
    <details
      className="jp-rsdat-Jobs"
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>{trans.__('Jobs (%1)', jobs.length)}</summary>
      {/* No list: in this region the list items are the clusters. */}
      <div role="group" aria-label={trans.__('Jobs')}>
        {(isOpen ? jobs.slice(0, SHOWN_JOBS) : []).map(job => (
          <div key={job.id} className="jp-rsdat-Jobs-item">
            <div className="jp-rsdat-Jobs-head">
              <code>{job.id}</code> <span>{job.state}</span>
              <button
                type="button"
                className="jp-rsdat-Button"
                aria-label={trans.__('Log of job %1', job.id)}
                onClick={() => onLog(job.id)}
              >
                {trans.__('Log')}
              </button>
            </div>
            <Details job={job} trans={trans} />
          </div>
        ))}
        {isOpen && hidden > 0 && (
          <p>{trans._n('and %1 more', 'and %1 more', hidden)}</p>
        )}
      </div>
    </details>
  );
}

function Details(props: {
  job: IJob;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { job, trans } = props;
  const parts: string[] = [];
  if (job.node) {
    parts.push(trans.__('on %1', job.node));
  }
  if (job.time_left !== null) {
    parts.push(trans.__('%1 left', formatSpan(job.time_left)));
  }
  if (job.start_estimate && job.state === 'PENDING') {
    parts.push(trans.__('expected %1', formatClock(job.start_estimate)));
  }
  const why = job.explanation ?? job.reason;
  if (why) {
    parts.push(why);
  }
  if (job.exit) {
    parts.push(trans.__('exit %1', job.exit));
  }
  return parts.length ? <p>{parts.join(' · ')}</p> : null;
}
