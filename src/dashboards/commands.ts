/** What can be done with dashboards. */
import type { ITranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IClusterManager } from '../tokens';
import { dashboardIcon } from './icons';

export namespace CommandIDs {
  export const open = 'rsdat:open-dashboard';
  export const openLayout = 'rsdat:open-dashboard-layout';
}

/** Where a tab goes, as `ILabShell.add` takes it. */
export interface IPlace {
  mode?: string;
  ref?: string | null;
}

export interface ICommandOptions {
  commands: CommandRegistry;
  clusters: IClusterManager;
  translator: ITranslator;
  /** Open or reveal a plot; returns the tab's widget id. */
  open: (
    plot: { cluster: string; plot: string; page?: string },
    place: IPlace
  ) => string;
  /** Names of the plots that the layout opens. */
  layout: () => readonly string[];
}

const CLUSTER = {
  type: 'string',
  description: 'Id of the cluster; the selected one if left out.'
};

/** Add the commands. */
export function addCommands(options: ICommandOptions): void {
  const { commands, clusters, translator } = options;
  const trans = translator.load('jupyterlab_rsdat');
  const isEnabled = (): boolean => clusters.selected !== null;

  commands.addCommand(CommandIDs.open, {
    label: args =>
      args.plot
        ? trans.__('Open Dask Dashboard: %1', args.plot)
        : trans.__('Open Dask Dashboard'),
    caption: trans.__('Show a page of the Dask dashboard in a tab'),
    icon: dashboardIcon,
    isEnabled,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          plot: {
            type: 'string',
            description:
              'Name of the plot, as "Task Stream"; "Status" if left out.'
          },
          page: {
            type: 'string',
            description:
              'Path below the dashboard; found by the plot if left out.'
          },
          mode: {
            type: 'string',
            description: 'Where the tab goes, as "split-right" or "tab-after".'
          }
        }
      }
    },
    execute: args => {
      const { cluster, plot, page, mode } = args as Record<
        string,
        string | undefined
      >;
      const id = cluster ?? clusters.selected;
      if (id !== null) {
        options.open({ cluster: id, plot: plot ?? 'Status', page }, { mode });
      }
    }
  });

  commands.addCommand(CommandIDs.openLayout, {
    label: trans.__('Open Dask Dashboard Layout'),
    caption: trans.__('Show the plots of the settings beside the open tabs'),
    icon: dashboardIcon,
    isEnabled,
    describedBy: {
      args: { type: 'object', properties: { cluster: CLUSTER } }
    },
    execute: args => {
      const cluster = (args.cluster as string | undefined) ?? clusters.selected;
      if (cluster === null) {
        return;
      }
      let place: IPlace = { mode: 'split-right' };
      for (const plot of options.layout()) {
        const ref = options.open({ cluster, plot }, place);
        place = { mode: 'split-bottom', ref };
      }
    }
  });
}
