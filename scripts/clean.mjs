// Removes what set-up and builds made; the demo's data stay.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const labs = readdirSync(root).filter(name => name.startsWith('.venv-lab-'));
for (const path of [
  ...labs,
  'lib',
  'tsconfig.tsbuildinfo',
  'rsdat/labextension',
  '.venv',
  'node_modules',
  'ui-tests/node_modules',
  'ui-tests/test-results'
]) {
  rmSync(join(root, path), { recursive: true, force: true });
}
