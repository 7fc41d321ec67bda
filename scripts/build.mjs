// Bundles lib/ into rsdat/labextension with @jupyterlab/builder, without Python.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const json = path => JSON.parse(readFileSync(path, 'utf8'));

/**
 * The packages that Lab shares, as the builder wants them, but each asked for as package.json does:
 * the builder would ask for what is compiled against, and an older Lab warn of every package.
 */
function sharedPackages() {
  const meta = json(require.resolve('@jupyterlab/core-meta/core.package.json'));
  for (const [name, range] of Object.entries(
    json(require.resolve('../package.json')).dependencies
  )) {
    for (const list of [meta.dependencies, meta.resolutions]) {
      if (list?.[name]) {
        list[name] = range;
      }
    }
  }
  return meta;
}

const core = mkdtempSync(join(tmpdir(), 'rsdat-core-'));
writeFileSync(join(core, 'package.json'), JSON.stringify(sharedPackages()));
const { status } = spawnSync(
  process.execPath,
  [
    require.resolve('@jupyterlab/builder/lib/build-labextension.js'),
    '--core-path',
    core,
    ...process.argv.slice(2),
    '.'
  ],
  { stdio: 'inherit' }
);
rmSync(core, { recursive: true });
process.exit(status ?? 1);
