/** A tab with the logs of a cluster: one is shown, all are searched. */
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import React from 'react';
import { clustersIcon } from '../icons';
import type { ClusterModel } from '../model';
import { FindForm, FoundLines } from './find';
import { LogModel } from './model';
import { LogSearch } from './search';
import { LogSources } from './sources';
import { LogText } from './text';
import { Toolbar } from './toolbar';

interface ILogProps {
  log: LogModel;
  sources: LogSources;
  search: LogSearch;
  clusters: ClusterModel;
  trans: TranslationBundle;
}

function Body(props: ILogProps): JSX.Element {
  const { log, search, clusters, trans } = props;
  return (
    <>
      <Toolbar {...props} api={clusters.api} />
      <FindForm {...props} />
      <FoundLines {...props} />
      {log.error && (
        <p className="jp-rsdat-Banner" role="alert">
          {log.error.text}
        </p>
      )}
      <LogText log={log} found={search.text} trans={trans} />
    </>
  );
}

/** The body: drawn anew whenever something that it shows changed. */
export class LogView extends ReactWidget {
  constructor(props: ILogProps) {
    super();
    this._props = props;
    this.addClass('jp-rsdat-Log');
  }

  /** Id of the cluster. */
  get cluster(): string {
    return this._props.log.cluster;
  }

  /** `scheduler` or the job's id. */
  get source(): string {
    return this._props.log.source;
  }

  set source(source: string) {
    this._props.log.source = source;
  }

  /** Emitted when another log was chosen. */
  get sourceChanged(): ISignal<LogModel, void> {
    return this._props.log.sourceChanged;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._props.log.dispose();
      this._props.sources.dispose();
      this._props.search.dispose();
      super.dispose();
    }
  }

  protected render(): JSX.Element {
    const { log, clusters, sources, search } = this._props;
    return (
      <UseSignal signal={clusters.changed}>
        {() => (
          <UseSignal signal={sources.changed}>
            {() => (
              <UseSignal signal={search.changed}>
                {() => (
                  <UseSignal signal={log.changed}>
                    {() => <Body {...this._props} />}
                  </UseSignal>
                )}
              </UseSignal>
            )}
          </UseSignal>
        )}
      </UseSignal>
    );
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._show(this.isVisible);
  }

  protected onBeforeDetach(msg: Message): void {
    this._show(false);
    super.onBeforeDetach(msg);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._show(true);
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._show(false);
  }

  private _show(isShown: boolean): void {
    this._props.log.isShown = isShown;
    this._props.sources.isShown = isShown;
  }

  private _props: ILogProps;
}

/** The tab's widget id: one tab per cluster. */
export function logTabId(cluster: string): string {
  return `jp-rsdat-log-${cluster}`;
}

/** Make a log tab; it is the caller's to add to the shell. */
export function createLogTab(options: {
  clusters: ClusterModel;
  cluster: string;
  source: string;
  translator: ITranslator;
}): MainAreaWidget<LogView> {
  const { clusters, cluster, source, translator } = options;
  const { api } = clusters;
  const trans = translator.load('jupyterlab_rsdat');
  // Nothing is written any more for a cluster that has ended.
  const canGrow = (): boolean =>
    !clusters.isReady || clusters.cluster(cluster) !== undefined;
  const log = new LogModel({ api, cluster, source, canGrow });
  const sources = new LogSources({ api, cluster, canGrow });
  const search = new LogSearch({ api, cluster });
  const content = new LogView({ log, sources, search, clusters, trans });
  const tab = new MainAreaWidget({ content });
  tab.id = logTabId(cluster);
  tab.title.icon = clustersIcon;
  // A restored tab is there before the clusters are; a past cluster never is among them.
  const rename = (): void => {
    const name =
      clusters.cluster(cluster)?.name ?? sources.name ?? tab.title.caption;
    tab.title.label = trans.__('Log of %1', name || cluster);
    tab.title.caption = name;
  };
  rename();
  let couldGrow = canGrow();
  const follow = (): void => {
    if (couldGrow && !canGrow() && content.isVisible) {
      void log.finish();
      void sources.refresh();
    }
    couldGrow = canGrow();
  };
  clusters.changed.connect(follow);
  clusters.changed.connect(rename);
  sources.changed.connect(rename);
  tab.disposed.connect(() => {
    clusters.changed.disconnect(follow);
    clusters.changed.disconnect(rename);
  });
  return tab;
}
