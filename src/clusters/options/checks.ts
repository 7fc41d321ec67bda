/**
 * What can be said of a form before anything is asked: what can't be sent, what Slurm would let
 * wait for ever, and what costs more than it looks. Pure.
 *
 * Slurm itself accepts a job that is longer or larger than its partition allows, and lets it pend
 * (`EnforcePartLimits=NO`, its default); `sbatch --test-only` says "now" to it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IPartition, IPreset, ISite } from '../../common/types';
import {
  formatBytes,
  formatSpan,
  parseBytes,
  parseWalltime
} from '../../common/units';
import { findErrors, type Remarks } from './errors';
import type { IOptionFields, TextKey } from './fields';

export interface IRemarks {
  /** With these the form can't be sent; an empty sentence goes without saying. */
  errors: Remarks;
  /** Such jobs would be refused, or wait for ever. */
  problems: Remarks;
  /** Such jobs run, but not quite as they look. */
  notes: Remarks;
}

export interface IChecked {
  fields: IOptionFields;
  site: ISite;
  /** The chosen preset. */
  chosen: IPreset | undefined;
  /** Names that are taken, of worker groups; null in the form of a cluster, which needs no name. */
  groups: readonly string[] | null;
}

/** Check a form. */
export function check(asked: IChecked, trans: TranslationBundle): IRemarks {
  const { fields, site, groups } = asked;
  const errors = findErrors(fields, groups, trans);
  const { problems, notes } = jobRemarks(asked, trans);
  if (groups === null && fields.placement === 'job') {
    Object.assign(problems, schedulerProblems(fields, site, trans));
  }
  for (const key of Object.keys(errors) as TextKey[]) {
    delete problems[key];
    delete notes[key];
  }
  return { errors, problems, notes };
}

/**
 * The partitions that a text names, `short,normal`; the site's default for none. Those the site
 * does not know are left out.
 */
export function findPartitions(names: string, site: ISite): IPartition[] {
  const wanted = (names || site.default_partition || '')
    .split(',')
    .map(name => name.trim());
  return site.partitions.filter(({ name }) => wanted.includes(name));
}

/** What a partition allows, in one line. */
export function describePartition(
  partition: IPartition,
  trans: TranslationBundle
): string {
  const parts = [
    partition.walltime_limit === null
      ? trans.__('no limit of time')
      : trans.__('at most %1', formatLimit(partition.walltime_limit)),
    trans._n('%1 node', '%1 nodes', partition.nodes),
    trans._n(
      'with up to %1 core and %2',
      'with up to %1 cores and %2',
      mostCores(partition),
      formatBytes(mostMemory(partition))
    )
  ];
  if (partition.state !== 'UP') {
    parts.unshift(partition.state);
  }
  return parts.join(', ');
}

/** Hours up to two days, as sites speak of their limits: `24 h`, not `1 d`. */
export function formatLimit(seconds_s: number): string {
  return seconds_s > 0 && seconds_s <= 172_800 && seconds_s % 3600 === 0
    ? `${seconds_s / 3600} h`
    : formatSpan(seconds_s);
}

function jobRemarks(
  asked: IChecked,
  trans: TranslationBundle
): Pick<IRemarks, 'problems' | 'notes'> {
  const { fields, site, chosen } = asked;
  const problems: Remarks = {};
  const notes: Remarks = {};
  const { account, partition, reservation } = fields;
  if (account && site.accounts.length > 0 && !site.accounts.includes(account)) {
    problems.account = trans.__(
      'Not one of your accounts (%1)',
      site.accounts.join(', ')
    );
  }
  const reserved = site.reservations.map(({ name }) => name);
  if (
    reservation &&
    !reservation.split(',').every(name => reserved.includes(name))
  ) {
    problems.reservation = trans.__('There is no such reservation');
  }
  const used = findPartitions(partition, site);
  if (used.length === 0) {
    if (partition && site.partitions.length > 0) {
      problems.partition = trans.__('There is no partition %1', partition);
    }
    return { problems, notes };
  }
  const [first] = used;
  if (used.every(({ state }) => state !== 'UP')) {
    problems.partition = trans.__('%1 is %2', first.name, first.state);
  } else if (first.reservation_only && !reservation) {
    problems.partition = trans.__('Jobs in %1 need a reservation', first.name);
  }
  Object.assign(problems, fits(fields, used, trans));
  const note = perCoreNote(fields, first, chosen ?? null, trans);
  if (note && !problems.memory) {
    notes.memory = note;
  }
  return { problems, notes };
}

