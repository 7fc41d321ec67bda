/** What can be done with clusters. */
import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { addIcon, codeIcon } from '@jupyterlab/ui-components';
import { clientCode } from '../common/clientcode';
import type { IClusterRequest } from '../common/types';
import { clustersIcon } from './icons';
import { CommandIDs } from './ids';
import { insertCode } from '../common/insert';
import { addJobCommands, type IJobCommandParts } from './jobs/commands';
import { addLifeCommands } from './lifecommands';
import { addPastCommands } from './past/commands';
import { addSizeCommands } from './sizecommands';
import { isAlive } from './status';
import { CLUSTER, Targets, notify } from './targets';

export { CommandIDs };

export interface ICommandOptions extends IJobCommandParts {
  /** Without notebooks the client code goes to the clipboard. */
  notebooks: INotebookTracker | null;
  /** Show a widget of the main area. */
  activate: (id: string) => void;
  /** Bring the Clusters panel into view. */
  showPanel: () => void;
}

/** Add the commands. Those on one cluster take its id, and else act on the selected one. */
export function addCommands(options: ICommandOptions): void {
  const { commands, model, translator } = options;
  const trans = translator.load('jupyterlab_rsdat');
  const targets = new Targets(model);
  /** Whether the form is open, or waits for the site. */
  let isAsking = false;
  addSizeCommands(options);
  addLifeCommands(options);
  addJobCommands(options);
  addPastCommands(options);

  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show Clusters'),
    caption: trans.__('Show the Dask clusters and their dashboards'),
    icon: clustersIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: {
            type: 'string',
            description: 'Id of the cluster to select.'
          }
        }
      }
    },
    execute: args => {
      if (typeof args.cluster === 'string') {
        model.select(args.cluster);
      }
      options.showPanel();
    }
  });

  commands.addCommand(CommandIDs.newCluster, {
    label: args =>
      args.form
        ? trans.__('New SLURMCluster with Options…')
        : trans.__('New SLURMCluster'),
    caption: trans.__('Start a Dask cluster whose workers are jobs'),
    icon: args => (args.isLauncher ? clustersIcon : addIcon),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          isLauncher: {
            type: 'boolean',
            description: 'It stands in the launcher, with the clusters’ icon.'
          },
          form: {
            type: 'boolean',
            description: 'Ask for the options in a form first.'
          },
          name: { type: 'string' },
          preset: { type: 'string' },
          workers: { type: 'integer', minimum: 0 },
          again: {
            type: 'string',
            description:
              'Id of a cluster, also of a past one, to ask for again; the rest is laid over it.'
          },
          options: {
            type: 'object',
            description:
              'What one worker job asks for, as in the REST contract.'
          },
          adapt: {
            type: 'object',
            properties: {
              minimum: { type: 'integer', minimum: 0 },
              maximum: { type: 'integer', minimum: 0 }
            }
          },
          scheduler: {
            type: 'object',
            description: 'Where the scheduler runs, as in the REST contract.'
          },
          idle_after: {
            type: ['integer', 'null'],
            description:
              'Seconds without work after which it shuts itself down.'
          },
          renew: {
            type: 'boolean',
            description: 'Replace workers before their walltime ends.'
          }
        }
      }
    },
    execute: async args => {
      let request: IClusterRequest | null;
      if (args.form) {
        if (isAsking) {
          // Lab would show a second form after the first.
          return null;
        }
        isAsking = true;
        request = await askRequest(options);
        isAsking = false;
      } else {
        const { name, preset, workers, again, options } =
          args as IClusterRequest;
        const { adapt, scheduler, idle_after, renew } = args as IClusterRequest;
        const size = { workers, adapt, options };
        request = {
          name,
          preset,
          ...size,
          again,
          scheduler,
          idle_after,
          renew
        };
      }
      if (request !== null) {
        options.showPanel();
      }
      // A refusal stays in the panel, as a card with the queue's words.
      return request && model.create(request).catch(() => null);
    }
  });

  commands.addCommand(CommandIDs.insertCode, {
    label: trans.__('Insert Client Code'),
    caption: trans.__('Put code for a connected client into the notebook'),
    icon: codeIcon,
    isEnabled: args => {
      const cluster = targets.cluster(args);
      return cluster !== undefined && isAlive(cluster);
    },
    describedBy: {
      args: { type: 'object', properties: { cluster: CLUSTER } }
    },
    execute: async args => {
      const cluster = targets.cluster(args);
      const code = cluster && clientCode(cluster);
      if (!code) {
        return;
      }
      const notebook = options.notebooks?.currentWidget;
      if (notebook && insertCode(notebook.content, code)) {
        options.activate(notebook.id);
        return;
      }
      Clipboard.copyToSystem(code);
      Notification.info(
        trans.__(
          'No notebook is open that takes code. The code is on the clipboard instead.'
        )
      );
    }
  });

  commands.addCommand(CommandIDs.openLogs, {
    label: trans.__('Open Cluster Logs'),
    caption: trans.__('Read the log of the scheduler or of a job'),
    icon: clustersIcon,
    // Whoever names a cluster may mean one that has stopped.
    isEnabled: args => typeof args.cluster === 'string' || targets.exists(args),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          source: {
            type: 'string',
            description: '`scheduler` (if left out) or a job id.'
          }
        }
      }
    },
    execute: async args => {
      const cluster = (args.cluster as string | undefined) ?? model.selected;
      if (cluster !== null) {
        await options.openLog(
          cluster,
          (args.source as string | undefined) ?? 'scheduler'
        );
      }
    }
  });
}

async function askRequest(
  options: ICommandOptions
): Promise<IClusterRequest | null> {
  const { model, state, translator } = options;
  try {
    // Asked anew: limits change, and so do one's own presets and last choice.
    const site = await model.api.site();
    const { askOptions } = await import('./options/dialog');
    return await askOptions({ api: model.api, site, translator, state });
  } catch (reason) {
    notify(reason);
    return null;
  }
}
