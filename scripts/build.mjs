// Bundles lib/ into rsdat/labextension with @jupyterlab/builder, without Python.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
// The builder wants a folder whose package.json names the packages that Lab shares.
const core = mkdtempSync(join(tmpdir(), 'rsdat-core-'));
copyFileSync(
  require.resolve('@jupyterlab/core-meta/core.package.json'),
  join(core, 'package.json')
);
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
