/** Where one was, and the way back and forth between; pure, replaced and never edited. */
import type { IPlace } from './paths';

/** Places remembered. */
const MAX_PLACES = 100;

/** Places in the order of the visits, and which of them is shown. */
export interface IHistory {
  readonly places: readonly IPlace[];
  /** -1 before the first visit. */
  readonly at: number;
}

export const NOWHERE: IHistory = { places: [], at: -1 };

/** A place is shown; those that lay ahead are forgotten, as in a browser. */
export function visit(history: IHistory, place: IPlace): IHistory {
  const here = history.places[history.at];
  if (here?.endpoint === place.endpoint && here.path === place.path) {
    return history;
  }
  const places = [...history.places.slice(0, history.at + 1), place].slice(
    -MAX_PLACES
  );
  return { places, at: places.length - 1 };
}

/** `steps` forward, or back when negative; null when there is nothing. */
export function go(history: IHistory, steps: number): IHistory | null {
  const at = history.at + steps;
  return at >= 0 && at < history.places.length ? { ...history, at } : null;
}
