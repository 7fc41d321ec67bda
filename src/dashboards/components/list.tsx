/** The "Dashboards" region: the plots of the selected cluster. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { moveFocus } from '../../common/roving';
import type { ICluster } from '../../common/types';
import { CommandIDs } from '../commands';
import type { DashboardsModel } from '../model';
import { grouped, type Group, type IPlot } from '../plots';
import { isEnded, noPlotsWords } from '../words';

const PLOT = 'jp-rsdat-Plot';

export interface IListProps {
  model: DashboardsModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** A plot is pressed and may be dragged away. */
  onPress: (event: PointerEvent, cluster: ICluster, plot: IPlot) => void;
}

export function DashboardsList(props: IListProps): JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => <Content {...props} />}
    </UseSignal>
  );
}

function Content(props: IListProps): JSX.Element {
  const { model, commands, trans, onPress } = props;
  const { cluster, plots } = model;
  const [current, setCurrent] = React.useState(0);
  const list = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    // React keeps a button, and with it the focus, where another cluster has a plot on that page, too.
    const focused = list.current
      ?.querySelector(`.${PLOT}:focus`)
      ?.getAttribute('data-page');
    const plot = plots.find(({ page }) => page === focused);
    if (cluster && plot) {
      model.pointed = { cluster: cluster.id, plot };
    }
  }, [cluster?.id, plots]);
  if (!cluster || plots.length === 0 || isEnded(cluster)) {
    return (
      <p className="jp-rsdat-Empty" role="status">
        {emptyWords(model, trans)}
      </p>
    );
  }
  const groups = grouped(plots, model.filter);
  const shown = groups.flatMap(({ plots }) => plots);
  const tabStop = shown[Math.min(current, shown.length - 1)];
  return (
    <div className="jp-rsdat-Dashboards">
      <div className="jp-rsdat-Dashboards-head">
        <span title={cluster.name}>{cluster.name}</span>
        <button
          type="button"
          className="jp-rsdat-Button"
          title={commands.caption(CommandIDs.openLayout)}
          onClick={() =>
            void commands.execute(CommandIDs.openLayout, {
              cluster: cluster.id
            })
          }
        >
          {trans.__('Open layout')}
        </button>
      </div>
      <input
        type="search"
        className="jp-rsdat-Dashboards-filter"
        aria-label={trans.__('Filter dashboards')}
        placeholder={trans.__('Filter dashboards')}
        value={model.filter}
        onChange={event => (model.filter = event.target.value)}
      />
      {shown.length === 0 && (
        <p className="jp-rsdat-Empty" role="status">
          {trans.__('No plot has "%1" in its name.', model.filter)}
        </p>
      )}
      <div
        ref={list}
        onKeyDown={event => {
          const index = moveFocus(event, `.${PLOT}`);
          if (index !== null) {
            setCurrent(index);
          }
        }}
      >
        {groups.map(({ group, plots }) => (
          <section key={group}>
            <h3 className="jp-rsdat-Dashboards-group">
              {groupWord(group, trans)}
            </h3>
            <ul
              className="jp-rsdat-Dashboards-list"
              role="list"
              aria-label={trans.__(
                '%1, dashboards of %2',
                groupWord(group, trans),
                cluster.name
              )}
            >
              {plots.map(plot => (
                <li key={plot.page} role="listitem" aria-label={plot.name}>
                  <button
                    type="button"
                    className={PLOT}
                    data-page={plot.page}
                    tabIndex={plot === tabStop ? 0 : -1}
                    onFocus={() => {
                      setCurrent(shown.indexOf(plot));
                      model.pointed = { cluster: cluster.id, plot };
                    }}
                    // Not every browser gives a button that is clicked the focus.
                    onContextMenu={() => {
                      model.pointed = { cluster: cluster.id, plot };
                    }}
                    onClick={() =>
                      void commands.execute(CommandIDs.open, {
                        cluster: cluster.id,
                        plot: plot.name,
                        page: plot.page
                      })
                    }
                    onPointerDown={event =>
                      onPress(event.nativeEvent, cluster, plot)
                    }
                  >
                    {plot.name}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  );
}

function groupWord(group: Group, trans: TranslationBundle): string {
  switch (group) {
    case 'first':
      return trans.__('Most used');
    case 'tasks':
      return trans.__('Dask tasks');
    case 'memory':
      return trans.__('Memory');
    case 'transfer':
      return trans.__('Network and disk');
    case 'scheduler':
      return trans.__('Scheduler');
    case 'gpu':
      return trans.__('GPU');
    case 'other':
      return trans.__('More');
  }
}

function emptyWords(model: DashboardsModel, trans: TranslationBundle): string {
  const { cluster, error } = model;
  if (!cluster) {
    // Also while it is not known whether there is one, or can't be: the panel above says why.
    return trans.__('The plots of a cluster appear here.');
  }
  if (error && !isEnded(cluster)) {
    return error.text;
  }
  return cluster.scheduler.dashboard
    ? trans.__('Loading…')
    : noPlotsWords(cluster, trans);
}
