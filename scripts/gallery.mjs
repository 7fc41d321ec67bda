// npm run gallery: pictures of every panel, dialog and state, in each theme, wide and narrow, for
// review: gallery/index.html. Words after it choose walks: npm run gallery -- -g clusters
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { ensurePrograms } from './debian.mjs';
import { galleryIndex } from './gallery_index.mjs';
import { root, setup, setupBrowserTests } from './setup.mjs';

const LIMIT_MS = 45 * 60_000;
const folder = join(root, 'gallery');

/** What was taken, walk by walk. */
function pictures() {
  return readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .sort()
    .flatMap(name => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

const missing = ensurePrograms({ chromium: 'chromium' });
if (missing.chromium) {
  console.error(`no pictures without Chromium: ${missing.chromium}`);
  process.exit(1);
}
setup();
setupBrowserTests();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const { status } = spawnSync(
  join('node_modules', '.bin', 'playwright'),
  ['test', '-c', 'gallery.config.js', ...process.argv.slice(2)],
  {
    cwd: join(root, 'ui-tests'),
    env: { ...process.env, RSDAT_GALLERY: folder },
    stdio: 'inherit',
    timeout: LIMIT_MS
  }
);
writeFileSync(join(folder, 'index.html'), galleryIndex(pictures()));
console.log('the pictures are in gallery/index.html');
process.exit(status ?? 1);
