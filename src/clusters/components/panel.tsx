/** The "Clusters" region: buttons, banners, cards. */
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  UseSignal,
  addIcon,
  linkIcon,
  settingsIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { CompanionNotice } from '../../common/companionnotice';
import { moveFocus } from '../../common/roving';
import { formatClock } from '../../common/units';
import type { ICompanion } from '../../tokens';
import { CommandIDs } from '../ids';
import { startClusterDrag } from '../drag';
import type { JobTables } from '../jobs/tables';
import type { ClusterModel } from '../model';
import type { OverviewModel } from '../overview/model';
import { announcement } from '../status';
import { Card } from './card';
import { DamagedCard } from './damaged';
import { DraftCard } from './draft';
import { NoClusters } from './empty';
import { PastClusters } from './past';

export interface IPanelProps {
  model: ClusterModel;
  tables: JobTables;
  /** How busy the clusters are; left out where nobody asks for that. */
  overview?: OverviewModel | null;
  commands: CommandRegistry;
  baseUrl: string;
  trans: TranslationBundle;
  /** Says when page and server do not fit; not everywhere there. */
  companion?: ICompanion | null;
}

export function ClustersPanel(props: IPanelProps): JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => <Content {...props} />}
    </UseSignal>
  );
}

function Content(props: IPanelProps): JSX.Element {
  const { model, commands, trans } = props;
  return (
    <div className="jp-rsdat-Clusters">
      <div className="jp-rsdat-Clusters-toolbar">
        <button
          type="button"
          className="jp-rsdat-Button jp-mod-primary"
          onClick={() => void commands.execute(CommandIDs.newCluster)}
        >
          <addIcon.react tag="span" className="jp-rsdat-Button-icon" />
          {trans.__('New SLURMCluster')}
        </button>
        <button
          type="button"
          className="jp-rsdat-IconButton"
          aria-label={trans.__('Cluster options')}
          title={trans.__('Cluster options')}
          onClick={() =>
            void commands.execute(CommandIDs.newCluster, { form: true })
          }
        >
          <settingsIcon.react tag="span" />
        </button>
        <button
          type="button"
          className="jp-rsdat-IconButton"
          aria-label={trans.__('Attach a scheduler')}
          title={trans.__('Attach a scheduler that exists already')}
          onClick={() => void commands.execute(CommandIDs.attach)}
        >
          <linkIcon.react tag="span" />
        </button>
      </div>
      <CompanionNotice companion={props.companion ?? null} trans={trans} />
      <Banners model={model} trans={trans} />
      <Announcer model={model} trans={trans} />
      <List {...props} />
      <PastClusters past={model.past} commands={commands} trans={trans} />
    </div>
  );
}

function Banners(props: {
  model: ClusterModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, trans } = props;
  const { error, queueProblem, queueSeen } = model;
  return (
    <div role="status">
      {error && (
        <div className="jp-rsdat-Banner">
          <p>{error.text}</p>
          <button
            type="button"
            className="jp-rsdat-Button"
            onClick={() => void model.refresh()}
          >
            {trans.__('Try again')}
          </button>
        </div>
      )}
      {!error && queueProblem && (
        <div className="jp-rsdat-Banner">
          <p>
            {queueSeen
              ? trans.__(
                  'The queue has not answered since %1. What you see of jobs is from then.',
                  formatClock(queueSeen)
                )
              : trans.__('The queue has not answered yet.')}
          </p>
          <p>{queueProblem.message}</p>
          {queueProblem.hint && <p>{queueProblem.hint}</p>}
        </div>
      )}
    </div>
  );
}

/** Says changes of state to screen readers. */
function Announcer(props: {
  model: ClusterModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, trans } = props;
  const [words, setWords] = React.useState('');
  React.useEffect(() => {
    // One answer may change several: all of it is said.
    let said: string[] = [];
    const onChange = (
      _: ClusterModel,
      change: ClusterModel.IStateChange
    ): void => {
      const sentence = announcement(change.before, change.after, trans);
      if (sentence !== null && said.push(sentence) === 1) {
        queueMicrotask(() => {
          setWords(said.join('. '));
          said = [];
        });
      }
    };
    model.stateChanged.connect(onChange);
    return () => {
      model.stateChanged.disconnect(onChange);
    };
  }, [model, trans]);
  return (
    <div className="jp-rsdat-Spoken" role="status">
      {words}
    </div>
  );
}

function List(props: IPanelProps): JSX.Element {
  const { model, commands, trans } = props;
  const { clusters, damaged, drafts, selected } = model;
  const onSelect = React.useCallback(
    (cluster: string) => model.select(cluster),
    [model]
  );
  if (clusters.length + drafts.length + damaged.length === 0) {
    return model.isReady ? (
      <NoClusters
        commands={commands}
        companion={props.companion}
        trans={trans}
      />
    ) : (
      <p className="jp-rsdat-Empty">
        {model.error ? '' : trans.__('Loading…')}
      </p>
    );
  }
  return (
    <ul
      className="jp-rsdat-Clusters-list"
      role="list"
      aria-label={trans.__('Clusters')}
      onKeyDown={event => moveFocus(event, '.jp-rsdat-Card[tabindex]')}
    >
      {clusters.map(cluster => (
        <Card
          key={cluster.id}
          cluster={cluster}
          activity={model.activity(cluster.id)}
          isSelected={cluster.id === selected}
          isTabStop={cluster.id === selected}
          baseUrl={props.baseUrl}
          commands={commands}
          table={props.tables.get(cluster.id, 'card')}
          overview={props.overview ?? null}
          trans={trans}
          onSelect={onSelect}
          onPress={startClusterDrag}
        />
      ))}
      {drafts.map(draft => (
        <DraftCard
          key={draft.key}
          draft={draft}
          trans={trans}
          onDismiss={() => model.dismiss(draft.key)}
          onOptions={() => {
            model.dismiss(draft.key);
            void commands.execute(CommandIDs.newCluster, { form: true });
          }}
        />
      ))}
      {damaged.map(cluster => (
        <DamagedCard
          key={`damaged-${cluster.id}`}
          cluster={cluster}
          commands={commands}
          trans={trans}
        />
      ))}
    </ul>
  );
}
