/** What the forms for clusters and worker groups hold, and which requests they stand for. */
import type {
  IClusterRequest,
  IGroupRequest,
  IOptions,
  ISite
} from '../../common/types';
import { parseWorkers } from '../scale';

/** The fields as shown: what the preset says, until it is overwritten. */
export interface IOptionFields {
  name: string;
  preset: string;
  isAdaptive: boolean;
  workers: string;
  minimum: string;
  maximum: string;
  cores: string;
  memory: string;
  walltime: string;
  partition: string;
  account: string;
  reservation: string;
  constraint: string;
  gres: string;
  processes: string;
  interface: string;
  localDirectory: string;
  /** Lines `NAME=value`. */
  environment: string;
  python: string;
  image: string;
  /** Folders, one a line. */
  binds: string;
  prologue: string;
  directives: string;
  placement: 'beside' | 'job';
  schedulerPartition: string;
  schedulerWalltime: string;
  schedulerMemory: string;
  schedulerCores: string;
  isIdleEnding: boolean;
  /** Minutes. */
  idleAfter: string;
  isRenewing: boolean;
  /** Lines `NAME=number`; of worker groups only. */
  resources: string;
}

/** What was filled in; a field that is not among them says what the preset says. */
export type Changes = Partial<Omit<IOptionFields, 'preset'>>;

/** The fields that are text. */
export type TextKey = {
  [K in keyof IOptionFields]: IOptionFields[K] extends string
    ? string extends IOptionFields[K]
      ? K
      : never
    : never;
}[keyof IOptionFields];

/** Minutes offered where nothing says how long an idle cluster may live. */
const IDLE_MINUTES = '30';

const EMPTY: IOptionFields = {
  name: '',
  preset: '',
  isAdaptive: false,
  workers: '',
  minimum: '',
  maximum: '',
  cores: '',
  memory: '',
  walltime: '',
  partition: '',
  account: '',
  reservation: '',
  constraint: '',
  gres: '',
  processes: '',
  interface: '',
  localDirectory: '',
  environment: '',
  python: '',
  image: '',
  binds: '',
  prologue: '',
  directives: '',
  placement: 'beside',
  schedulerPartition: '',
  schedulerWalltime: '',
  schedulerMemory: '',
  schedulerCores: '',
  isIdleEnding: false,
  idleAfter: IDLE_MINUTES,
  isRenewing: false,
  resources: ''
};

/** What a preset says for each field. */
export function presetFields(site: ISite, name: string): IOptionFields {
  const preset = site.presets.find(candidate => candidate.name === name);
  return {
    ...EMPTY,
    ...requestChanges(preset?.request ?? {}),
    ...schedulerFields(preset?.scheduler ?? {}),
    ...optionFields(preset?.options ?? {}),
    preset: name
  };
}

/** What a request says, apart from its preset and its name: two clusters need two. */
export function requestChanges(request: IClusterRequest): Changes {
  const { adapt, scheduler, workers, options, renew } = request;
  const idle_s = request.idle_after;
  const changes: Changes = {
    ...optionFields(options ?? {}),
    ...schedulerFields(scheduler ?? {})
  };
  if (adapt) {
    changes.isAdaptive = true;
    changes.minimum = String(adapt.minimum);
    changes.maximum = String(adapt.maximum);
  } else if (workers !== undefined) {
    changes.isAdaptive = false;
    changes.workers = String(workers);
  }
  if (idle_s !== undefined) {
    changes.isIdleEnding = idle_s !== null;
  }
  if (idle_s) {
    // Rounded up: nothing ends sooner than it was asked to.
    changes.idleAfter = String(Math.ceil(idle_s / 60));
  }
  if (renew !== undefined) {
    changes.isRenewing = renew;
  }
  return changes;
}

/** The changes that change something. */
export function realChanges(changes: Changes, preset: IOptionFields): Changes {
  return Object.fromEntries(
    Object.entries(changes).filter(
      ([key, value]) =>
        value !== undefined && value !== preset[key as keyof IOptionFields]
    )
  );
}

/** The request for valid fields: what differs from the preset. */
export function clusterRequest(
  preset: IOptionFields,
  changes: Changes
): IClusterRequest {
  const all = { ...preset, ...changes };
  const scheduler = {
    mode: changes.placement,
    ...(all.placement === 'job'
      ? {
          partition: inherited(changes.schedulerPartition, all.partition),
          walltime: inherited(changes.schedulerWalltime, all.walltime),
          memory: word(changes.schedulerMemory),
          cores: count(changes.schedulerCores)
        }
      : {})
  };
  const isIdleChanged =
    changes.isIdleEnding !== undefined ||
    (all.isIdleEnding && changes.idleAfter !== undefined);
  return plain({
    name: word(changes.name),
    preset: preset.preset,
    ...size(all, changes),
    options: options(changes),
    scheduler: Object.values(scheduler).some(value => value !== undefined)
      ? scheduler
      : undefined,
    idle_after: isIdleChanged
      ? all.isIdleEnding
        ? 60 * Number(all.idleAfter)
        : null
      : undefined,
    renew: changes.isRenewing
  });
}

