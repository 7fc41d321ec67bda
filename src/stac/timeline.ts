/** Arithmetic of the slider of times: dates, fractions of the whole, bins. Pure. */
import type { IStacSummary } from '../common/types';
import { intervalText } from './filter';

/** Where the two handles may be. */
export interface ISpan {
  /** Milliseconds since 1970. */
  start: number;
  end: number;
}

/** The whole of the times; null where no item has one. */
export function spanOf(summary: IStacSummary | null): ISpan | null {
  const bins = summary?.histogram ?? [];
  if (bins.length === 0) {
    return null;
  }
  const start = Date.parse(bins[0].start);
  const end = Date.parse(bins[bins.length - 1].end);
  return Number.isFinite(start) && end > start ? { start, end } : null;
}

/** How far a press of an arrow key moves a handle, in milliseconds: a bin, or ten. */
export function stepOf(span: ISpan, bins: number): number {
  return (span.end - span.start) / Math.max(1, bins);
}

/** Where a key moves a handle; null: the key is none of ours. */
export function moved(
  key: string,
  value: number,
  step: number,
  least: number,
  most: number
): number | null {
  const targets: Record<string, number> = {
    ArrowLeft: value - step,
    ArrowDown: value - step,
    ArrowRight: value + step,
    ArrowUp: value + step,
    PageDown: value - 10 * step,
    PageUp: value + 10 * step,
    Home: least,
    End: most
  };
  return key in targets ? Math.max(least, Math.min(most, targets[key])) : null;
}

/** The filter for two handles: an end that is at its outermost is open. */
export function datetimeOf(whole: ISpan, chosen: ISpan): string | undefined {
  return intervalText(
    chosen.start <= whole.start ? null : new Date(chosen.start),
    chosen.end >= whole.end ? null : new Date(chosen.end)
  );
}

/** A moment as text that is neither longer nor finer than the span needs. */
export function momentText(time: number, span: ISpan): string {
  const iso = new Date(time).toISOString();
  const days = (span.end - span.start) / 86_400_000;
  return days > 3 ? iso.slice(0, 10) : iso.slice(0, 16).replace('T', ' ');
}
