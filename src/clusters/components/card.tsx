/** One cluster in the list: what it is, how it is, what can be done with it. */
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import type { ICluster } from '../../common/types';
import { formatBytes } from '../../common/units';
import { CommandIDs } from '../ids';
import type { JobTable } from '../jobs/table';
import type { Activity } from '../model';
import type { OverviewModel } from '../overview/model';
import { Overview } from '../overview/overview';
import {
  SYMBOLS,
  isAlive,
  isAttached,
  needsWorkers,
  stateWord,
  waitingWords,
  workerCounts
} from '../status';
import { Diagnosis } from './diagnosis';
import { Groups } from './groups';
import { Jobs } from './jobs';
import { IdleCountdown, Placement, Warnings } from './lifetime';
import { openCardMenu } from './menu';

export interface ICardProps {
  cluster: ICluster;
  activity: Activity | null;
  isSelected: boolean;
  /** Whether Tab stops here: one card of the list. */
  isTabStop: boolean;
  /** The server's base URL, before the dashboard's path. */
  baseUrl: string;
  commands: CommandRegistry;
  /** Order and filter of its jobs. */
  table: JobTable;
  /** How busy the clusters are; left out where nobody asks for that. */
  overview?: OverviewModel | null;
  trans: TranslationBundle;
  /** Called with its id. */
  onSelect: (cluster: string) => void;
  /** The cluster's card is pressed and may be dragged away. */
  onPress: (event: PointerEvent, cluster: ICluster) => void;
}

/** Parts of a card that a press is meant for, instead of the card. */
const INTERACTIVE = 'button, a, pre, code, input, select, [role=grid]';

/** Drawn anew only when something of it changed: lists of many clusters change often. */
export const Card = React.memo(DrawnCard);

function DrawnCard(props: ICardProps): JSX.Element {
  const { cluster, activity, trans, commands } = props;
  const state = activity === 'shutdown' ? 'stopping' : cluster.state;
  const word = stateWord(state, trans);
  const waiting = waitingWords(cluster.jobs, trans, cluster.diagnosis?.message);
  const run = (command: string): void => {
    void commands.execute(command, { cluster: cluster.id });
  };
  const isOthers = isAttached(cluster);
  const isBusy = activity !== null;
  const isUsable = isAlive(cluster) && state !== 'stopping';
  const classes = [
    'jp-rsdat-Card',
    `jp-mod-${state}`,
    props.isSelected ? 'jp-mod-selected' : ''
  ];
  return (
    <li
      className={classes.join(' ').trim()}
      role="listitem"
      aria-label={trans.__('%1, %2', cluster.name, word)}
      aria-current={props.isSelected}
      aria-busy={isBusy}
      tabIndex={props.isTabStop ? 0 : -1}
      data-cluster={cluster.id}
      onClick={() => props.onSelect(cluster.id)}
      onContextMenu={() => props.onSelect(cluster.id)}
      onKeyDown={event => {
        if (event.target !== event.currentTarget) {
          return;
        }
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          props.onSelect(cluster.id);
        } else if (event.key === 'Delete' && !isBusy) {
          run(CommandIDs.shutdown);
        }
      }}
      onPointerDown={event => {
        if (!(event.target as Element).closest(INTERACTIVE)) {
          props.onPress(event.nativeEvent, cluster);
        }
      }}
    >
      <div className="jp-rsdat-Card-head">
        <span className="jp-rsdat-Card-symbol" aria-hidden="true">
          {SYMBOLS[state]}
        </span>
        <strong className="jp-rsdat-Card-name" title={cluster.name}>
          {cluster.name}
        </strong>
        <span className="jp-rsdat-Card-state">{word}</span>
        <button
          type="button"
          className="jp-rsdat-IconButton jp-rsdat-Card-more"
          aria-label={trans.__('More actions')}
          aria-haspopup="menu"
          title={trans.__('More actions')}
          onClick={event =>
            openCardMenu(cluster, commands, event.currentTarget)
          }
        >
          <ellipsesIcon.react tag="span" />
        </button>
      </div>
      <Warnings warnings={cluster.warnings} trans={trans} />
      {cluster.idle.ends_at !== null && isUsable && (
        <IdleCountdown
          cluster={cluster.id}
          endsAt={cluster.idle.ends_at}
          commands={commands}
          trans={trans}
        />
      )}
      <Facts {...props} />
      {cluster.groups.length > 1 && (
        <Groups
          cluster={cluster.id}
          groups={cluster.groups}
          isDisabled={isBusy || !isUsable}
          commands={commands}
          trans={trans}
        />
      )}
      {props.overview && isUsable && (
        <Overview
          cluster={cluster.id}
          name={cluster.name}
          workers={cluster.workers.connected}
          isTabStop={props.isTabStop}
          overview={props.overview}
          trans={trans}
        />
      )}
      {needsWorkers(cluster) && isUsable && (
        <p className="jp-rsdat-Card-waiting">
          {trans.__('No workers yet: press “Scale” to ask for some.')}
        </p>
      )}
      {waiting && <p className="jp-rsdat-Card-waiting">{waiting}</p>}
      {cluster.diagnosis && (
        <Diagnosis diagnosis={cluster.diagnosis} trans={trans} />
      )}
      <Jobs
        cluster={cluster}
        table={props.table}
        commands={commands}
        trans={trans}
      />
      <div className="jp-rsdat-Card-buttons">
        <button
          type="button"
          className="jp-rsdat-Button"
          disabled={!isUsable}
          onClick={() => run(CommandIDs.insertCode)}
        >
          {trans.__('Insert client code')}
        </button>
        {!isOthers && (
          <button
            type="button"
            className="jp-rsdat-Button"
            disabled={isBusy || !isUsable}
            onClick={() => run(CommandIDs.scale)}
          >
            {trans.__('Scale')}
          </button>
        )}
        <button
          type="button"
          className="jp-rsdat-Button"
          disabled={isBusy || state === 'stopping'}
          onClick={() => run(CommandIDs.shutdown)}
        >
          {isOthers ? trans.__('Detach') : trans.__('Shut down')}
        </button>
      </div>
    </li>
  );
}

