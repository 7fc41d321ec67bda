/** Commands on how long a cluster lives, and on schedulers that others made. */
import { linkIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import type { IAttachRequest, IClusterRequest } from '../common/types';
import { clustersIcon } from './icons';
import { CommandIDs } from './ids';
import { isAttached } from './status';
import { CLUSTER, Targets, notify, type ICommandParts } from './targets';

export function addLifeCommands(parts: ICommandParts): void {
  const { commands, model, translator } = parts;
  const trans = translator.load('jupyterlab_rsdat');
  const targets = new Targets(model);

  commands.addCommand(CommandIDs.attach, {
    label: trans.__('Attach a Scheduler…'),
    caption: trans.__('Show a Dask scheduler that exists already as a cluster'),
    icon: linkIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          attach: {
            type: 'object',
            description:
              'AttachRequest of the REST contract; the dialog asks if left out.'
          }
        }
      }
    },
    execute: async args => {
      let request: IClusterRequest | null;
      if (args.attach) {
        request = {
          name: args.name as string | undefined,
          attach: args.attach as IAttachRequest
        };
      } else {
        const { askAttach } = await import('./attachdialog');
        request = await askAttach(translator);
      }
      // A refusal stays in the panel, as a card that tells why.
      return request && model.create(request).catch(() => null);
    }
  });

  commands.addCommand(CommandIDs.keep, {
    label: trans.__('Keep Cluster'),
    caption: trans.__('Begin the countdown to the idle shutdown anew'),
    icon: refreshIcon,
    isEnabled: args =>
      targets.isFree(args) && targets.cluster(args)?.idle.ends_at != null,
    describedBy: { args: { type: 'object', properties: { cluster: CLUSTER } } },
    execute: async args => {
      const cluster = targets.cluster(args);
      if (cluster) {
        await model.change(cluster.id, { keep: true }).catch(notify);
      }
    }
  });

  commands.addCommand(CommandIDs.idleShutdown, {
    label: trans.__('Shut Down When Idle…'),
    caption: trans.__('After how long without work the cluster ends itself'),
    icon: clustersIcon,
    isEnabled: targets.isOurs,
    isToggled: args => targets.cluster(args)?.idle.after != null,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          after: {
            type: ['integer', 'null'],
            description:
              'Seconds without work, at least 60; null for never. The dialog asks if left out.'
          }
        }
      }
    },
    execute: async args => {
      const cluster = targets.cluster(args);
      if (!cluster) {
        return;
      }
      const after = args.after as number | null | undefined;
      const change =
        after === undefined
          ? await (await import('./idledialog')).askIdle(cluster, translator)
          : { idle_after: after };
      if (change) {
        await model.change(cluster.id, change).catch(notify);
      }
    }
  });

  commands.addCommand(CommandIDs.renew, {
    label: trans.__('Replace Workers Before Their Walltime'),
    caption: trans.__(
      'Ask for the next jobs early enough to keep the number of workers'
    ),
    icon: refreshIcon,
    isEnabled: targets.isOurs,
    isToggled: args => targets.cluster(args)?.renew ?? false,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          renew: {
            type: 'boolean',
            description: 'The other way round than now if left out.'
          }
        }
      }
    },
    execute: async args => {
      const cluster = targets.cluster(args);
      if (cluster) {
        const renew = (args.renew as boolean | undefined) ?? !cluster.renew;
        await model.change(cluster.id, { renew }).catch(notify);
      }
    }
  });

  commands.addCommand(CommandIDs.shutdown, {
    label: args => {
      const cluster = targets.cluster(args);
      return cluster && isAttached(cluster)
        ? trans.__('Detach Cluster')
        : trans.__('Shut Down Cluster');
    },
    caption: trans.__('End the cluster with its scheduler and its jobs'),
    icon: stopIcon,
    isEnabled: targets.isFree,
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
      const cluster = targets.cluster(args);
      if (!cluster) {
        return;
      }
      if (!args.confirmed) {
        const { askShutdown } = await import('./shutdowndialog');
        const parts = { api: model.api, commands, trans };
        if (!(await askShutdown(cluster, parts))) {
          return;
        }
      }
      await model.shutdown(cluster.id).catch(notify);
    }
  });
}
