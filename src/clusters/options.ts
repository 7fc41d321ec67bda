/** What the "Cluster options" form holds, and which request it stands for. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IClusterRequest, IOptions, ISite } from '../common/types';
import { parseWorkers, MAX_WORKERS } from './scale';

/** The fields as typed. An empty one is left out of the request: the preset decides. */
export interface IOptionFields {
  name: string;
  preset: string;
  workers: string;
  cores: string;
  memory: string;
  walltime: string;
  partition: string;
  account: string;
  interface: string;
  localDirectory: string;
  prologue: string;
  directives: string;
}

export type OptionProblems = Partial<Record<keyof IOptionFields, string>>;

const MEMORY = /^\d+(\.\d+)?\s*([kMGTP]i?)?B?$/i;
/** sbatch's own forms: minutes, MM:SS, HH:MM:SS, D-HH, D-HH:MM, D-HH:MM:SS. */
const WALLTIME = /^(\d+|\d+:\d{2}|\d+:\d{2}:\d{2}|\d+-\d{1,2}(:\d{2}){0,2})$/;

/** An empty form of the site's own preset. */
export function emptyFields(site: ISite): IOptionFields {
  return {
    name: '',
    preset: site.preset,
    workers: '',
    cores: '',
    memory: '',
    walltime: '',
    partition: '',
    account: '',
    interface: '',
    localDirectory: '',
    prologue: '',
    directives: ''
  };
}

/** What the preset says for each field, shown where nothing is filled in. */
export function placeholders(
  site: ISite,
  preset: string
): Partial<IOptionFields> {
  const options = site.presets.find(({ name }) => name === preset)?.options;
  const partition =
    options?.partition ?? site.partitions.find(part => part.default)?.name;
  return {
    cores: options?.cores === undefined ? '' : String(options.cores),
    memory: options?.memory ?? '',
    walltime: options?.walltime ?? '',
    partition: partition ?? '',
    account: options?.account ?? '',
    interface: options?.interface ?? '',
    localDirectory: options?.local_directory ?? '',
    prologue: options?.prologue?.join('\n') ?? '',
    directives: options?.directives?.join('\n') ?? ''
  };
}

/** What can be seen to be wrong; whether Slurm takes it, only Slurm knows. */
export function optionProblems(
  fields: IOptionFields,
  trans: TranslationBundle
): OptionProblems {
  const problems: OptionProblems = {};
  if (fields.name.trim().length > 64) {
    problems.name = trans.__('At most 64 characters');
  }
  if (fields.workers.trim() && parseWorkers(fields.workers) === null) {
    problems.workers = trans.__('A whole number from 0 to %1', MAX_WORKERS);
  }
  if (fields.cores.trim() && !/^[1-9]\d*$/.test(fields.cores.trim())) {
    problems.cores = trans.__('A whole number from 1');
  }
  if (fields.memory.trim() && !MEMORY.test(fields.memory.trim())) {
    problems.memory = trans.__('A size such as 8GiB');
  }
  if (fields.walltime.trim() && !WALLTIME.test(fields.walltime.trim())) {
    problems.walltime = trans.__('A time such as 01:30:00 or 1-00:00:00');
  }
  return problems;
}

/** The request for valid fields. */
export function optionsRequest(fields: IOptionFields): IClusterRequest {
  const text = (value: string): string | undefined => value.trim() || undefined;
  const lines = (value: string): string[] | undefined =>
    value.trim() ? value.split('\n').filter(line => line.trim()) : undefined;
  const cores = text(fields.cores);
  const workers = text(fields.workers);
  const options: IOptions = {
    cores: cores === undefined ? undefined : Number(cores),
    memory: text(fields.memory),
    walltime: text(fields.walltime),
    partition: text(fields.partition),
    account: text(fields.account),
    interface: text(fields.interface),
    local_directory: text(fields.localDirectory),
    prologue: lines(fields.prologue),
    directives: lines(fields.directives)
  };
  // JSON drops what is undefined; so does this, for whoever compares requests.
  return JSON.parse(
    JSON.stringify({
      name: text(fields.name),
      preset: text(fields.preset),
      workers: workers === undefined ? undefined : Number(workers),
      options
    })
  ) as IClusterRequest;
}
