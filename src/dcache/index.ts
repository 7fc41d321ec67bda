/** The dCache feature: its plugins. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { accessPlugin } from './endpoints/plugin';
import { dcachePlugins as panelPlugins } from './plugin';
import { tapePlugin } from './tape/plugin';

export const dcachePlugins: JupyterFrontEndPlugin<unknown>[] = [
  ...panelPlugins,
  tapePlugin,
  accessPlugin
];
