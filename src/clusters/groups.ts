/** What the form for another worker group holds, and which request it stands for. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ICluster, IGroupRequest, IOptions } from '../common/types';
import { parseBytes, parseWalltime } from '../common/units';
import { MAX_WORKERS, parseWorkers } from './scale';

/** The fields as typed. An empty option is left out of the request: the preset decides. */
export interface IGroupFields {
  name: string;
  preset: string;
  workers: string;
  cores: string;
  memory: string;
  walltime: string;
  partition: string;
  account: string;
  /** One line, parted by spaces or commas outside of a directive: `--gres=gpu:1`. */
  directives: string;
  /** `GPU=1 SSD=2`. */
  resources: string;
}

export type GroupProblems = Partial<Record<keyof IGroupFields, string>>;

/** As docs/api.yaml has it. */
const NAME = /^[A-Za-z0-9_-]{1,32}$/;

/** An empty form. */
export function groupFields(cluster: ICluster): IGroupFields {
  return {
    name: '',
    preset: cluster.preset,
    workers: '1',
    cores: '',
    memory: '',
    walltime: '',
    partition: '',
    account: '',
    directives: '',
    resources: ''
  };
}

/** Dask resources by name; null for what is none. */
export function parseResources(text: string): Record<string, number> | null {
  const resources: Record<string, number> = {};
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const match = /^([A-Za-z_][\w-]*)=(\d+(?:\.\d+)?)$/.exec(part);
    if (!match || Number(match[2]) <= 0) {
      return null;
    }
    resources[match[1]] = Number(match[2]);
  }
  return resources;
}

/** What can be seen to be wrong; whether Slurm takes it, only Slurm knows. */
export function groupProblems(
  fields: IGroupFields,
  taken: readonly string[],
  trans: TranslationBundle
): GroupProblems {
  const problems: GroupProblems = {};
  const name = fields.name.trim();
  if (!NAME.test(name)) {
    problems.name = trans.__('1 to 32 letters, digits, - and _');
  } else if (taken.includes(name)) {
    problems.name = trans.__('There is a group of this name');
  }
  if (parseWorkers(fields.workers) === null) {
    problems.workers = trans.__('A whole number from 0 to %1', MAX_WORKERS);
  }
  if (fields.cores.trim() && !/^[1-9]\d*$/.test(fields.cores.trim())) {
    problems.cores = trans.__('A whole number from 1');
  }
  if (fields.memory.trim() && parseBytes(fields.memory) === null) {
    problems.memory = trans.__('A size such as 8GiB');
  }
  if (fields.walltime.trim() && parseWalltime(fields.walltime) === null) {
    problems.walltime = trans.__('A time such as 01:30:00 or 1-00:00:00');
  }
  if (parseResources(fields.resources) === null) {
    problems.resources = trans.__('Names with numbers, such as GPU=1');
  }
  return problems;
}

/** The request for valid fields. */
export function groupRequest(fields: IGroupFields): IGroupRequest {
  const text = (value: string): string | undefined => value.trim() || undefined;
  const cores = text(fields.cores);
  const directives = fields.directives.split(/\s+(?=-)/).filter(Boolean);
  const options: IOptions = {
    cores: cores === undefined ? undefined : Number(cores),
    memory: text(fields.memory),
    walltime: text(fields.walltime),
    partition: text(fields.partition),
    account: text(fields.account),
    directives: directives.length > 0 ? directives : undefined
  };
  const resources = parseResources(fields.resources) ?? {};
  // JSON drops what is undefined; so does this, for whoever compares requests.
  return JSON.parse(
    JSON.stringify({
      name: fields.name.trim(),
      preset: text(fields.preset),
      workers: parseWorkers(fields.workers),
      options,
      resources: Object.keys(resources).length > 0 ? resources : undefined
    })
  ) as IGroupRequest;
}
