/** What a tab says while it can't show its page. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ICluster } from '../common/types';

/** Whether a cluster can show its dashboard. */
export function isUp(cluster: ICluster | undefined): boolean {
  return (
    cluster !== undefined &&
    (cluster.state === 'starting' || cluster.state === 'running') &&
    cluster.scheduler.dashboard !== null
  );
}

/** Whether a cluster will never have a dashboard again. */
export function isEnded({ state }: ICluster): boolean {
  return state !== 'starting' && state !== 'running';
}

/**
 * Why there is no dashboard: the cluster is not up, or no more.
 *
 * @param cluster - Undefined when it is gone.
 * @param name - What it was called, where that is known.
 */
export function goneWords(
  cluster: ICluster | undefined,
  name: string | undefined,
  trans: TranslationBundle
): string {
  switch (cluster?.state) {
    case 'starting':
      return trans.__(
        '%1 is starting. Its dashboard appears here as soon as its scheduler runs.',
        cluster.name
      );
    case 'running':
      return cluster.scheduler.address === null
        ? trans.__(
            'The scheduler of %1 does not answer now. Its dashboard appears here as soon as it does.',
            cluster.name
          )
        : trans.__('The scheduler of %1 serves no dashboard.', cluster.name);
    case 'stopping':
    case 'stopped':
      return trans.__(
        '%1 was shut down. Close this tab, or open the plot of another cluster.',
        cluster.name
      );
    case 'failed':
      return trans.__(
        '%1 has failed; its card in the Clusters panel says why.',
        cluster.name
      );
    default:
      return name === undefined
        ? trans.__(
            'The cluster of this dashboard is gone. Close this tab, or open the plot of another cluster.'
          )
        : trans.__(
            'The cluster %1 is gone. Close this tab, or open the plot of another cluster.',
            name
          );
  }
}

/** Why a cluster has no plots to choose from. */
export function noPlotsWords(
  { name, scheduler, state }: ICluster,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'starting':
      return trans.__(
        'The plots of %1 appear as soon as its scheduler runs.',
        name
      );
    case 'running':
      return scheduler.address === null
        ? trans.__(
            'The scheduler of %1 does not answer now. Its plots appear as soon as it does.',
            name
          )
        : trans.__('The scheduler of %1 serves no dashboard.', name);
    case 'stopping':
    case 'stopped':
      return trans.__('%1 is shut down: it has no plots any more.', name);
    case 'failed':
      return trans.__(
        '%1 has failed: it has no plots. Its card says why.',
        name
      );
  }
}

/** That the Dask of a cluster does not have a plot. */
export function missingWords(
  plot: string,
  cluster: string | undefined,
  trans: TranslationBundle
): string {
  const hint = trans.__(
    'Versions of Dask differ in the plots they have. The Clusters panel lists those of this cluster.'
  );
  return `${
    cluster === undefined
      ? trans.__('The Dask of this cluster has no plot “%1”.', plot)
      : trans.__('The Dask of %1 has no plot “%2”.', cluster, plot)
  } ${hint}`;
}

/** A tab's tooltip, line by line as Lab's own: a title may be cut off. */
export function tabCaption(
  plot: string,
  cluster: string,
  trans: TranslationBundle
): string {
  return [trans.__('Plot: %1', plot), trans.__('Cluster: %1', cluster)].join(
    '\n'
  );
}

/** A tab's title: which plot of which cluster. */
export function tabTitle(plot: string, cluster: string | undefined): string {
  return cluster === undefined ? plot : `${plot} · ${cluster}`;
}
