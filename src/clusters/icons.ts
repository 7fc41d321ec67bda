/** The clusters' icons. */
import { LabIcon } from '@jupyterlab/ui-components';
import clustersSvg from '../../style/icons/clusters.svg';

export const clustersIcon = new LabIcon({
  name: 'jupyterlab-rsdat:clusters',
  svgstr: clustersSvg
});
