// Makes node_modules, .venv and the built extension; does nothing when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePrograms } from './debian.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const venv = join(root, '.venv');
// What each step last worked on; beside its result, so that both go together.
const stamps = {
  node: join(root, 'node_modules', '.rsdat-setup'),
  extension: join(root, 'rsdat', 'labextension', '.rsdat-setup'),
  python: join(venv, '.rsdat-setup'),
  browser: join(root, 'ui-tests', 'node_modules', '.rsdat-setup')
};

/** A failed step: its message is all the user needs. */
export class SetupError extends Error {}

function say(text) {
  console.error(`rsdat setup: ${text}`);
}

/** Run a step; its output is shown only when it fails, unless `verbose`. */
export function step(title, command, args, options = {}) {
  say(title);
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    ...options
  });
  if (error || status !== 0) {
    throw new SetupError(
      `${title} failed: ${command} ${args.join(' ')}\n${stdout ?? ''}${stderr ?? ''}${error ?? ''}`
    );
  }
  return stdout;
}

export function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesBelow(folder) {
  return readdirSync(join(root, folder), {
    withFileTypes: true,
    recursive: true
  })
    .filter(entry => entry.isFile())
    .map(entry =>
      join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1)
    )
    .sort();
}

function isFresh(name, value) {
  return (
    existsSync(stamps[name]) && readFileSync(stamps[name], 'utf8') === value
  );
}

function stamp(name, value) {
  writeFileSync(stamps[name], value);
}

function findPython() {
  const names = process.env.RSDAT_PYTHON
    ? [process.env.RSDAT_PYTHON]
    : ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
  for (const name of names) {
    const { status } = spawnSync(name, [
      '-c',
      'import sys; sys.exit(sys.version_info < (3, 10))'
    ]);
    if (status === 0) {
      return name;
    }
  }
  throw new SetupError(
    'No Python 3.10 or newer on the PATH. Install one, or name it in RSDAT_PYTHON.'
  );
}

function setupNode() {
  const value = digest(['package.json', 'package-lock.json']);
  if (isFresh('node', value)) {
    return;
  }
  step('installing the front-end packages', 'npm', [
    'ci',
    '--no-fund',
    '--no-audit'
  ]);
  stamp('node', value);
}

function setupPython() {
  const value = digest([
    'pyproject.toml',
    'package.json',
    'scripts/constraints.txt'
  ]);
  const python = join(venv, 'bin', 'python');
  if (existsSync(python) && isFresh('python', value)) {
    return;
  }
  if (!existsSync(python)) {
    // A half-made .venv (no pip, an interrupted run) is no base to go on from.
    rmSync(venv, { recursive: true, force: true });
    try {
      step('making the Python environment', findPython(), ['-m', 'venv', venv]);
    } catch (error) {
      if (!String(error).includes('ensurepip')) {
        throw error;
      }
      // Debian splits the venv module from Python.
      rmSync(venv, { recursive: true, force: true });
      const missing = ensurePrograms({
        'python3-venv (the module)': 'python3-venv'
      });
      if (spawnSync(findPython(), ['-c', 'import ensurepip']).status !== 0) {
        throw new SetupError(
          `This Python has no 'venv': ${Object.values(missing).join()}`
        );
      }
      step('making the Python environment', findPython(), ['-m', 'venv', venv]);
    }
  }
  step('installing uv', python, [
    '-m',
    'pip',
    'install',
    '-q',
    '--disable-pip-version-check',
    'uv'
  ]);
  unlinkExtension(venv);
  step('installing the Python packages', join(venv, 'bin', 'uv'), [
    'pip',
    'install',
    '--python',
    python,
    '--compile-bytecode',
    '-c',
    'scripts/constraints.txt',
    '-e',
    '.[test]'
  ]);
  linkExtension(venv);
  stamp('python', value);
}

function extensionIn(environment) {
  return join(
    environment,
    'share',
    'jupyter',
    'labextensions',
    'jupyterlab-rsdat'
  );
}

/** Before an install, which would write and delete in the checkout through the link. */
export function unlinkExtension(environment) {
  const link = extensionIn(environment);
  if (existsSync(link) || isLink(link)) {
    rmSync(link, { recursive: true });
  }
}

/** Lab reads the extension from the checkout, so that a rebuild needs no reinstall. */
export function linkExtension(environment) {
  unlinkExtension(environment);
  const link = extensionIn(environment);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(root, 'rsdat', 'labextension'), link);
}

function isLink(path) {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function setupExtension() {
  const value = digest([
    'package.json',
    'tsconfig.json',
    'scripts/build.mjs',
    'scripts/replace.mjs',
    'scripts/webpack.config.cjs',
    ...filesBelow('src'),
    ...filesBelow('style'),
    ...filesBelow('schema')
  ]);
  if (isFresh('extension', value)) {
    return;
  }
  step('building the extension', 'npm', ['run', 'build']);
  stamp('extension', value);
}

/** The browser tests' own packages; not needed to start. */
export function setupBrowserTests() {
  const value = digest(['ui-tests/package.json', 'ui-tests/package-lock.json']);
  if (isFresh('browser', value)) {
    return;
  }
  step(
    'installing the browser tests',
    'npm',
    ['ci', '--no-fund', '--no-audit'],
    {
      cwd: join(root, 'ui-tests'),
      // Debian's Chromium is used; Playwright's own download is not.
      env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' }
    }
  );
  stamp('browser', value);
}

/** All of it. The extension comes first: installing the package looks for it. */
export function setup() {
  const began = Date.now();
  setupNode();
  setupExtension();
  setupPython();
  const seconds = (Date.now() - began) / 1000;
  if (seconds > 2) {
    say(`ready after ${Math.round(seconds)} s`);
  }
}

if (
  process.argv[1] &&
  statSync(process.argv[1]).ino === statSync(fileURLToPath(import.meta.url)).ino
) {
  try {
    setup();
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exit(1);
  }
}
