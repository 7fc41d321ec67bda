// npm run lint: every static check; each is one line of the result. --fix mends what tools can mend.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, setupBrowserTests, SetupError, venv } from './setup.mjs';

const bin = name => join(root, 'node_modules', '.bin', name);
const python = name => join(venv, 'bin', name);
const prettierFiles = [
  'src/**/*.{ts,tsx}',
  'ui-tests/**/*.{ts,js,mjs}',
  'scripts/**/*.mjs',
  'style/*.css',
  'schema/*.json'
];
/** None of them needs more than one core, but for moments. */
const AT_ONCE = 2;

/** The checks: title, command, what it needs to be set up, and what --fix adds or changes. */
export const checks = [
  { title: 'tsc', command: [bin('tsc'), '--noEmit', '-p', '.'] },
  {
    title: 'eslint',
    command: [
      bin('eslint'),
      '--max-warnings',
      '0',
      'src',
      'ui-tests/tests',
      'ui-tests/beside'
    ],
    fix: ['--fix']
  },
  {
    title: 'tsc, browser tests',
    command: [bin('tsc'), '-p', 'ui-tests'],
    setup: setupBrowserTests
  },
  {
    title: 'prettier',
    command: [bin('prettier'), '--check', ...prettierFiles],
    fixed: [bin('prettier'), '--write', ...prettierFiles]
  },
  {
    title: 'stylelint',
    command: [bin('stylelint'), 'style/**/*.css'],
    fix: ['--fix']
  },
  {
    title: 'api types',
    command: [process.execPath, 'scripts/generate-types.mjs', '--check'],
    fixed: [process.execPath, 'scripts/generate-types.mjs']
  },
  {
    // What the user reads can be translated, and the template for that has all of it.
    title: 'translations',
    command: [process.execPath, 'scripts/translations.mjs', '--check'],
    fixed: [process.execPath, 'scripts/translations.mjs']
  },
  { title: 'ruff check', command: [python('ruff'), 'check'], fix: ['--fix'] },
  {
    title: 'ruff format',
    command: [python('ruff'), 'format', '--check'],
    fixed: [python('ruff'), 'format']
  },
  { title: 'mypy', command: [python('mypy')] },
  {
    // Every warning an error: a broken link, a docstring that is not what Sphinx reads.
    title: 'docs',
    command: [python('sphinx-build'), '-W', '-q', '-b', 'html', 'docs', 'site']
  }
];

/** Run one; resolves to its exit code (null where it could not run) and what it said. */
function runCheck([command, ...args]) {
  return new Promise(resolve => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 10 * 60_000
    });
    const said = [];
    child.stdout.on('data', data => said.push(data));
    child.stderr.on('data', data => said.push(data));
    child.on('error', error => resolve({ status: null, text: String(error) }));
    child.on('close', status =>
      resolve({ status, text: Buffer.concat(said).toString() })
    );
  });
}

/** Run all checks; returns how many passed and the titles of those that failed. */
export async function lint(fix = false) {
  const failed = [];
  const waiting = [];
  for (const check of checks) {
    try {
      check.setup?.();
      waiting.push(check);
    } catch (error) {
      if (!(error instanceof SetupError)) {
        throw error;
      }
      failed.push(check.title);
      console.log(`FAILED ${check.title}\n${error.message}`);
    }
  }
  async function work() {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const command = fix
        ? (check.fixed ?? [...check.command, ...(check.fix ?? [])])
        : check.command;
      const began = Date.now();
      const { status, text } = await runCheck(command);
      const seconds = ((Date.now() - began) / 1000).toFixed(1);
      console.log(
        `${status === 0 ? 'ok    ' : 'FAILED'} ${check.title} (${seconds} s)`
      );
      if (status !== 0) {
        failed.push(check.title);
        console.log(text);
      }
    }
  }
  // Those that mend work on the same files.
  const atOnce = fix ? 1 : AT_ONCE;
  await Promise.all(Array.from({ length: atOnce }, work));
  return { passed: checks.length - failed.length, failed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { failed } = await lint(process.argv.includes('--fix'));
  process.exit(failed.length ? 1 : 0);
}
