/** Commands on how many workers a cluster has, and of which kinds. */
import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import type {
  ICluster,
  IClusterChange,
  IGroup,
  IGroupRequest
} from '../common/types';
import { clustersIcon } from './icons';
import { CommandIDs } from './ids';
import { CLUSTER, GROUP, Targets, notify, type ICommandParts } from './targets';

export function addSizeCommands(parts: ICommandParts): void {
  const { commands, model, translator } = parts;
  const trans = translator.load('jupyterlab_rsdat');
  const targets = new Targets(model);

  commands.addCommand(CommandIDs.scale, {
    label: trans.__('Scale Cluster…'),
    caption: trans.__('Change how many workers the cluster has'),
    icon: clustersIcon,
    isEnabled: targets.isOurs,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          group: GROUP,
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
      const cluster = targets.cluster(args);
      if (!cluster) {
        return;
      }
      const { workers, minimum, maximum } = args as Record<
        string,
        number | undefined
      >;
      const group = args.group as string | undefined;
      let change: IClusterChange | null;
      if (workers !== undefined) {
        change = { workers };
      } else if (minimum !== undefined && maximum !== undefined) {
        change = { adapt: { minimum, maximum } };
      } else {
        const { askScale } = await import('./scaledialog');
        change = await askScale(cluster, translator, group);
        if (change) {
          await model.change(cluster.id, change).catch(notify);
        }
        return;
      }
      await model
        .change(cluster.id, group === undefined ? change : { ...change, group })
        .catch(notify);
    }
  });

  const queued = (args: Parameters<Targets['cluster']>[0]): IGroup[] => {
    const groups = targets.cluster(args)?.groups ?? [];
    return groups.filter(
      ({ name, workers }) =>
        workers.queued > 0 && (args.group === undefined || args.group === name)
    );
  };
  commands.addCommand(CommandIDs.dropQueued, {
    label: trans.__('Drop Queued Jobs'),
    caption: trans.__(
      'Take the jobs that wait out of the queue, and want that many workers less'
    ),
    icon: closeIcon,
    isEnabled: args => targets.isOurs(args) && queued(args).length > 0,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          group: { ...GROUP, description: 'Of this group; of all if left out.' }
        }
      }
    },
    execute: async args => {
      const cluster = targets.cluster(args);
      if (!cluster) {
        return;
      }
      for (const { name } of queued(args)) {
        const change: IClusterChange =
          name === cluster.groups[0].name
            ? { drop_queued: true }
            : { drop_queued: true, group: name };
        await model.change(cluster.id, change).catch(notify);
      }
    }
  });

  commands.addCommand(CommandIDs.addGroup, {
    label: trans.__('Add Workers of Another Kind…'),
    caption: trans.__(
      'Ask for workers with other options on the same scheduler'
    ),
    icon: addIcon,
    isEnabled: targets.isOurs,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          request: {
            type: 'object',
            description:
              'GroupRequest of the REST contract; the dialog asks if left out.'
          }
        }
      }
    },
    execute: async args => {
      const cluster = targets.cluster(args);
      if (!cluster) {
        return;
      }
      try {
        let request = (args.request as IGroupRequest | undefined) ?? null;
        if (!request) {
          // Asked anew: limits change.
          const site = await model.api.site();
          const { askGroup } = await import('./options/dialog');
          request = await askGroup({
            api: model.api,
            site,
            translator,
            state: parts.state,
            cluster
          });
        }
        if (request) {
          await model.addGroup(cluster.id, request);
        }
      } catch (reason) {
        notify(reason);
      }
    }
  });

  commands.addCommand(CommandIDs.removeGroup, {
    label: trans.__('Remove Worker Group…'),
    caption: trans.__('Let the workers of one kind go'),
    icon: closeIcon,
    isEnabled: args => {
      const groups = targets.cluster(args)?.groups ?? [];
      const [, ...others] = groups;
      return (
        targets.isOurs(args) &&
        others.some(({ name }) => (args.group ?? name) === name)
      );
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          group: { ...GROUP, description: 'Asked for if left out.' },
          confirmed: { type: 'boolean', description: 'Do not ask first.' }
        }
      }
    },
    execute: async args => {
      const cluster = targets.cluster(args);
      const group =
        cluster &&
        (args.group === undefined
          ? await choose(cluster)
          : targets.group(args));
      if (!cluster || !group) {
        return;
      }
      if (args.confirmed || (await isSure(group))) {
        await model.removeGroup(cluster.id, group.name).catch(notify);
      }
    }
  });

  /** Which group, where several could be meant. The first stays as long as its cluster. */
  async function choose(cluster: ICluster): Promise<IGroup | undefined> {
    const [, ...groups] = cluster.groups;
    if (groups.length < 2) {
      return groups[0];
    }
    const { value } = await InputDialog.getItem({
      title: trans.__('Remove which worker group of %1?', cluster.name),
      items: groups.map(({ name }) => name),
      okLabel: trans.__('Choose')
    });
    return groups.find(({ name }) => name === value);
  }

  async function isSure(group: IGroup): Promise<boolean> {
    const { connected } = group.workers;
    const result = await showDialog({
      title: trans.__('Remove the worker group %1?', group.name),
      body:
        connected > 0
          ? trans._n(
              'Its %1 worker hands its data over and leaves.',
              'Its %1 workers hand their data over and leave.',
              connected
            )
          : trans.__('Its jobs leave the queue.'),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Remove') })
      ]
    });
    return result.button.accept;
  }
}
