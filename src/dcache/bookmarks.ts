/** Folders the user comes back to. Knows no DOM; the plugin keeps them in Lab's settings. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { IPlace } from './paths';

/** A menu of more can't be overlooked. */
export const MAX_BOOKMARKS = 100;

export class Bookmarks {
  /** Emitted when `places` was replaced. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** By endpoint and path; replaced, never edited. */
  get places(): readonly IPlace[] {
    return this._places;
  }

  has(place: IPlace): boolean {
    return this._places.some(other => isSame(other, place));
  }

  /** Mark a folder, or take its mark away. */
  toggle(place: IPlace): void {
    const others = this._places.filter(other => !isSame(other, place));
    this._set(
      others.length < this._places.length
        ? others
        : [...others, { endpoint: place.endpoint, path: place.path }]
    );
  }

  /** Take up what the settings hold: what isn't a place is left out. */
  restore(places: unknown): void {
    const list = Array.isArray(places) ? places : [];
    this._set(list.filter(isPlace).slice(0, MAX_BOOKMARKS));
  }

  private _set(places: readonly IPlace[]): void {
    const sorted = [...places].sort(
      (one, other) =>
        one.endpoint.localeCompare(other.endpoint) ||
        one.path.localeCompare(other.path)
    );
    if (JSON.stringify(sorted) !== JSON.stringify(this._places)) {
      this._places = sorted;
      this._changed.emit();
    }
  }

  private _places: readonly IPlace[] = [];
  private _changed = new Signal<this, void>(this);
}

function isSame(one: IPlace, other: IPlace): boolean {
  return one.endpoint === other.endpoint && one.path === other.path;
}

function isPlace(value: unknown): value is IPlace {
  const place = value as Partial<IPlace> | null;
  return (
    typeof place?.endpoint === 'string' &&
    typeof place.path === 'string' &&
    place.path.startsWith('/')
  );
}
