/** The list of plugins. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { clustersPlugins } from './clusters/plugin';
import { commonPlugins } from './common/plugin';
import { dashboardsPlugins } from './dashboards/plugin';
import { dcachePlugins } from './dcache';
import { examplesPlugins } from './examples/plugin';
import { launcherPlugins } from './launcher/plugin';
import { notebookPlugins } from './notebook/plugin';
import { stacPlugins } from './stac/plugin';
import { transfersPlugins } from './transfers';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  ...commonPlugins,
  ...clustersPlugins,
  ...dashboardsPlugins,
  ...dcachePlugins,
  ...notebookPlugins,
  ...stacPlugins,
  ...transfersPlugins,
  ...launcherPlugins,
  ...examplesPlugins
];

export default plugins;
export * from './tokens';
