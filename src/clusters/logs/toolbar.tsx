/** Which log, and how it is shown. */
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { formatBytes } from '../../common/units';
import type { IClustersApi } from '../api';
import type { ClusterModel } from '../model';
import type { LogModel } from './model';
import type { ILog, LogSources } from './sources';

interface IToolbarProps {
  api: Pick<IClustersApi, 'logUrl'>;
  clusters: ClusterModel;
  log: LogModel;
  sources: LogSources;
  trans: TranslationBundle;
}

export function Toolbar(props: IToolbarProps): JSX.Element {
  const { log, sources, trans } = props;
  return (
    <div className="jp-rsdat-Log-toolbar">
      <label>
        {trans.__('Log of')}{' '}
        <select
          className="jp-mod-styled"
          value={log.source}
          onFocus={() => void sources.refresh()}
          onChange={event => (log.source = event.target.value)}
        >
          {choices(props).map(choice => (
            <option key={choice.source} value={choice.source}>
              {choice.label}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="jp-rsdat-Button"
        onClick={() => void log.refresh()}
      >
        {trans.__('Refresh')}
      </button>
      <label>
        <input
          type="checkbox"
          checked={log.isFollowing}
          onChange={event => (log.isFollowing = event.target.checked)}
        />
        {trans.__('Follow')}
      </label>
      <label>
        <input
          type="checkbox"
          checked={log.isWrapped}
          onChange={event => (log.isWrapped = event.target.checked)}
        />
        {trans.__('Wrap lines')}
      </label>
      <button
        type="button"
        className="jp-rsdat-Button"
        title={trans.__('Copy what is selected, else all that is shown')}
        onClick={() => copy(log)}
      >
        {trans.__('Copy')}
      </button>
      <a
        className="jp-rsdat-Link"
        href={props.api.logUrl(log.cluster, log.source)}
        download={`${log.cluster}-${log.source}.log`}
      >
        {trans.__('Download')}
      </a>
    </div>
  );
}

/** The logs there are, and those of running jobs that have none yet. */
function choices(
  props: IToolbarProps
): readonly { source: string; label: string }[] {
  const { clusters, log, sources, trans } = props;
  const known = new Map(sources.logs.map(each => [each.source, each]));
  const jobs = clusters.cluster(log.cluster)?.jobs ?? [];
  const names = new Set(['scheduler', ...known.keys()]);
  for (const job of jobs) {
    if (job.state !== 'PENDING') {
      names.add(job.id);
    }
  }
  // The one that is shown stays in the list.
  names.add(log.source);
  return [...names].map(source => {
    const job = jobs.find(({ id }) => id === source);
    const entry = known.get(source);
    return {
      source,
      label: label(
        source,
        {
          ...entry,
          node: job?.node ?? entry?.node,
          state: job?.state ?? entry?.state
        },
        trans
      )
    };
  });
}

function label(
  source: string,
  facts: Partial<ILog>,
  trans: TranslationBundle
): string {
  const parts = [
    source === 'scheduler' ? trans.__('scheduler') : trans.__('job %1', source)
  ];
  if (facts.node) {
    parts.push(trans.__('on %1', facts.node));
  }
  if (facts.state) {
    parts.push(facts.state);
  }
  if (facts.size !== undefined) {
    parts.push(formatBytes(facts.size));
  }
  return parts.join(' · ');
}

function copy(log: LogModel): void {
  Clipboard.copyToSystem(document.getSelection()?.toString() || log.text);
}
