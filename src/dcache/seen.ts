/** Which state of each file its editor knows, so that no other writer's work is replaced unseen. */
import { isWithin } from './paths';

/** Lab's editors take a file that is younger by less as unchanged (docregistry 4.6, `Context`). */
const LAB_MARGIN_MS = 500;

/** `modified` of files as their editors last saw them, by drive path. */
export class SeenFiles {
  get(drivePath: string): string | undefined {
    return this._seen.get(drivePath);
  }

  /** An editor has this state now. */
  set(drivePath: string, modified: string | null): void {
    if (modified) {
      this._seen.set(drivePath, modified);
    }
  }

  /**
   * Somebody looked at a file without its content.
   *
   * Before saving an editor does, and asks its user when the file has become younger, but not when
   * only by `LAB_MARGIN_MS`: then the state it has loaded still counts.
   */
  look(drivePath: string, modified: string | null): void {
    const old = this._seen.get(drivePath);
    const isAsked =
      !old ||
      !modified ||
      Date.parse(modified) - Date.parse(old) > LAB_MARGIN_MS;
    if (isAsked) {
      this.set(drivePath, modified);
    }
  }

  /** Forget a file, or all files of a folder. */
  forget(drivePath: string): void {
    for (const path of [...this._seen.keys()]) {
      if (isWithin(path, drivePath)) {
        this._seen.delete(path);
      }
    }
  }

  private _seen = new Map<string, string>();
}
