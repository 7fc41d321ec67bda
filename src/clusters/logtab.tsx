/** A tab with the log of a scheduler or of a job. */
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import React from 'react';
import { clustersIcon } from './icons';
import { LogModel } from './logmodel';
import type { ClusterModel } from './model';

interface ILogProps {
  log: LogModel;
  clusters: ClusterModel;
  trans: TranslationBundle;
}

function Toolbar({ log, clusters, trans }: ILogProps): JSX.Element {
  const jobs = clusters.cluster(log.cluster)?.jobs ?? [];
  const sources = ['scheduler', ...jobs.map(job => job.id)];
  if (!sources.includes(log.source)) {
    sources.push(log.source);
  }
  return (
    <div className="jp-rsdat-Log-toolbar">
      <label>
        {trans.__('Log of')}{' '}
        <select
          className="jp-mod-styled"
          value={log.source}
          onChange={event => (log.source = event.target.value)}
        >
          {sources.map(source => (
            <option key={source} value={source}>
              {source === 'scheduler'
                ? trans.__('scheduler')
                : trans.__('job %1', source)}
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
    </div>
  );
}

function Text({ log, trans }: ILogProps): JSX.Element {
  const ref = React.useRef<HTMLPreElement>(null);
  React.useEffect(() => {
    if (log.isFollowing && ref.current) {
      ref.current.scrollTop = ref.current.scrollHeight;
    }
  }, [log.text, log.isFollowing]);
  return (
    <pre
      ref={ref}
      className="jp-rsdat-Log-text"
      role="log"
      aria-label={trans.__('Log')}
      tabIndex={0}
    >
      {log.isCut ? `${trans.__('(earlier lines left out)')}\n` : ''}
      {log.text || (log.error ? '' : trans.__('(empty)'))}
    </pre>
  );
}

/** The body: drawn anew whenever the log or the cluster's jobs changed. */
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
      super.dispose();
    }
  }

  protected render(): JSX.Element {
    const { log, clusters } = this._props;
    return (
      <UseSignal signal={clusters.changed}>
        {() => (
          <UseSignal signal={log.changed}>
            {() => (
              <>
                <Toolbar {...this._props} />
                {log.error && (
                  <p className="jp-rsdat-Banner" role="alert">
                    {log.error.text}
                  </p>
                )}
                <Text {...this._props} />
              </>
            )}
          </UseSignal>
        )}
      </UseSignal>
    );
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._props.log.isShown = this.isVisible;
  }

  protected onBeforeDetach(msg: Message): void {
    this._props.log.isShown = false;
    super.onBeforeDetach(msg);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._props.log.isShown = true;
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._props.log.isShown = false;
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
  const trans = translator.load('jupyterlab_rsdat');
  const log = new LogModel({ api: clusters.api, cluster, source });
  const content = new LogView({ log, clusters, trans });
  const tab = new MainAreaWidget({ content });
  tab.id = logTabId(cluster);
  tab.title.icon = clustersIcon;
  // A restored tab is there before the clusters are.
  const rename = (): void => {
    const name = clusters.cluster(cluster)?.name ?? tab.title.caption;
    tab.title.label = trans.__('Log of %1', name || cluster);
    tab.title.caption = name;
  };
  rename();
  clusters.changed.connect(rename);
  tab.disposed.connect(() => {
    clusters.changed.disconnect(rename);
  });
  return tab;
}
