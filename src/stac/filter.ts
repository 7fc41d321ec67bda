/** Which items are shown: by area, time and name. Pure. */

/** West, south, east, north in degrees; west > east crosses the antimeridian. */
export type Box = readonly [number, number, number, number];

/** As the companion's routes take it; what is not there filters nothing. */
export interface IFilter {
  bbox?: string;
  datetime?: string;
  text?: string;
}

/** Decimals of degrees that are kept: a tenth of a meter. */
const DECIMALS = 6;

/** A box as the routes take it. */
export function boxText(box: Box): string {
  return box.map(value => String(Number(value.toFixed(DECIMALS)))).join(',');
}

/** What was typed as a box; null where it is none. Commas or spaces between the numbers. */
export function parseBox(text: string): Box | null {
  const parts = text
    .trim()
    .split(/\s*[,;\s]\s*/)
    .map(part => (part === '' ? NaN : Number(part)));
  if (parts.length !== 4 || !parts.every(Number.isFinite)) {
    return null;
  }
  const [west, south, east, north] = parts;
  const isInside =
    [west, east].every(value => Math.abs(value) <= 180) &&
    [south, north].every(value => Math.abs(value) <= 90);
  return isInside && south <= north ? [west, south, east, north] : null;
}

/** A box drawn on a map that repeats itself, brought to -180 … 180. */
export function wrapBox([west, south, east, north]: Box): Box {
  const low = Math.max(-90, Math.min(south, north));
  const high = Math.min(90, Math.max(south, north));
  if (Math.abs(east - west) >= 360) {
    return [-180, low, 180, high];
  }
  return [
    wrap(Math.min(west, east)),
    low,
    wrapEast(Math.max(west, east)),
    high
  ];
}

function wrap(longitude: number): number {
  return ((((longitude + 180) % 360) + 360) % 360) - 180;
}

/** The eastern edge of the world is 180, not -180. */
function wrapEast(longitude: number): number {
  const wrapped = wrap(longitude);
  return wrapped === -180 ? 180 : wrapped;
}

/** An interval as STAC APIs write it; undefined where both ends are open. */
export function intervalText(
  start: Date | null,
  end: Date | null
): string | undefined {
  if (start === null && end === null) {
    return undefined;
  }
  return `${start ? isoText(start) : '..'}/${end ? isoText(end) : '..'}`;
}

/** The two ends of such an interval. */
export function parseInterval(
  text: string | undefined
): [Date | null, Date | null] {
  const [start = '..', end = start] = (text ?? '').split('/');
  return [dateOf(start), dateOf(end)];
}

function dateOf(text: string): Date | null {
  const date = new Date(text);
  return text === '..' || text === '' || Number.isNaN(date.getTime())
    ? null
    : date;
}

/** Whole seconds: what a slider gives is no finer. */
function isoText(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Whether anything is filtered. */
export function isFiltered(filter: IFilter): boolean {
  return Object.values(filter).some(value => value !== undefined);
}

/** The same filter with a part replaced; what is undefined or empty goes. */
export function withPart(filter: IFilter, part: IFilter): IFilter {
  const merged: Record<string, string | undefined> = { ...filter, ...part };
  return Object.fromEntries(
    Object.entries(merged).filter(([, value]) => value)
  ) as IFilter;
}
