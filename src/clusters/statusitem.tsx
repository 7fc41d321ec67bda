/** The clusters in Lab's status bar: how many, with how many workers, and what is going to end. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import { useNow } from '../common/now';
import type { ICluster } from '../common/types';
import { endLine, endWords, ends, isNear } from './ends';
import { CommandIDs } from './ids';
import { warningWords } from './lifetime';
import type { ClusterModel } from './model';
import type { ClusterSettings } from './settings';
import { isAlive } from './status';

/** Words in minutes need no finer clock. */
const TICK_MS = 30_000;

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
    options.model.changed.connect(this._onChanged, this);
    options.settings.changed.connect(this._onChanged, this);
    this.addClass('jp-rsdat-Status');
  }

  /** Whether there is anything to tell, and the user wants to see it. */
  get isOfUse(): boolean {
    const { model, settings } = this._options;
    return settings.isInStatusBar && model.clusters.some(isAlive);
  }

  /** Emitted when `isOfUse` may have changed. */
  get isOfUseChanged(): ISignal<this, void> {
    return this._isOfUseChanged;
  }

  dispose(): void {
    this._glance.dispose();
    super.dispose();
    Signal.clearData(this);
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._options.model.changed}>
        {() => <Item {...this._options} />}
      </UseSignal>
    );
  }

  private _onChanged(): void {
    this._isOfUseChanged.emit();
  }

  private _options: ClusterStatus.IOptions;
  private _glance: IDisposable;
  private _isOfUseChanged = new Signal<this, void>(this);
}

export namespace ClusterStatus {
  export interface IOptions {
    model: ClusterModel;
    commands: CommandRegistry;
    settings: Pick<ClusterSettings, 'changed' | 'isInStatusBar'>;
    trans: TranslationBundle;
  }
}

function Item(props: ClusterStatus.IOptions): JSX.Element {
  const { commands, model, trans } = props;
  const { clusters, queueSeen } = model;
  const now = useNow(TICK_MS, clusters.some(isAlive));
  const soonest = ends(clusters, queueSeen, now);
  const warnings = warningLines(clusters, trans);
  const [first] = soonest;
  const isWarning = warnings.length > 0 || (first && isNear(first, now));
  const counts = statusWords(clusters, trans);
  const words = first
    ? trans.__('%1 · %2', counts, endWords(first, trans, now))
    : counts;
  // A warning of the companion tells the same end with what to do about it.
  const lines =
    warnings.length > 0
      ? warnings
      : soonest.map(end => endLine(end, trans, now));
  return (
    <button
      type="button"
      className={`jp-rsdat-Status-button${isWarning ? ' jp-mod-warning' : ''}`}
      title={[trans.__('Show the clusters'), ...lines].join('\n')}
      onClick={() => void commands.execute(CommandIDs.show)}
    >
      {isWarning && <span aria-hidden="true">⚠ </span>}
      {words}
    </button>
  );
}
