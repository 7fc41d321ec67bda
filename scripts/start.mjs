// npm start: set-up, then Lab with everything working (see rsdat/demo/launcher.py).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setup, SetupError, venv } from './setup.mjs';

try {
  setup();
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exit(1);
}
const child = spawn(
  join(venv, 'bin', 'rsdat'),
  ['demo', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(venv, 'bin')}:${process.env.PATH}` }
  }
);
// A terminal sends Ctrl-C to both of us; the child decides when it has ended.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
