/** A tab with the jobs of one cluster, for those who need more room than the side panel has. */
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal, listIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import React from 'react';
import type { ClusterModel } from '../model';
import { countEntries } from './entries';
import { JobGrid } from './grid';
import type { JobTables } from './tables';

interface IJobsProps {
  model: ClusterModel;
  tables: JobTables;
  /** Id of the cluster. */
  cluster: string;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The body; the clusters are kept fresh while it is seen. */
export class JobsView extends ReactWidget {
  constructor(props: IJobsProps) {
    super();
    this._props = props;
    this.addClass('jp-rsdat-JobsTab');
  }

  /** Id of the cluster. */
  get cluster(): string {
    return this._props.cluster;
  }

  dispose(): void {
    this._see(false);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { model, tables, cluster: id, commands, trans } = this._props;
    return (
      <UseSignal signal={model.changed}>
        {() => {
          const cluster = model.cluster(id);
          if (!cluster || countEntries(cluster) === 0) {
            return (
              <p className="jp-rsdat-Empty" role="status">
                {!model.isReady
                  ? trans.__('Loading…')
                  : cluster
                    ? trans.__('%1 has no jobs.', cluster.name)
                    : trans.__('This cluster is gone.')}
              </p>
            );
          }
          return (
            <JobGrid
              cluster={cluster}
              table={tables.get(id, 'tab')}
              commands={commands}
              trans={trans}
              isFilling={true}
            />
          );
        }}
      </UseSignal>
    );
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._see(this.isVisible);
  }

  protected onBeforeDetach(msg: Message): void {
    this._see(false);
    super.onBeforeDetach(msg);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._see(true);
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._see(false);
  }

  private _see(isSeen: boolean): void {
    this._watch?.dispose();
    this._watch = isSeen ? this._props.model.watch() : null;
  }

  private _props: IJobsProps;
  private _watch: IDisposable | null = null;
}

/** The tab's widget id: one tab per cluster. */
export function jobsTabId(cluster: string): string {
  return `jp-rsdat-jobs-${cluster}`;
}

/** Make a tab; it is the caller's to add to the shell. */
export function createJobsTab(
  options: Omit<IJobsProps, 'trans'> & {
    /** What the cluster is called, as far as that is known. */
    name?: string;
    translator: ITranslator;
  }
): MainAreaWidget<JobsView> {
  const { model, cluster, translator } = options;
  const trans = translator.load('jupyterlab_rsdat');
  const content = new JobsView({ ...options, trans });
  const tab = new MainAreaWidget({ content });
  tab.id = jobsTabId(cluster);
  tab.title.icon = listIcon;
  tab.title.caption = options.name ?? '';
  // A restored tab is there before the clusters are.
  const rename = (): void => {
    const name = model.cluster(cluster)?.name ?? tab.title.caption;
    tab.title.label = trans.__('Jobs of %1', name || cluster);
    tab.title.caption = name;
  };
  rename();
  model.changed.connect(rename);
  tab.disposed.connect(() => {
    model.changed.disconnect(rename);
  });
  return tab;
}
