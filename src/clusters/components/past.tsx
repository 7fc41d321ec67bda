/** Clusters that have stopped: folded away below the list until someone wants to know. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { moveFocus } from '../../common/roving';
import type { IPastCluster } from '../../common/types';
import { formatClock, formatSpan } from '../../common/units';
import { CommandIDs } from '../ids';
import type { PastModel } from '../past/model';

/** More rows than anyone reads at once. */
const SHOWN = 100;

interface IPastProps {
  past: PastModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

export function PastClusters(props: IPastProps): JSX.Element {
  return (
    <UseSignal signal={props.past.changed}>
      {() => <Content {...props} />}
    </UseSignal>
  );
}

function Content(props: IPastProps): JSX.Element {
  const { past, trans } = props;
  return (
    <details
      className="jp-rsdat-Past"
      open={past.isOpen}
      onToggle={event => (past.isOpen = event.currentTarget.open)}
    >
      <summary>{trans.__('Past clusters')}</summary>
      {past.isOpen && <Rows {...props} />}
    </details>
  );
}

function Rows(props: IPastProps): JSX.Element {
  const { past, trans } = props;
  const [shown, setShown] = React.useState(SHOWN);
  const [focused, setFocused] = React.useState(0);
  const { clusters, error } = past;
  const visible = clusters?.slice(0, shown) ?? [];
  const tabStop = Math.min(focused, visible.length - 1);
  return (
    <>
      {error && (
        <div className="jp-rsdat-Banner" role="alert">
          <p>{error.text}</p>
          <button
            type="button"
            className="jp-rsdat-Button"
            onClick={() => void past.refresh()}
          >
            {trans.__('Try again')}
          </button>
        </div>
      )}
      {clusters === null && !error && (
        <p className="jp-rsdat-Empty">{trans.__('Loading…')}</p>
      )}
      {clusters?.length === 0 && (
        <p className="jp-rsdat-Empty">
          {trans.__(
            'None yet. A cluster that has stopped is kept here for a while with its logs.'
          )}
        </p>
      )}
      {/* No list: in this region the list items are the clusters. */}
      <div
        role="group"
        aria-label={trans.__('Past clusters')}
        onKeyDown={event => {
          const index = moveFocus(event, '.jp-rsdat-Past-item');
          if (index !== null) {
            setFocused(index);
          }
        }}
      >
        {visible.map((cluster, index) => (
          <Row
            key={cluster.id}
            {...props}
            cluster={cluster}
            isTabStop={index === tabStop}
          />
        ))}
      </div>
      {clusters !== null && clusters.length > shown && (
        <button
          type="button"
          className="jp-rsdat-Button"
          onClick={() => setShown(shown + SHOWN)}
        >
          {trans.__('Show more (%1)', clusters.length - shown)}
        </button>
      )}
    </>
  );
}

function Row(
  props: IPastProps & { cluster: IPastCluster; isTabStop: boolean }
): JSX.Element {
  const { cluster, past, commands, trans } = props;
  const isBusy = past.isBusy(cluster.id);
  const run = (command: string, args: object): void => {
    void commands.execute(command, { ...args });
  };
  const remove = (): void =>
    run(CommandIDs.deletePast, { cluster: cluster.id });
  const button = (label: string, onClick: () => void): JSX.Element => (
    <button
      type="button"
      className="jp-rsdat-Button"
      disabled={isBusy}
      aria-label={trans.__('%1: %2', label, cluster.name)}
      onClick={onClick}
    >
      {label}
    </button>
  );
  return (
    <div
      className="jp-rsdat-Past-item"
      role="group"
      aria-label={trans.__('%1, %2', cluster.name, cluster.end.message)}
      aria-busy={isBusy}
      tabIndex={props.isTabStop ? 0 : -1}
      onKeyDown={event => {
        if (event.target === event.currentTarget && event.key === 'Delete') {
          remove();
        }
      }}
    >
      <strong title={asked(cluster, trans)}>{cluster.name}</strong>
      <p>{facts(cluster, trans)}</p>
      <p>{cluster.end.message}</p>
      <p className="jp-rsdat-Past-asked">{asked(cluster, trans)}</p>
      <div className="jp-rsdat-Card-buttons">
        {button(trans.__('Start again'), () =>
          run(CommandIDs.newCluster, { again: cluster.id })
        )}
        {button(trans.__('Logs'), () =>
          run(CommandIDs.openLogs, { cluster: cluster.id })
        )}
        {button(trans.__('Delete'), remove)}
      </div>
    </div>
  );
}

/** When, how long, how many jobs, what it cost. */
function facts(cluster: IPastCluster, trans: TranslationBundle): string {
  const { total, failed } = cluster.jobs;
  const parts = [formatClock(cluster.created)];
  if (cluster.ended) {
    const lived = Date.parse(cluster.ended) - Date.parse(cluster.created);
    parts.push(trans.__('for %1', formatSpan(lived / 1000)));
  }
  parts.push(trans._n('%1 job', '%1 jobs', total));
  if (failed > 0) {
    parts.push(trans._n('%1 failed', '%1 failed', failed));
  }
  parts.push(trans.__('%1 core-hours', round(cluster.cost.core_hours)));
  return parts.join(' · ');
}

/** What was asked for: preset, and of each group how many workers of which size. */
function asked(cluster: IPastCluster, trans: TranslationBundle): string {
  const groups = cluster.groups.map(({ name, workers, adapt, options }) => {
    const count = adapt
      ? trans.__('%1–%2 workers', adapt.minimum, adapt.maximum)
      : trans._n('%1 worker', '%1 workers', workers);
    const cores = trans._n('%1 core', '%1 cores', options.cores ?? 1);
    const size = [cores, options.memory, options.partition].filter(Boolean);
    const words = trans.__('%1 of %2', count, size.join(', '));
    return cluster.groups.length > 1 ? trans.__('%1: %2', name, words) : words;
  });
  return [cluster.preset, ...groups].join(' · ');
}

/** Enough digits to tell, not more. */
function round(hours: number): string {
  return hours === 0 || hours >= 0.01
    ? String(Math.round(hours * 100) / 100)
    : '< 0.01';
}
