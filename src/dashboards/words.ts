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

/** Why there is no dashboard: the cluster is not up, or no more. */
export function goneWords(
  cluster: ICluster | undefined,
  trans: TranslationBundle
): string {
  switch (cluster?.state) {
    case 'starting':
    case 'running':
      return trans.__(
        '%1 is starting. Its dashboard appears here as soon as its scheduler runs.',
        cluster.name
      );
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
      return trans.__(
        'The cluster of this dashboard is gone. Close this tab, or open the plot of another cluster.'
      );
  }
}

/** A tab's title: which plot of which cluster. */
export function tabTitle(plot: string, cluster: string | undefined): string {
  return cluster === undefined ? plot : `${plot} · ${cluster}`;
}