function Facts(props: ICardProps): JSX.Element {
  const { cluster, commands, trans } = props;
  const { address, dashboard } = cluster.scheduler;
  // Somebody else's scheduler has no log here, and nobody here wants workers of it.
  const isOthers = isAttached(cluster);
  return (
    <dl className="jp-rsdat-Card-facts">
      <dt>{trans.__('Workers')}</dt>
      <dd>
        {isOthers
          ? trans.__('%1 connected', cluster.workers.connected)
          : workerCounts(cluster.workers, trans)}
        {cluster.adapt &&
          ` · ${trans.__('adaptive %1–%2', cluster.adapt.minimum, cluster.adapt.maximum)}`}
      </dd>
      <dt>{trans.__('Cores')}</dt>
      <dd>{cluster.cores}</dd>
      <dt>{trans.__('Memory')}</dt>
      <dd>{formatBytes(cluster.memory)}</dd>
      <dt>{trans.__('Scheduler')}</dt>
      <dd className="jp-rsdat-Card-address">
        {address ? (
          <>
            <code title={address}>{address}</code>
            <button
              type="button"
              className="jp-rsdat-IconButton"
              aria-label={trans.__('Copy the scheduler address')}
              title={trans.__('Copy the scheduler address')}
              onClick={() => Clipboard.copyToSystem(address)}
            >
              <copyIcon.react tag="span" />
            </button>
          </>
        ) : (
          trans.__('not up yet')
        )}
        {!isOthers && (
          <button
            type="button"
            className="jp-rsdat-Link"
            aria-label={trans.__('Log of the scheduler')}
            onClick={() =>
              void commands.execute(CommandIDs.openLogs, {
                cluster: cluster.id
              })
            }
          >
            {trans.__('log')}
          </button>
        )}
      </dd>
      <dt>{trans.__('Runs')}</dt>
      <dd>
        <Placement scheduler={cluster.scheduler} trans={trans} />
      </dd>
      {dashboard && (
        <>
          <dt>{trans.__('Dashboard')}</dt>
          <dd>
            <a
              className="jp-rsdat-Link"
              href={`${props.baseUrl}${dashboard}`}
              target="_blank"
              rel="noopener"
            >
              {trans.__('in a browser tab')}
            </a>
          </dd>
        </>
      )}
    </dl>
  );
}
