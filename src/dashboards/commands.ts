/** What can be done with dashboards. */
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { isFrontConnected } from '../common/connected';
import { tell } from '../common/notice';
import type { ICluster } from '../common/types';
import type { IClusterManager } from '../tokens';
import { dashboardIcon } from './icons';
import type { IPointed } from './model';

export namespace CommandIDs {
  export const open = 'rsdat:open-dashboard';
  export const openLayout = 'rsdat:open-dashboard-layout';
  export const openPlot = 'rsdat:open-plot';
}

/** dask-labextension's name of what the button in a client's description asks for (distributed, client.html.j2). */
export const THEIR_LAYOUT = 'dask:populate-and-launch-layout';

/** Sides of the tab in front at which a plot may be opened, as `ILabShell.add` calls them. */
export const SIDES = [
  'split-right',
  'split-bottom',
  'split-left',
  'split-top'
] as const;

/** Where a tab goes, as `ILabShell.add` takes it. */
export interface IPlace {
  mode?: string;
  ref?: string | null;
  /** A tab that is open goes there, too, instead of being shown where it is. */
  isMove?: boolean;
}

export interface ICommandOptions {
  commands: CommandRegistry;
  clusters: IClusterManager;
  translator: ITranslator;
  /** Open or reveal a plot; returns the tab's widget id. */
  open: (
    plot: { cluster: string; name?: string; plot: string; page?: string },
    place: IPlace
  ) => string;
  /** The plot in the list that was last pointed at, while it is there. */
  pointed: () => IPointed | null;
  /** Whether the application has sides: Notebook 7 has not. */
  hasSides: boolean;
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
          name: {
            type: 'string',
            description: 'What the cluster is called; said of one that is gone.'
          },
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
      const { cluster, name, plot, page, mode } = args as Record<
        string,
        string | undefined
      >;
      const id = cluster ?? clusters.selected;
      if (id !== null) {
        options.open(
          { cluster: id, name, plot: plot ?? 'Status', page },
          { mode }
        );
      }
    }
  });

  commands.addCommand(CommandIDs.openPlot, {
    label: ({ mode }) => plotWords(mode, trans),
    caption: ({ mode }) =>
      mode
        ? trans.__(
            'Show the plot last pointed at under Dashboards at this side of the tab in front, also if it is open elsewhere'
          )
        : trans.__('Show the plot last pointed at under Dashboards in a tab'),
    icon: dashboardIcon,
    isEnabled: ({ mode }) =>
      options.pointed() !== null && (!mode || options.hasSides),
    isVisible: ({ mode }) => !mode || options.hasSides,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          mode: {
            type: 'string',
            enum: [...SIDES],
            description:
              'Side of the tab in front; beside its name if left out.'
          }
        }
      }
    },
    execute: args => {
      const pointed = options.pointed();
      if (pointed) {
        const { cluster, plot } = pointed;
        const mode = args.mode as string | undefined;
        options.open(
          { cluster, plot: plot.name, page: plot.page },
          { mode, isMove: mode !== undefined }
        );
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

function plotWords(mode: unknown, trans: TranslationBundle): string {
  switch (mode) {
    case 'split-right':
      return trans.__('Open Plot to the Right');
    case 'split-bottom':
      return trans.__('Open Plot Below');
    case 'split-left':
      return trans.__('Open Plot to the Left');
    case 'split-top':
      return trans.__('Open Plot Above');
    default:
      return trans.__('Open Plot');
  }
}

/** Answer the button of a client's description, where dask-labextension does not. */
export function addTheirs(options: ICommandOptions): void {
  const { commands, clusters, translator } = options;
  const trans = translator.load('jupyterlab_rsdat');
  commands.addCommand(THEIR_LAYOUT, {
    label: trans.__('Launch Dask Dashboard Layout of a Client'),
    caption: trans.__(
      'Show the plots of the cluster that a client is connected to'
    ),
    icon: dashboardIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          url: {
            type: 'string',
            description: "The client's dashboard link."
          }
        }
      }
    },
    execute: async args => {
      const url = String(args.url ?? '');
      await clusters.refresh();
      const possible = await clustersAt(url, clusters.clusters, commands);
      if (possible.length === 1) {
        const cluster = possible[0].id;
        await commands.execute(CommandIDs.openLayout, { cluster });
      } else {
        tell(
          trans.__(
            'Which cluster has its dashboard at %1 is not known. Select it in the Clusters panel and press “Open layout” there. A scheduler that rsdat did not start is to be attached first.',
            url
          ),
          'warning',
          { autoClose: 10_000 }
        );
      }
    }
  });
}

/**
 * The clusters that the dashboard's link of a client may lead to.
 *
 * By its address in Jupyter for certain. Else the scheduler's host says which can't be meant; a link
 * without a host goes by a proxy of the site's, and may be of any. It may also be of a cluster that is
 * none of ours (a LocalCluster), so that the notebook in front, whose button was pressed, has to have
 * clients of the one that is left. As long as that is not known (a kernel that has computed since it
 * made its client can't be asked) the only one on the link's host is meant. The port, which would tell,
 * stays with the companion.
 */
export async function clustersAt(
  url: string,
  clusters: readonly ICluster[],
  commands: CommandRegistry
): Promise<ICluster[]> {
  const own = clusters.find(({ id }) =>
    url.includes(`/rsdat/clusters/${id}/dashboard`)
  );
  if (own) {
    return [own];
  }
  const host = hostOf(url);
  const possible = clusters.filter(
    ({ scheduler: { address, dashboard } }) =>
      dashboard !== null &&
      address !== null &&
      (host === undefined || hostOf(address) === host)
  );
  const connected = await Promise.all(
    possible.map(({ id }) => isFrontConnected(commands, id))
  );
  const isAlone = host !== undefined && possible.length === 1;
  return possible.filter((_, index) => connected[index] ?? isAlone);
}

/** `tls://10.0.0.1:34567` and `http://10.0.0.1:8787/status` are of the same host. */
function hostOf(address: string): string | undefined {
  return /^[a-z+]+:\/\/(\[[^\]]*\]|[^/:]+)/.exec(address)?.[1];
}
