// npm run lint: every static check; each is one line of the result. --fix mends what tools can mend.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, venv } from './setup.mjs';

const bin = name => join(root, 'node_modules', '.bin', name);
const python = name => join(venv, 'bin', name);
const prettierFiles = [
  'src/**/*.{ts,tsx}',
  'ui-tests/**/*.{ts,js,mjs}',
  'scripts/**/*.mjs',
  'style/*.css',
  'schema/*.json'
];

/** The checks: title, command, and what --fix adds or changes. */
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

/** Run all checks; returns how many passed and the titles of those that failed. */
export function lint(fix = false) {
  const failed = [];
  for (const check of checks) {
    const command = fix
      ? (check.fixed ?? [...check.command, ...(check.fix ?? [])])
      : check.command;
    const began = Date.now();
    const { status, stdout, stderr } = spawnSync(command[0], command.slice(1), {
      cwd: root,
      encoding: 'utf8',
      timeout: 10 * 60_000
    });
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    console.log(
      `${status === 0 ? 'ok    ' : 'FAILED'} ${check.title} (${seconds} s)`
    );
    if (status !== 0) {
      failed.push(check.title);
      console.log(stdout ?? '', stderr ?? '');
    }
  }
  return { passed: checks.length - failed.length, failed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exit(lint(process.argv.includes('--fix')).failed.length ? 1 : 0);
}
