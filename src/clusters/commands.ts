/** What can be done with clusters. */
import {
  Clipboard,
  Dialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ITranslator } from '@jupyterlab/translation';
import { addIcon, codeIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { ApiError } from '../common/request';
import type { ICluster, IClusterRequest, IOptions } from '../common/types';
import { clientCode } from './code';
import { clustersIcon } from './icons';
import { insertCode } from '../common/insert';
import type { ClusterModel } from './model';
import { isAlive } from './status';

export namespace CommandIDs {
  export const newCluster = 'rsdat:new-cluster';
  export const scale = 'rsdat:scale-cluster';
  export const shutdown = 'rsdat:shutdown-cluster';
  export const insertCode = 'rsdat:insert-client-code';
  export const openLogs = 'rsdat:open-logs';
}

export interface ICommandOptions {
  commands: CommandRegistry;
  model: ClusterModel;
  translator: ITranslator;
  /** Without notebooks the client code goes to the clipboard. */
  notebooks: INotebookTracker | null;
  /** Show a widget of the main area. */
  activate: (id: string) => void;
  /** Open or reveal the log of a `scheduler` or a job. */
  openLog: (cluster: string, source: string) => Promise<void>;
}

const CLUSTER = {
  type: 'string',
  description: 'Id of the cluster; the selected one if left out.'
};

/** Add the commands. Those on one cluster take its id, and else act on the selected one. */
export function addCommands(options: ICommandOptions): void {
  const { commands, model, translator } = options;
  const trans = translator.load('jupyterlab_rsdat');
  const target = (args: ReadonlyPartialJSONObject): ICluster | undefined =>
    model.cluster((args.cluster as string | undefined) ?? model.selected);
  const hasTarget = (args: ReadonlyPartialJSONObject): boolean =>
    target(args) !== undefined;
  const isIdle = (args: ReadonlyPartialJSONObject): boolean => {
    const cluster = target(args);
    return cluster !== undefined && model.activity(cluster.id) === null;
  };

  commands.addCommand(CommandIDs.newCluster, {
    label: args =>
      args.form
        ? trans.__('New SLURMCluster with Options…')
        : trans.__('New SLURMCluster'),
    caption: trans.__('Start a Dask cluster whose workers are jobs'),
    icon: addIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          form: {
            type: 'boolean',
            description: 'Ask for the options in a form first.'
          },
          name: { type: 'string' },
          preset: { type: 'string' },
          workers: { type: 'integer', minimum: 0 },
          options: {
            type: 'object',
            description:
              'What one worker job asks for, as in the REST contract.'
          }
        }
      }
    },
    execute: async args => {
      let request: IClusterRequest | null;
      if (args.form) {
        request = await askRequest(options);
      } else {
        const { name, preset, workers } = args as IClusterRequest;
        const jobs = args.options as IOptions | undefined;
        request = { name, preset, workers, options: jobs };
      }
      // A refusal stays in the panel, as a card with the queue's words.
      return request && model.create(request).catch(() => null);
    }
  });

  commands.addCommand(CommandIDs.scale, {
    label: trans.__('Scale Cluster…'),
    caption: trans.__('Change how many workers the cluster has'),
    icon: clustersIcon,
    isEnabled: args => {
      const cluster = target(args);
      return cluster !== undefined && isIdle(args) && isAlive(cluster);
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          workers: {
            type: 'integer',
            minimum: 0,
            description: 'Workers wanted; the dialog asks if left out.'
          },
          minimum: { type: 'integer', minimum: 0 },
          maximum: {
            type: 'integer',
            minimum: 0,
            description: 'With minimum: adaptive between both.'
          }
        }
      }
    },
    execute: async args => {
      const cluster = target(args);
      if (!cluster) {
        return;
      }
      const { workers, minimum, maximum } = args as Record<
        string,
        number | undefined
      >;
      let change;
      if (workers !== undefined) {
        change = { workers };
      } else if (minimum !== undefined && maximum !== undefined) {
        change = { adapt: { minimum, maximum } };
      } else {
        const { askScale } = await import('./scaledialog');
        change = await askScale(cluster, translator);
      }
      if (change) {
        await model.change(cluster.id, change).catch(notify);
      }
    }
  });

  commands.addCommand(CommandIDs.shutdown, {
    label: trans.__('Shut Down Cluster'),
    caption: trans.__('End the cluster with its scheduler and its jobs'),
    icon: stopIcon,
    isEnabled: isIdle,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          confirmed: {
            type: 'boolean',
            description: 'Do not ask first.'
          }
        }
      }
    },
    execute: async args => {
      const cluster = target(args);
      if (!cluster) {
        return;
      }
      if (!args.confirmed) {
        const result = await showDialog({
          title: trans.__('Shut down %1?', cluster.name),
          body:
            cluster.workers.connected > 0
              ? trans._n(
                  'Its scheduler and its %1 worker end. Results that are only in its memory are lost; files stay.',
                  'Its scheduler and its %1 workers end. Results that are only in their memory are lost; files stay.',
                  cluster.workers.connected
                )
              : trans.__('Its scheduler ends, and its jobs leave the queue.'),
          buttons: [
            Dialog.cancelButton({ label: trans.__('Cancel') }),
            Dialog.warnButton({ label: trans.__('Shut down') })
          ]
        });
        if (!result.button.accept) {
          return;
        }
      }
      await model.shutdown(cluster.id).catch(notify);
    }
  });

  commands.addCommand(CommandIDs.insertCode, {
    label: trans.__('Insert Client Code'),
    caption: trans.__('Put code for a connected client into the notebook'),
    icon: codeIcon,
    isEnabled: hasTarget,
    describedBy: {
      args: { type: 'object', properties: { cluster: CLUSTER } }
    },
    execute: async args => {
      const cluster = target(args);
      if (!cluster) {
        return;
      }
      const code = clientCode(cluster.name);
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
    isEnabled: hasTarget,
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
  const { model, translator } = options;
  try {
    const site = await model.site();
    const { askOptions } = await import('./optionsdialog');
    return await askOptions({ api: model.api, site, translator });
  } catch (reason) {
    notify(reason);
    return null;
  }
}

function notify(reason: unknown): void {
  Notification.error(ApiError.from(reason).text, { autoClose: false });
}
