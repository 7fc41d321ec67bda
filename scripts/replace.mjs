// Puts a new build in the place of the one that Lab serves: at every moment there is a whole one.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Says what is loaded, so it comes last. */
const ENTRY = 'package.json';
const BUNDLES = 'static/';

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry =>
      join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1)
    );
}

const timeOf = path => statSync(path).mtimeMs;

/**
 * Replace the extension that Lab serves by another build of it.
 *
 * The names of bundles have hashes of their content in them, so two builds lie side by side. The
 * bundles of the build before stay until the next one: a page that is open may ask for a part of
 * it only now.
 *
 * @param fresh The folder of the new build.
 * @param shown The folder that Lab serves; made where there is none.
 */
export function replaceBuild(fresh, shown) {
  const entry = join(shown, ENTRY);
  // All files of a build get the same time, by which they are known as its own.
  const before = existsSync(entry) ? timeOf(entry) : null;
  const now = new Date();
  const files = filesBelow(fresh);
  for (const file of [...files.filter(name => name !== ENTRY), ENTRY]) {
    const path = join(shown, file);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(join(fresh, file), `${path}.new`);
    utimesSync(`${path}.new`, now, now);
    renameSync(`${path}.new`, path);
  }
  const kept = new Set(files);
  for (const file of filesBelow(shown)) {
    const path = join(shown, file);
    const isOfBefore = file.startsWith(BUNDLES) && timeOf(path) === before;
    if (!kept.has(file) && !isOfBefore) {
      rmSync(path);
    }
  }
}

/**
 * Replaces the extension that Lab serves whenever webpack has a whole build of it.
 *
 * Comes after the plugin of Lab's builder that writes the entry.
 */
export class ReplacePlugin {
  /** See `replaceBuild`; `fresh` is the folder that webpack's `static` is in. */
  constructor(fresh, shown) {
    this._fresh = fresh;
    this._shown = shown;
  }

  apply(compiler) {
    compiler.hooks.done.tap('ReplacePlugin', stats => {
      if (!stats.hasErrors()) {
        replaceBuild(this._fresh, this._shown);
      }
    });
  }
}
