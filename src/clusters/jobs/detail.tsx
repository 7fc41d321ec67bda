/** All about the job the keyboard is on, in words, with what can be done to it. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import type { ICluster, IJob } from '../../common/types';
import { formatClock } from '../../common/units';
import { CommandIDs } from '../ids';
import { cellText, columnLabel, type ColumnKey } from './columns';

const FACTS: readonly ColumnKey[] = [
  'group',
  'reason',
  'node',
  'left',
  'worker',
  'cpu',
  'memory',
  'tasks',
  'end'
];

function DrawnDetail(props: {
  cluster: ICluster;
  job: IJob;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { cluster, job, commands, trans } = props;
  const facts = FACTS.map(
    key => [columnLabel(key, trans), cellText(job, key, trans)] as const
  );
  if (job.start_estimate && !job.started) {
    facts.push([trans.__('Expected start'), formatClock(job.start_estimate)]);
  }
  if (job.started) {
    facts.push([trans.__('Started'), formatClock(job.started)]);
  }
  if (job.ended) {
    facts.push([trans.__('Ended at'), formatClock(job.ended)]);
  }
  if (job.exit) {
    facts.push([trans.__('Exit code : signal'), job.exit]);
  }
  for (const { address, status } of job.workers) {
    if (status !== 'running') {
      facts.push([trans.__('Worker is'), `${status} (${address})`]);
    }
  }
  const action = (
    name: IJob['actions'][number],
    command: string,
    label: string
  ): JSX.Element | null =>
    job.actions.includes(name) ? (
      <button
        type="button"
        className="jp-rsdat-Button"
        onClick={() =>
          void commands.execute(command, { cluster: cluster.id, job: job.id })
        }
      >
        {label}
      </button>
    ) : null;
  return (
    <div
      className="jp-rsdat-Jobs-detail"
      role="group"
      aria-label={trans.__('Job %1', job.id)}
    >
      <p className="jp-rsdat-Jobs-detailHead">
        <code>{job.id}</code> {job.state}
      </p>
      <dl className="jp-rsdat-Card-facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([label, value]) => (
            <React.Fragment key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </React.Fragment>
          ))}
      </dl>
      <div className="jp-rsdat-Card-buttons">
        {cluster.jobs.includes(job) && (
          <button
            type="button"
            className="jp-rsdat-Button"
            aria-label={trans.__('Log of job %1', job.id)}
            onClick={() =>
              void commands.execute(CommandIDs.openLogs, {
                cluster: cluster.id,
                source: job.id
              })
            }
          >
            {trans.__('Log')}
          </button>
        )}
        {action('hold', CommandIDs.holdJob, trans.__('Hold'))}
        {action('release', CommandIDs.releaseJob, trans.__('Release'))}
        {action('cancel', CommandIDs.cancelJob, trans.__('Cancel job'))}
      </div>
    </div>
  );
}

export const Detail = React.memo(DrawnDetail);
