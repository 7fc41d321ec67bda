/** Tells the notebooks that were connected to a cluster of its end, whoever or whatever ended it. */
import type { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell } from '../common/notice';
import { stopped } from '../common/sentences';
import type { ICluster } from '../common/types';
import type { IClusterManager } from '../tokens';
import type { INotebookApi } from './api';
import type { IKnownCluster } from './link';
import type { NotebookLinks } from './links';

export class Farewells {
  /** As long as the page lives. */
  constructor(options: Farewells.IOptions) {
    this._options = options;
    options.links.changed.connect((_, panel) => this._note(panel));
    options.clusters.changed.connect(() => this._look());
  }

  private _note(panel: NotebookPanel): void {
    const { ended } = this._options.links.of(panel);
    const noted = this._noted.get(panel) ?? [];
    this._noted.set(
      panel,
      ended.map(({ id }) => id)
    );
    for (const cluster of ended.filter(({ id }) => !noted.includes(id))) {
      const { panels } = this._ending.get(cluster.id) ?? {
        panels: [] as readonly NotebookPanel[]
      };
      this._ending.set(cluster.id, {
        cluster,
        // Its kernel may have come back to it meanwhile.
        panels: panels.includes(panel) ? panels : [...panels, panel]
      });
      // After the links of the other notebooks have heard of it as well.
      void Promise.resolve().then(() => this._look());
    }
  }

  private _look(): void {
    for (const ending of [...this._ending.values()]) {
      const { id } = ending.cluster;
      const now = this._options.clusters.clusters.find(each => each.id === id);
      if (now?.state === 'stopping') {
        // Why, is known at its end.
        continue;
      }
      this._ending.delete(id);
      if (now === undefined || now.state === 'stopped') {
        void this._tellEnd(ending);
      } else if (now.state === 'failed') {
        this._tellFailure(ending, now);
      }
    }
  }

  private async _tellEnd(ending: IEnding): Promise<void> {
    const { api, trans } = this._options;
    const { id, name } = ending.cluster;
    const past = await api.past().catch(() => ({ clusters: [] }));
    const end = past.clusters.find(each => each.id === id)?.end;
    const words = end
      ? stopped(trans.__('The cluster %1 has ended: %2', name, end.message))
      : trans.__('The cluster %1 has ended.', name);
    this._tell(ending, words, end?.code === 'asked' ? 'info' : 'warning');
  }

  private _tellFailure(ending: IEnding, now: ICluster): void {
    const { trans } = this._options;
    const { name } = ending.cluster;
    const why = now.diagnosis?.message;
    this._tell(
      ending,
      why
        ? stopped(trans.__('The cluster %1 has failed: %2', name, why))
        : trans.__('The cluster %1 has failed.', name),
      'warning'
    );
  }

  private _tell(
    { cluster, panels }: IEnding,
    end: string,
    type: Notification.TypeOptions
  ): void {
    const { startAgain, trans } = this._options;
    const names = panels
      .map(({ context }) => PathExt.basename(context.path))
      .join(', ');
    const lost = trans.__('Results that were only in its memory are gone.');
    const who = trans.__('Connected: %1.', names);
    tell([end, lost, who].join(' '), type, {
      autoClose: false,
      actions: [
        {
          label: trans.__('Start again'),
          callback: () => startAgain(cluster.id, panels)
        }
      ]
    });
  }

  private _options: Farewells.IOptions;
  /** Clusters of which it is not told yet. */
  private _ending = new Map<string, IEnding>();
  /** Ids of the clusters whose end is known, by notebook. */
  private _noted = new WeakMap<NotebookPanel, readonly string[]>();
}

interface IEnding {
  readonly cluster: IKnownCluster;
  /** The notebooks that were connected. */
  readonly panels: readonly NotebookPanel[];
}

export namespace Farewells {
  export interface IOptions {
    api: Pick<INotebookApi, 'past'>;
    clusters: IClusterManager;
    links: NotebookLinks;
    trans: TranslationBundle;
    /** Ask for such a cluster again, and connect the notebooks that are still open. */
    startAgain: (cluster: string, panels: readonly NotebookPanel[]) => void;
  }
}