/** The request for a worker group; of its form only the workers' part counts. */
export function groupRequest(
  preset: IOptionFields,
  changes: Changes
): IGroupRequest {
  const {
    preset: name,
    workers,
    adapt,
    options
  } = groupPreview(preset, changes);
  return plain({
    name: (changes.name ?? '').trim(),
    preset: name,
    workers,
    adapt,
    options,
    resources: filled(parseNumbers(changes.resources ?? ''))
  });
}

/** What a worker group would be as a cluster of its own: that is what can be previewed. */
export function groupPreview(
  preset: IOptionFields,
  changes: Changes
): IClusterRequest {
  const request = clusterRequest(preset, changes);
  const { workers, adapt, options } = request;
  return plain({ preset: preset.preset, workers, adapt, options });
}

/** Values of lines `NAME=value`; null when a line is none. */
export function parseVariables(value: string): Record<string, string> | null {
  const found: Record<string, string> = {};
  for (const line of lines(value)) {
    const match = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line);
    if (!match) {
      return null;
    }
    found[match[1]] = match[2];
  }
  return found;
}

/** Values of lines `NAME=number`, above 0; null when a line is none. */
export function parseNumbers(value: string): Record<string, number> | null {
  const found: Record<string, number> = {};
  for (const line of lines(value)) {
    const match = /^\s*([\w.:-]+)\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(line);
    if (!match || Number(match[2]) <= 0) {
      return null;
    }
    found[match[1]] = Number(match[2]);
  }
  return found;
}

/** Lines that are not empty. */
export function lines(value: string): string[] {
  return value.split('\n').filter(line => line.trim());
}

function optionFields(options: IOptions): Changes {
  const { environment } = options;
  return defined({
    cores: text(options.cores),
    memory: text(options.memory),
    walltime: text(options.walltime),
    partition: text(options.partition),
    account: text(options.account),
    reservation: text(options.reservation),
    constraint: text(options.constraint),
    gres: text(options.gres),
    processes: text(options.processes),
    interface: text(options.interface),
    localDirectory: text(options.local_directory),
    environment:
      environment &&
      Object.entries(environment)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    python: text(options.python),
    image: text(options.image),
    binds: options.binds?.join('\n'),
    prologue: options.prologue?.join('\n'),
    directives: options.directives?.join('\n')
  });
}

function schedulerFields(
  scheduler: NonNullable<IClusterRequest['scheduler']>
): Changes {
  return defined({
    placement: scheduler.mode,
    schedulerPartition: text(scheduler.partition),
    schedulerWalltime: text(scheduler.walltime),
    schedulerMemory: text(scheduler.memory),
    schedulerCores: text(scheduler.cores)
  });
}

/** What was emptied is sent as empty, which means none; the preset says what was left alone. */
function options(changes: Changes): IOptions {
  const list = (value: string | undefined): string[] | undefined =>
    value === undefined ? undefined : lines(value);
  const { environment } = changes;
  return {
    cores: count(changes.cores),
    // There is no worker without memory: here, too, the preset steps in.
    memory: word(changes.memory),
    walltime: changes.walltime?.trim(),
    partition: changes.partition?.trim(),
    account: changes.account?.trim(),
    reservation: changes.reservation?.trim(),
    constraint: changes.constraint?.trim(),
    gres: changes.gres?.trim(),
    processes: count(changes.processes),
    interface: changes.interface?.trim(),
    local_directory: changes.localDirectory?.trim(),
    environment:
      environment === undefined
        ? undefined
        : (parseVariables(environment) ?? undefined),
    python: changes.python?.trim(),
    image: changes.image?.trim(),
    binds: list(changes.binds),
    prologue: list(changes.prologue),
    directives: list(changes.directives)
  };
}

function size(
  all: IOptionFields,
  changes: Changes
): Pick<IClusterRequest, 'workers' | 'adapt'> {
  const { isAdaptive, workers, minimum, maximum } = changes;
  const sized = all.isAdaptive ? [minimum, maximum] : [workers];
  if ([isAdaptive, ...sized].every(one => one === undefined)) {
    return {};
  }
  if (!all.isAdaptive) {
    return { workers: Number(all.workers) };
  }
  const bounds = [all.minimum.trim() || '0', all.maximum].map(parseWorkers);
  return { adapt: { minimum: bounds[0] ?? 0, maximum: bounds[1] ?? 0 } };
}

function text(value: string | number | null | undefined): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}

function word(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}

/** What was emptied is as the workers', whatever the preset says. */
function inherited(
  value: string | undefined,
  workers: string
): string | undefined {
  return value?.trim() === '' ? workers : word(value);
}

function count(value: string | undefined): number | undefined {
  return value?.trim() ? Number(value) : undefined;
}

function filled<T extends object>(value: T | null): T | undefined {
  return value && Object.keys(value).length > 0 ? value : undefined;
}

/** Without what is undefined, which would hide what is laid under it. */
function defined(changes: Changes): Changes {
  return Object.fromEntries(
    Object.entries(changes).filter(([, value]) => value !== undefined)
  );
}

/** JSON drops what is undefined; so does this, for whoever compares requests. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
