// npm run gallery: pictures of every panel, dialog and state, in each theme, wide and narrow, for
// review: gallery/index.html. Words after it choose walks: npm run gallery -- -g Clusters
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
import { root, setup, setupBrowserTests } from './setup.mjs';

const LIMIT_MS = 30 * 60_000;
const folder = join(root, 'gallery');

/** One row a state, one picture a theme and width. */
function index() {
  const pictures = readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .flatMap(name => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const rows = new Map();
  for (const picture of pictures) {
    const title = `${picture.walk}: ${picture.state}`;
    rows.set(title, [...(rows.get(title) ?? []), picture]);
  }
  const figure = ({ file, theme, width }) =>
    `<figure><figcaption>${theme}, ${width}</figcaption>` +
    `<a href="${file}"><img src="${file}" loading="lazy" alt=""></a></figure>`;
  const sections = [...rows].map(
    ([title, all]) =>
      `<h2>${title}</h2><div class="row">${all.map(figure).join('')}</div>`
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>rsdat: every state</title>
<style>
  body { font: 14px system-ui; margin: 1rem; background: #bbb; }
  .row { display: flex; gap: 0.5rem; overflow-x: auto; align-items: start; }
  figure { margin: 0; }
  img { max-height: 80vh; display: block; }
</style>
<h1>${pictures.length} pictures of ${rows.size} states</h1>
${sections.join('\n')}
</html>
`;
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
writeFileSync(join(folder, 'index.html'), index());
console.log('the pictures are in gallery/index.html');
process.exit(status ?? 1);
