/** Commands on the jobs of a cluster. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import {
  listIcon,
  runIcon,
  stopIcon,
  textEditorIcon
} from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ICluster, IJob, IJobAction } from '../../common/types';
import { clustersIcon } from '../icons';
import { CommandIDs } from '../ids';
import { CLUSTER, Targets, notify, type ICommandParts } from '../targets';
import type { JobTables } from './tables';
import { holdsWork, loadOf } from './words';

export interface IJobCommandParts extends ICommandParts {
  tables: JobTables;
  /** Open or reveal the tab with a cluster's jobs; its name says what a cluster that is gone was called. */
  openJobs: (cluster: string, name?: string) => Promise<void>;
  /** Open or reveal the log of a `scheduler` or a job. */
  openLog: (cluster: string, source: string) => Promise<void>;
}

const JOB = {
  type: 'string',
  description: 'Id of the job; the one last pointed at if left out.'
};

export function addJobCommands(parts: IJobCommandParts): void {
  const { commands, model, tables, translator } = parts;
  const trans = translator.load('jupyterlab_rsdat');
  const targets = new Targets(model);

  /** The job named, else the one last pointed at in any table. */
  const target = (
    args: ReadonlyPartialJSONObject
  ): { cluster: ICluster; job: IJob } | null => {
    const { current } = tables;
    const id = (args.job as string | undefined) ?? current?.job;
    const cluster =
      args.job === undefined && args.cluster === undefined
        ? model.cluster(current?.cluster ?? null)
        : targets.cluster(args);
    const job = cluster?.jobs.find(other => other.id === id);
    return cluster && job ? { cluster, job } : null;
  };
  const act = async (
    cluster: ICluster,
    job: IJob,
    action: IJobAction
  ): Promise<void> => {
    await model.actOnJob(cluster.id, job.id, action).catch(notify);
  };
  const can =
    (action: IJobAction) =>
    (args: ReadonlyPartialJSONObject): boolean =>
      target(args)?.job.actions.includes(action) ?? false;

  commands.addCommand(CommandIDs.openJobs, {
    label: trans.__('Open Jobs in a Tab'),
    caption: trans.__(
      'Show the jobs and workers of the cluster in a wide table'
    ),
    icon: listIcon,
    isEnabled: targets.exists,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          name: {
            type: 'string',
            description: 'What the cluster is called; said of one that is gone.'
          }
        }
      }
    },
    execute: async args => {
      // A tab is restored before the clusters are there.
      const cluster = (args.cluster as string | undefined) ?? model.selected;
      if (cluster !== null) {
        await parts.openJobs(cluster, args.name as string | undefined);
      }
    }
  });

  commands.addCommand(CommandIDs.openJobLog, {
    label: trans.__('Open Log of Job'),
    caption: trans.__('Read what a job and its Dask worker wrote'),
    icon: textEditorIcon,
    isEnabled: args => target(args) !== null,
    describedBy: {
      args: { type: 'object', properties: { cluster: CLUSTER, job: JOB } }
    },
    execute: async args => {
      const found = target(args);
      if (found) {
        await parts.openLog(found.cluster.id, found.job.id);
      }
    }
  });

  commands.addCommand(CommandIDs.cancelJob, {
    label: trans.__('Cancel Job'),
    caption: trans.__('End one job and want one worker less'),
    icon: stopIcon,
    isEnabled: can('cancel'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cluster: CLUSTER,
          job: JOB,
          confirmed: { type: 'boolean', description: 'Do not ask first.' }
        }
      }
    },
    execute: async args => {
      const found = target(args);
      if (!found) {
        return;
      }
      const { cluster, job } = found;
      const isHarmless = job.kind === 'worker' && !holdsWork(job);
      if (isHarmless || args.confirmed || (await isSure(job))) {
        await act(cluster, job, 'cancel');
      }
    }
  });

  commands.addCommand(CommandIDs.holdJob, {
    label: trans.__('Hold Job'),
    caption: trans.__('Keep a waiting job from starting'),
    icon: clustersIcon,
    isEnabled: can('hold'),
    describedBy: {
      args: { type: 'object', properties: { cluster: CLUSTER, job: JOB } }
    },
    execute: async args => {
      const found = target(args);
      if (found) {
        await act(found.cluster, found.job, 'hold');
      }
    }
  });

  commands.addCommand(CommandIDs.releaseJob, {
    label: trans.__('Release Job'),
    caption: trans.__('Let a held job start'),
    icon: runIcon,
    isEnabled: can('release'),
    describedBy: {
      args: { type: 'object', properties: { cluster: CLUSTER, job: JOB } }
    },
    execute: async args => {
      const found = target(args);
      if (found) {
        await act(found.cluster, found.job, 'release');
      }
    }
  });

  async function isSure(job: IJob): Promise<boolean> {
    const load = loadOf(job);
    const body =
      job.kind === 'scheduler'
        ? trans.__(
            'The scheduler runs in it: the whole cluster would end with it.'
          )
        : trans.__(
            'Of Dask tasks, its worker runs %1, %2 more wait there, and it holds the results of %3. What only it holds has to be computed anew.',
            load?.executing ?? 0,
            load?.ready ?? 0,
            load?.inMemory ?? 0
          );
    const result = await showDialog({
      title: trans.__('Cancel job %1?', job.id),
      body,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Keep it') }),
        Dialog.warnButton({ label: trans.__('Cancel job') })
      ]
    });
    return result.button.accept;
  }
}
