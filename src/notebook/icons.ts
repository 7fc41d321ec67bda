/** The icon in a notebook's toolbar: that of the clusters. */
import { LabIcon } from '@jupyterlab/ui-components';

export const clusterIcon = LabIcon.resolve({
  icon: 'jupyterlab-rsdat:clusters'
});
