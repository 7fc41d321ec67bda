/** Which cluster a command is meant for, and what can be done with it now. */
import type { IStateDB } from '@jupyterlab/statedb';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ITranslator } from '@jupyterlab/translation';
import { tell } from '../common/notice';
import { ApiError } from '../common/request';
import type { ICluster, IGroup } from '../common/types';
import type { ClusterModel } from './model';
import { isAlive, isAttached } from './status';

/** What every group of commands is made with. */
export interface ICommandParts {
  /** Where the forms remember which of their parts were open. */
  state?: IStateDB | null;
  commands: CommandRegistry;
  model: ClusterModel;
  translator: ITranslator;
}

type Args = ReadonlyPartialJSONObject;

/** The argument that says which cluster. */
export const CLUSTER = {
  type: 'string',
  description: 'Id of the cluster; the selected one if left out.'
};

/** The argument that says which worker group. */
export const GROUP = {
  type: 'string',
  description: 'Name of the worker group.'
};

export class Targets {
  constructor(private _model: ClusterModel) {}

  /** The cluster named, else the selected one. */
  cluster = (args: Args): ICluster | undefined =>
    this._model.cluster(
      (args.cluster as string | undefined) ?? this._model.selected
    );

  /** The worker group named. */
  group = (args: Args): IGroup | undefined =>
    this.cluster(args)?.groups.find(({ name }) => name === args.group);

  /** Whether there is one. */
  exists = (args: Args): boolean => this.cluster(args) !== undefined;

  /** Whether nothing is being done to it. */
  isFree = (args: Args): boolean => {
    const cluster = this.cluster(args);
    return cluster !== undefined && this._model.activity(cluster.id) === null;
  };

  /** Whether its jobs are ours to ask for and to give up. */
  isOurs = (args: Args): boolean => {
    const cluster = this.cluster(args);
    return (
      cluster !== undefined &&
      this.isFree(args) &&
      isAlive(cluster) &&
      !isAttached(cluster)
    );
  };
}

/** Tell why it did not work. */
export function notify(reason: unknown): void {
  tell(ApiError.from(reason).text, 'error', { autoClose: false });
}
