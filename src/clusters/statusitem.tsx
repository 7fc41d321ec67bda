/** The clusters in Lab's status bar: how many, with how many workers, and whether one is going to end. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import React from 'react';
import type { ICluster } from '../common/types';
import { warningWords } from './lifetime';
import type { ClusterModel } from './model';
import { isAlive } from './status';

/** `Dask: 2 clusters, 12 workers`. */
export function statusWords(
  clusters: readonly ICluster[],
  trans: TranslationBundle
): string {
  const alive = clusters.filter(isAlive);
  const workers = alive.reduce(
    (sum, cluster) => sum + cluster.workers.connected,
    0
  );
  return trans.__(
    'Dask: %1, %2',
    trans._n('%1 cluster', '%1 clusters', alive.length),
    trans._n('%1 worker', '%1 workers', workers)
  );
}

/** The warnings of all clusters, a line each, the soonest first. */
export function warningLines(
  clusters: readonly ICluster[],
  trans: TranslationBundle
): string[] {
  return clusters
    .flatMap(({ name, warnings }) =>
      warnings.map(warning => ({ name, warning }))
    )
    .sort((a, b) => a.warning.at.localeCompare(b.warning.at))
    .map(({ name, warning }) =>
      trans.__('%1: %2', name, warningWords(warning, trans, null))
    );
}

export class ClusterStatus extends ReactWidget {
  constructor(options: ClusterStatus.IOptions) {
    super();
    this._options = options;
    this._glance = options.model.glance();
    this.addClass('jp-rsdat-Status');
  }

  /** Whether there is anything to tell. */
  get isOfUse(): boolean {
    return this._options.model.clusters.some(isAlive);
  }

  dispose(): void {
    this._glance.dispose();
    super.dispose();
  }

  protected render(): JSX.Element {
    const { model, trans, show } = this._options;
    return (
      <UseSignal signal={model.changed}>
        {() => {
          const words = statusWords(model.clusters, trans);
          const lines = warningLines(model.clusters, trans);
          return (
            <button
              type="button"
              className="jp-rsdat-Status-button"
              title={[trans.__('Show the clusters'), ...lines].join('\n')}
              onClick={() => show()}
            >
              {lines.length > 0
                ? trans._n(
                    '⚠ %2, %1 warning',
                    '⚠ %2, %1 warnings',
                    lines.length,
                    words
                  )
                : words}
            </button>
          );
        }}
      </UseSignal>
    );
  }

  private _options: ClusterStatus.IOptions;
  private _glance: IDisposable;
}

export namespace ClusterStatus {
  export interface IOptions {
    model: ClusterModel;
    trans: TranslationBundle;
    /** Show the panel. */
    show: () => void;
  }
}