/** Memory comes with cores at many sites: who asks for more of it pays more cores. */
function perCoreNote(
  fields: IOptionFields,
  partition: IPartition,
  chosen: IPreset | null,
  trans: TranslationBundle
): string | null {
  const limit =
    partition.memory_per_core_limit ?? chosen?.memory_per_core ?? null;
  const bytes = parseBytes(fields.memory);
  const cores = Number(fields.cores);
  if (!limit || !bytes || !(cores > 0)) {
    return null;
  }
  const placed = Math.ceil(bytes / limit);
  return placed > cores
    ? trans.__(
        '%1 belong to each core of %2: this counts as %3 cores',
        formatBytes(limit),
        partition.name,
        placed
      )
    : null;
}

function schedulerProblems(
  fields: IOptionFields,
  site: ISite,
  trans: TranslationBundle
): Remarks {
  const { schedulerPartition, schedulerWalltime } = fields;
  const used = findPartitions(schedulerPartition || fields.partition, site);
  if (used.length === 0) {
    return {};
  }
  const found = fits(
    {
      // In the workers' own partition, theirs is spoken of already.
      walltime:
        schedulerWalltime || (schedulerPartition ? fields.walltime : ''),
      cores: fields.schedulerCores,
      memory: fields.schedulerMemory
    },
    used,
    trans
  );
  const problems: Remarks = {};
  if (found.walltime) {
    problems.schedulerWalltime = found.walltime;
  }
  if (found.cores) {
    problems.schedulerCores = found.cores;
  }
  if (found.memory) {
    problems.schedulerMemory = found.memory;
  }
  return problems;
}

/** Whether a job fits into any of the partitions, in words. */
function fits(
  job: Pick<IOptionFields, 'walltime' | 'cores' | 'memory'>,
  used: readonly IPartition[],
  trans: TranslationBundle
): Pick<Remarks, 'walltime' | 'cores' | 'memory'> {
  const found: Remarks = {};
  const { name } = used[0];
  const wanted_s = parseWalltime(job.walltime);
  const limit_s = Math.max(...used.map(one => one.walltime_limit ?? Infinity));
  if (wanted_s !== null && wanted_s > limit_s) {
    found.walltime = trans.__(
      '%1 allows %2, you asked for %3',
      name,
      formatLimit(limit_s),
      wanted_s === Infinity ? trans.__('no end') : formatLimit(wanted_s)
    );
  }
  const cores = Math.max(...used.map(mostCores));
  if (Number(job.cores) > cores) {
    found.cores = trans._n(
      'A node of %2 has %1 core, you asked for %3',
      'A node of %2 has %1 cores, you asked for %3',
      cores,
      name,
      job.cores
    );
  }
  const bytes = parseBytes(job.memory);
  const memory = Math.max(...used.map(mostMemory));
  if (bytes !== null && bytes > memory) {
    found.memory = trans.__(
      'A node of %1 has %2, you asked for %3',
      name,
      formatBytes(memory),
      formatBytes(bytes)
    );
  }
  return found;
}

function mostCores(partition: IPartition): number {
  const largest = Math.max(...partition.node_kinds.map(({ cores }) => cores));
  return Math.min(largest, partition.cores_limit ?? Infinity);
}

/** Bytes. */
function mostMemory(partition: IPartition): number {
  const largest = Math.max(...partition.node_kinds.map(({ memory }) => memory));
  return Math.min(largest, partition.memory_limit ?? Infinity);
}
