/** The dashboards' icon. */
import { LabIcon } from '@jupyterlab/ui-components';
import dashboardSvg from '../../style/icons/dashboard.svg';

export const dashboardIcon = new LabIcon({
  name: 'jupyterlab-rsdat:dashboard',
  svgstr: dashboardSvg
});
