// npm run tour: goes through docs/tour.md in the real product and keeps a picture of each step.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensurePrograms } from './debian.mjs';
import { root, setup, setupBrowserTests, venv } from './setup.mjs';

const LIMIT_MS = 15 * 60_000;
const pictures = join(root, 'docs', 'pictures');

const missing = ensurePrograms({ chromium: 'chromium' });
if (missing.chromium) {
  console.error(`no pictures without Chromium: ${missing.chromium}`);
  process.exit(1);
}
setup();
setupBrowserTests();
for (const [cwd, command, ...args] of [
  [
    join(root, 'ui-tests'),
    join('node_modules', '.bin', 'playwright'),
    ...['test', 'tests/tour.spec.ts', '--reporter', 'list']
  ],
  [root, join(venv, 'bin', 'python'), 'scripts/tour_pictures.py', pictures]
]) {
  const { status } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, RSDAT_TOUR: pictures },
    stdio: 'inherit',
    timeout: LIMIT_MS
  });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
}
