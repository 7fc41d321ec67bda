/** What a notebook is connected to, in words. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { sentences } from '../common/sentences';
import type { LinkState } from './link';
import type { IMismatch } from './mismatch';

/** Beside the icon; empty where the icon says enough. */
export function label(state: LinkState, trans: TranslationBundle): string {
  switch (state.kind) {
    case 'none':
      return '';
    case 'other':
      return trans.__('other scheduler');
    case 'ended':
      return trans.__('%1 (ended)', state.cluster.name);
    case 'connected': {
      const { name, workers } = state.cluster;
      if (state.isReconnecting) {
        return trans.__('%1 (reconnecting)', name);
      }
      const count = trans._n('%1 worker', '%1 workers', workers.connected);
      return trans.__('%1 (%2)', name, count);
    }
  }
}

/** The tooltip: all that is known. */
export function tooltip(
  state: LinkState,
  mismatch: IMismatch | null,
  trans: TranslationBundle
): string {
  const whole = description(state, null, trans);
  return mismatch ? `${whole}\n${sentences(mismatch)}` : whole;
}

/** For screen readers: a whole phrase. */
export function description(
  state: LinkState,
  mismatch: IMismatch | null,
  trans: TranslationBundle
): string {
  switch (state.kind) {
    case 'none':
      return trans.__('Dask: not connected to a cluster');
    case 'other':
      return trans.__(
        'Dask: connected to a scheduler that is not among your clusters'
      );
    case 'ended':
      return trans.__('Dask: the cluster %1 has ended', state.cluster.name);
    case 'connected': {
      const { name, workers } = state.cluster;
      const count = trans._n('%1 worker', '%1 workers', workers.connected);
      if (state.isReconnecting) {
        return trans.__('Dask: reconnecting to %1', name);
      }
      return mismatch
        ? trans.__('Dask: connected to %1, %2, versions differ', name, count)
        : trans.__('Dask: connected to %1, %2', name, count);
    }
  }
}
