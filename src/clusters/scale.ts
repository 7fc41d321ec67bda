/** What the scale form holds, and which change it stands for. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ICluster, IClusterChange } from '../common/types';

/** Most workers the companion takes (docs/api.yaml). */
export const MAX_WORKERS = 10_000;

/** The fields as typed: text, so that an empty field is not 0. */
export interface IScaleFields {
  workers: string;
  minimum: string;
  maximum: string;
  adaptive: boolean;
}

/** Problems by field; an empty object means that the form may be sent. */
export type ScaleProblems = Partial<
  Record<'workers' | 'minimum' | 'maximum', string>
>;

/** The form for a cluster, or one of its worker groups, as it is wanted now. */
export function scaleFields(
  size: Pick<ICluster, 'adapt' | 'workers'>
): IScaleFields {
  const { adapt, workers } = size;
  return {
    workers: String(workers.wanted),
    minimum: String(adapt?.minimum ?? 0),
    maximum: String(adapt?.maximum ?? Math.max(workers.wanted, 1)),
    adaptive: adapt !== null
  };
}

/** A whole number of workers, or null for anything else. */
export function parseWorkers(text: string): number | null {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
  return value <= MAX_WORKERS ? value : null;
}

/** What is wrong with the fields that count: those of the chosen mode. */
export function scaleProblems(
  fields: IScaleFields,
  trans: TranslationBundle
): ScaleProblems {
  const problems: ScaleProblems = {};
  const words = trans.__('A whole number from 0 to %1', MAX_WORKERS);
  if (!fields.adaptive) {
    if (parseWorkers(fields.workers) === null) {
      problems.workers = words;
    }
    return problems;
  }
  const minimum = parseWorkers(fields.minimum);
  const maximum = parseWorkers(fields.maximum);
  if (minimum === null) {
    problems.minimum = words;
  }
  if (maximum === null) {
    problems.maximum = words;
  } else if (minimum !== null && maximum < minimum) {
    problems.maximum = trans.__('Not less than the minimum');
  }
  return problems;
}

/** The change for valid fields; null for others. */
export function scaleChange(fields: IScaleFields): IClusterChange | null {
  if (!fields.adaptive) {
    const workers = parseWorkers(fields.workers);
    return workers === null ? null : { workers };
  }
  const minimum = parseWorkers(fields.minimum);
  const maximum = parseWorkers(fields.maximum);
  return minimum === null || maximum === null || maximum < minimum
    ? null
    : { adapt: { minimum, maximum } };
}
