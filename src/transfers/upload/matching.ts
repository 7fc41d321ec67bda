/** Which of the files that were chosen again are those that an upload misses. Knows no DOM. */
import type { IUploadFile } from '../../tokens';
import type { IMissingFile } from '../api';

export interface IMatched {
  /** With the paths of those that are missing. */
  files: IUploadFile[];
  /** Missing ones that were not chosen, or of which nobody knows which chosen one it is. */
  without: string[];
  /** Missing ones whose file is not as long as it was: another one, or changed since. */
  changed: string[];
}

/**
 * Match by path, and compare sizes.
 *
 * A chosen folder's own name is part of its files' paths, a folder inside or above the one of before
 * may be chosen, and single files have no folder at all. So one path may be the end of the other,
 * but all of its folders have to fit, and nothing else may fit too, on neither side: a name alone
 * would put the bytes of one folder's file under the name of another's.
 */
export function matching(
  chosen: readonly IUploadFile[],
  missing: readonly IMissingFile[]
): IMatched {
  const ends = new Ends(chosen);
  const matched: IMatched = { files: [], without: [], changed: [] };
  // What fits as a whole is no candidate for the ends of other paths.
  const whole = new Set(
    missing.flatMap(({ path }) => (ends.isChosen(path) ? [path] : []))
  );
  const found = missing.map(({ path }) =>
    whole.has(path) ? ends.at(path) : ends.find(path, whole)
  );
  const uses = new Map<IUploadFile, number>();
  for (const each of found) {
    if (each) {
      uses.set(each, (uses.get(each) ?? 0) + 1);
    }
  }
  missing.forEach(({ path, size }, index) => {
    const one = found[index];
    if (!one || (uses.get(one) ?? 0) > 1) {
      matched.without.push(path);
    } else if (one.file.size === size) {
      matched.files.push({ path, file: one.file });
    } else {
      matched.changed.push(path);
    }
  });
  return matched;
}

/** Files by their paths and by all ends of these. */
class Ends {
  constructor(files: readonly IUploadFile[]) {
    for (const file of files) {
      this._whole.set(file.path, file);
      for (const end of endsOf(file.path)) {
        const known = this._ends.get(end);
        if (known) {
          known.push(file);
        } else {
          this._ends.set(end, [file]);
        }
      }
    }
  }

  isChosen(path: string): boolean {
    return this._whole.has(path);
  }

  at(path: string): IUploadFile | null {
    return this._whole.get(path) ?? null;
  }

  /** The one file whose path ends with this one, or is the end of it. */
  find(path: string, taken: ReadonlySet<string>): IUploadFile | null {
    const fitting = new Set(this._ends.get(path));
    for (const end of endsOf(path)) {
      const shorter = this._whole.get(end);
      if (shorter) {
        fitting.add(shorter);
      }
    }
    const free = [...fitting].filter(file => !taken.has(file.path));
    return free.length === 1 ? free[0] : null;
  }

  private _whole = new Map<string, IUploadFile>();
  private _ends = new Map<string, IUploadFile[]>();
}

/** Of `a/b/c`: `a/b/c`, `b/c` and `c`. */
function endsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, start) => parts.slice(start).join('/'));
}
