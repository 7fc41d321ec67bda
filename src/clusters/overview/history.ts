/** The last minutes of a cluster: samples, what they come to, and lines through them. Pure. */
import type { IPulse } from '../../common/types';

/** What the lines show: so many seconds, as long as the companion keeps. */
export const SPAN_S = 180;
/** Samples further apart than this have a gap between them: nobody looked. */
const GAP_S = 15;

/** One look. null: not known. */
export interface ISample {
  /** When, in seconds of the page's own clock. */
  readonly at_s: number;
  /** Percent of all cores. */
  readonly cpu: number | null;
  /** Percent of the limit. */
  readonly memory: number | null;
  /** Dask tasks. */
  readonly processing: number | null;
  /** Dask tasks that no worker has yet. */
  readonly toCome: number | null;
  /** Dask tasks. */
  readonly erred: number | null;
}

export type Measure = Exclude<keyof ISample, 'at_s'>;

/** A history with new samples of the companion, without those that are too old. */
export function withSamples(
  old: readonly ISample[],
  rows: IPulse['samples'],
  now_s: number
): readonly ISample[] {
  const samples = rows.map(
    ([age, cpu, memory, processing, toCome, erred]): ISample => ({
      at_s: now_s - (age ?? 0),
      cpu,
      memory,
      processing,
      toCome,
      erred
    })
  );
  return [...old, ...samples].filter(({ at_s }) => now_s - at_s <= SPAN_S);
}

export interface IExtent {
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

/** What a measure came to in all samples; null where none knows it. */
export function extent(
  samples: readonly ISample[],
  measure: Measure
): IExtent | null {
  const values = samples
    .map(sample => sample[measure])
    .filter((value): value is number => value !== null);
  if (values.length === 0) {
    return null;
  }
  return {
    low: Math.min(...values),
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    high: Math.max(...values)
  };
}

/** Where lines are drawn: x from 0 to 100 is time, y from 0 (above) to `height` is the value. */
export interface IFrame {
  readonly now_s: number;
  readonly height: number;
  /** The value at the upper edge. */
  readonly top: number;
}

/** Runs of points without a gap, in the frame's units. */
function runs(
  samples: readonly ISample[],
  value: (sample: ISample) => number | null,
  frame: IFrame
): [number, number][][] {
  const found: [number, number][][] = [];
  let last_s = -Infinity;
  for (const sample of samples) {
    const known = value(sample);
    if (known === null) {
      last_s = -Infinity;
      continue;
    }
    if (sample.at_s - last_s > GAP_S) {
      found.push([]);
    }
    last_s = sample.at_s;
    const x = 100 * (1 - (frame.now_s - sample.at_s) / SPAN_S);
    const part =
      frame.top > 0 ? Math.min(Math.max(known / frame.top, 0), 1) : 0;
    found[found.length - 1].push([
      Math.round(10 * Math.min(Math.max(x, 0), 100)) / 10,
      Math.round(10 * frame.height * (1 - part)) / 10
    ]);
  }
  return found;
}

/** The `d` of an SVG path through the samples, broken where nothing is known. */
export function linePath(
  samples: readonly ISample[],
  value: (sample: ISample) => number | null,
  frame: IFrame
): string {
  return runs(samples, value, frame)
    .map(([first, ...rest]) =>
      rest.length === 0
        ? // One look: a dot, by the round end of a line without length.
          `M${first.join(' ')}h.01`
        : `M${first.join(' ')}${rest.map(point => `L${point.join(' ')}`).join('')}`
    )
    .join('');
}

/** The same as an area down to the lower edge. */
export function areaPath(
  samples: readonly ISample[],
  value: (sample: ISample) => number | null,
  frame: IFrame
): string {
  return runs(samples, value, frame)
    .filter(points => points.length > 1)
    .map(points => {
      const [left, right] = [points[0][0], points[points.length - 1][0]];
      const line = points.map(point => `L${point.join(' ')}`).join('');
      return `M${left} ${frame.height}${line}L${right} ${frame.height}Z`;
    })
    .join('');
}
