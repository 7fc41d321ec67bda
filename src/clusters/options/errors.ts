/** What can't be sent, whatever the site: fields that are no number, size, time or path. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { parseBytes, parseWalltime } from '../../common/units';
import { MAX_WORKERS, parseWorkers } from '../scale';
import {
  lines,
  parseNumbers,
  parseVariables,
  type IOptionFields,
  type TextKey
} from './fields';

/** Sentences by field. */
export type Remarks = Partial<Record<TextKey, string>>;

const isCount = (text: string): boolean => parseWorkers(text) !== null;
const isPositive = (text: string): boolean => /^[1-9]\d*$/.test(text);
const isTime = (text: string): boolean => (parseWalltime(text) ?? 0) > 0;
const isSize = (text: string): boolean => (parseBytes(text) ?? 0) > 0;
/** As rsdat/clusters/options.py takes it: it stands unquoted in the script. */
const isDirectory = (text: string): boolean =>
  /^(?!-)[A-Za-z0-9_./@:%+~${}-]+$/.test(text);
const isDirectives = (text: string): boolean =>
  lines(text).every(line => /^\s*(#SBATCH\s+)?-/.test(line));

/**
 * Find them.
 *
 * @param groups Names that are taken, in the form of a worker group; else null.
 */
export function findErrors(
  fields: IOptionFields,
  groups: readonly string[] | null,
  trans: TranslationBundle
): Remarks {
  const positive = trans.__('A whole number from 1');
  const time = trans.__('A time such as 01:30:00 or 1-00:00:00');
  const memory = trans.__('A size such as 8GiB');
  const rules: [TextKey, (text: string) => boolean, string][] = [
    ['cores', isPositive, positive],
    ['memory', isSize, memory],
    ['walltime', isTime, time],
    ['processes', isPositive, positive],
    [
      'localDirectory',
      isDirectory,
      trans.__('A path without spaces or quotes; $TMPDIR and $USER are fine')
    ],
    [
      'environment',
      text => parseVariables(text) !== null,
      trans.__('One variable a line, as NAME=value')
    ],
    [
      'directives',
      isDirectives,
      trans.__('One option of sbatch a line, as --nice=100')
    ]
  ];
  if (groups) {
    rules.push([
      'resources',
      text => parseNumbers(text) !== null,
      trans.__('One resource a line, as GPU=1')
    ]);
  } else {
    rules.push([
      'name',
      text => text.length <= 64,
      trans.__('At most 64 characters')
    ]);
    if (fields.placement === 'job') {
      rules.push(
        ['schedulerCores', isPositive, positive],
        ['schedulerMemory', isSize, memory],
        ['schedulerWalltime', isTime, time]
      );
    }
  }
  const errors: Remarks = {};
  for (const [key, isRight, words] of rules) {
    const text = fields[key].trim();
    if (text && !isRight(text)) {
      errors[key] = words;
    }
  }
  return {
    ...errors,
    ...sizeErrors(fields, trans),
    ...(groups ? nameError(fields, groups, trans) : idleError(fields, trans))
  };
}

function sizeErrors(fields: IOptionFields, trans: TranslationBundle): Remarks {
  const words = trans.__('A whole number from 0 to %1', MAX_WORKERS);
  const isWrong = (text: string): boolean =>
    text.trim() !== '' && !isCount(text);
  const { workers, minimum, maximum } = fields;
  if (!fields.isAdaptive) {
    return isWrong(workers) ? { workers: words } : {};
  }
  const errors: Remarks = {};
  if (isWrong(minimum)) {
    errors.minimum = words;
  }
  if (isWrong(maximum)) {
    errors.maximum = words;
  } else if (!maximum.trim()) {
    // Not filled in yet: the form waits for it without a reproach.
    errors.maximum = '';
  } else if (Number(maximum) < Number(minimum)) {
    errors.maximum = trans.__('Not less than the minimum');
  }
  return errors;
}

function nameError(
  fields: IOptionFields,
  taken: readonly string[],
  trans: TranslationBundle
): Remarks {
  const name = fields.name.trim();
  if (name === '') {
    return { name: '' };
  }
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(name)) {
    return { name: trans.__('1 to 32 letters, digits, - and _') };
  }
  return taken.includes(name)
    ? { name: trans.__('The cluster has workers of that name') }
    : {};
}

function idleError(fields: IOptionFields, trans: TranslationBundle): Remarks {
  return fields.isIdleEnding && !isPositive(fields.idleAfter.trim())
    ? { idleAfter: trans.__('Whole minutes, at least 1') }
    : {};
}
