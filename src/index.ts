/** The list of plugins. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { clustersPlugins } from './clusters/plugin';
import { dashboardsPlugins } from './dashboards/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  ...clustersPlugins,
  ...dashboardsPlugins
];

export default plugins;
export * from './tokens';
