/** What can be done about the cluster of a notebook. */
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ITranslator } from '@jupyterlab/translation';
import { linkIcon, searchIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import type { IClusterManager } from '../tokens';
import { CommandIDs } from './ids';
import type { NotebookRuntime } from './runtime';

type Args = ReadonlyPartialJSONObject;

/** The argument that says which notebook. */
const NOTEBOOK = {
  type: 'string',
  description: 'Id of the notebook’s panel; the current one if left out.'
};

export interface ICommandOptions {
  commands: CommandRegistry;
  clusters: IClusterManager;
  notebooks: INotebookTracker;
  translator: ITranslator;
  /** What is in front, a notebook or something else. */
  front: () => Widget | null;
  /** Null until the first notebook is open. */
  runtime: () => NotebookRuntime | null;
}

/** Add the commands. Those on one notebook act on the current one if none is named. */
export function addCommands(options: ICommandOptions): void {
  const { clusters, commands, notebooks, translator, runtime } = options;
  const trans = translator.load('jupyterlab_rsdat');
  const panelOf = ({ notebook }: Args): NotebookPanel | null =>
    typeof notebook === 'string'
      ? (notebooks.find(({ id }) => id === notebook) ?? null)
      : notebooks.currentWidget;
  /** The notebook with what works for it; null without one. */
  const target = (
    args: Args
  ): { panel: NotebookPanel; at: NotebookRuntime } | null => {
    const panel = panelOf(args);
    const at = runtime();
    return panel && at && { panel, at };
  };
  /** The cluster that a notebook is connected to. */
  const clusterOf = (args: Args): string | null => {
    const found = target(args);
    const state = found?.at.state(found.panel);
    return state?.kind === 'connected' ? state.cluster.id : null;
  };
  /** Whether its kernel has clients, of whichever scheduler. */
  const isConnected = (args: Args): boolean => {
    const found = target(args);
    return !!found?.at.links.of(found.panel).answer?.clients.length;
  };
  /** Name of the cluster that a notebook waits for. */
  const waitsFor = (args: Args): string | null => {
    const found = target(args);
    return found && found.at.wishes.of(found.panel);
  };
  const named = ({ cluster }: Args): string | null =>
    (cluster as string | undefined) ?? clusters.selected;

  commands.addCommand(CommandIDs.connect, {
    label: args => {
      const id = args.cluster;
      const cluster = clusters.clusters.find(each => each.id === id);
      if (args.new) {
        return trans.__('Connect to a New Cluster');
      }
      return cluster
        ? trans.__('Connect to %1', cluster.name)
        : trans.__('Connect Notebook to Dask Cluster');
    },
    caption: trans.__(
      'Give the notebook a client of a cluster, by a cell of code'
    ),
    icon: args => (args.cluster || args.new ? undefined : linkIcon),
    isToggled: args =>
      typeof args.cluster === 'string' && clusterOf(args) === args.cluster,
    isEnabled: args =>
      target(args) !== null &&
      (!!args.new || !!runtime()?.choices.some(({ id }) => id === named(args))),
    // In the toolbar of cells only where it is of use: not beside every cell for ever.
    isVisible: args =>
      !args.offered ||
      (!!runtime()?.choices.length && clusterOf(args) === null),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: {
            type: 'string',
            description: 'Id of the cluster; the selected one if left out.'
          },
          new: { type: 'boolean', description: 'Make a cluster for it.' },
          run: {
            type: 'boolean',
            description: 'Run the code; as the settings say if left out.'
          },
          offered: {
            type: 'boolean',
            description: 'Not visible while the notebook is connected.'
          },
          notebook: NOTEBOOK
        }
      }
    },
    execute: async args => {
      const found = target(args);
      const cluster = named(args);
      if (!found) {
        return;
      }
      if (args.new) {
        await found.at.connectNew([found.panel]);
      } else if (cluster !== null) {
        const run = args.run as boolean | undefined;
        found.at.connect(found.panel, cluster, run);
      }
    }
  });

  commands.addCommand(CommandIDs.disconnect, {
    label: args => {
      const name = isConnected(args) ? null : waitsFor(args);
      return name === null
        ? trans.__('Disconnect Notebook from Dask Cluster')
        : trans.__('Do Not Connect Notebook to %1', name);
    },
    caption: args =>
      isConnected(args) || waitsFor(args) === null
        ? trans.__(
            'Close the kernel’s clients; the cluster goes on, and drops what only they wanted'
          )
        : trans.__('Wait no longer for the cluster to run'),
    icon: stopIcon,
    isEnabled: args => isConnected(args) || waitsFor(args) !== null,
    describedBy: {
      args: { type: 'object', properties: { notebook: NOTEBOOK } }
    },
    execute: async args => {
      const found = target(args);
      await found?.at.disconnect(found.panel);
    }
  });

  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show Dask Cluster of Notebook'),
    caption: trans.__('Show the card of the cluster in the Clusters panel'),
    icon: searchIcon,
    isEnabled: args => clusterOf(args) !== null,
    describedBy: {
      args: { type: 'object', properties: { notebook: NOTEBOOK } }
    },
    execute: args => {
      const cluster = clusterOf(args);
      if (cluster !== null) {
        runtime()?.show(cluster);
      }
    }
  });

  commands.addCommand(CommandIDs.versions, {
    label: trans.__('Show Versions That Differ from Dask Cluster'),
    caption: trans.__(
      'Tell again what of the notebook’s kernel does not go with its cluster'
    ),
    isEnabled: args => {
      const found = target(args);
      return !!found && found.at.mismatches.of(found.panel) !== null;
    },
    describedBy: {
      args: { type: 'object', properties: { notebook: NOTEBOOK } }
    },
    execute: args => {
      const found = target(args);
      found?.at.mismatches.repeat(found.panel);
    }
  });

  commands.addCommand(CommandIDs.forget, {
    label: trans.__('Forget Dask Cluster of Notebook'),
    caption: trans.__('Take the cluster out of the notebook’s metadata'),
    isEnabled: args => {
      const found = target(args);
      return !!found?.at.remembers(found.panel);
    },
    describedBy: {
      args: { type: 'object', properties: { notebook: NOTEBOOK } }
    },
    execute: args => {
      const found = target(args);
      found?.at.forget(found.panel);
    }
  });

  commands.addCommand(CommandIDs.connected, {
    label: trans.__('List Connected Notebooks'),
    caption: trans.__(
      'The open notebooks whose kernels have clients of a cluster'
    ),
    describedBy: {
      args: {
        type: 'object',
        required: ['cluster'],
        properties: {
          cluster: { type: 'string' },
          current: {
            type: 'boolean',
            description:
              'Of the notebook in front alone; null while that is not known.'
          }
        }
      }
    },
    execute: args => {
      const links = runtime()?.links;
      const connected = links?.connectedTo(String(args.cluster)) ?? [];
      if (!args.current) {
        return connected;
      }
      const panel = notebooks.currentWidget;
      if (!links || !panel || panel !== options.front()) {
        return null;
      }
      const own = connected.filter(({ path }) => path === panel.context.path);
      return own.length > 0 || links.of(panel).isKnown ? own : null;
    }
  });
}
