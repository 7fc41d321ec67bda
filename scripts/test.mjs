// npm test: set-up, lint and types, jest, pytest, browser; the last line sums them up.
//
//   npm test                      everything
//   npm test -- --only jest       one of: lint, jest, pytest, browser (may be given twice)
//   npm run test:long             the soak and fault rounds (pytest -m long, @long in the browser)
//   npm test -- --with-long       everything, and these rounds too
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBrowserTests } from './browser.mjs';
import { ensurePrograms, PROGRAMS } from './debian.mjs';
import { lint } from './lint.mjs';
import { root, setup, SetupError, venv } from './setup.mjs';

const only = process.argv.flatMap((word, index) =>
  word === '--only' ? [process.argv[index + 1]] : []
);
const isLong = process.argv.includes('--long');
const withLong = process.argv.includes('--with-long');
/** In the titles of browser tests: ui-tests/tests/lab.ts. */
const LONG = '@long';
const reports = mkdtempSync(join(tmpdir(), 'rsdat-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const notes = [];

function add(title, counts) {
  for (const key of Object.keys(total)) {
    total[key] += counts[key] ?? 0;
  }
  const { passed = 0, failed = 0, skipped = 0 } = counts;
  notes.push(
    `${title}: ${passed} passed, ${failed} failed, ${skipped} skipped`
  );
}

function wants(name) {
  return only.length === 0 || only.includes(name);
}

/** Run a runner with its output shown as it comes; true when it exited with 0. */
function show(title, command, args, options = {}) {
  console.log(`\n== ${title}`);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 60 * 60_000,
    ...options
  });
  if (error) {
    console.error(String(error));
  }
  return status === 0;
}

/** A runner that died before it could count is one failure. */
function counted(ok, counts) {
  return ok || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

function runJest() {
  const file = join(reports, 'jest.json');
  const ok = show('jest', join(root, 'node_modules', '.bin', 'jest'), [
    '--json',
    `--outputFile=${file}`
  ]);
  const result = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  add(
    'jest',
    counted(ok, {
      passed: result.numPassedTests ?? 0,
      failed:
        (result.numFailedTests ?? 0) + (result.numRuntimeErrorTestSuites ?? 0),
      skipped: (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0)
    })
  );
}

function runPytest(long = false) {
  const title = long ? 'pytest, long rounds' : 'pytest';
  const file = join(reports, long ? 'long.xml' : 'pytest.xml');
  const ok = show(title, join(venv, 'bin', 'pytest'), [
    `--junitxml=${file}`,
    ...['-m', long ? 'long' : 'not long'],
    // Most tests wait for Slurm or Dask; each process has a Slurm of its own.
    ...['--numprocesses=2', '--dist=loadfile'],
    '--durations=10'
  ]);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (existsSync(file)) {
    const suite = readFileSync(file, 'utf8').match(/<testsuite [^>]*>/)[0];
    const number = name =>
      Number(suite.match(new RegExp(` ${name}="(\\d+)"`))?.[1] ?? 0);
    counts.failed = number('failures') + number('errors');
    counts.skipped = number('skipped');
    counts.passed = number('tests') - counts.failed - counts.skipped;
  }
  add(title, counted(ok, counts));
}

/** Skipped as one where there is no Chromium. */
async function runBrowser(title, missing, options) {
  console.log(`\n== ${title}`);
  if (missing.chromium) {
    console.log(`skipped: chromium ${missing.chromium}`);
    add(title, { skipped: 1 });
    return;
  }
  add(title, await runBrowserTests(options));
}

async function runLint() {
  console.log('\n== lint and types');
  const { passed, failed } = await lint();
  add('lint', { passed, failed: failed.length });
}

const began = Date.now();
try {
  const missing = ensurePrograms(PROGRAMS);
  setup();
  if (!isLong) {
    wants('lint') && (await runLint());
    wants('jest') && runJest();
    wants('pytest') && runPytest();
    wants('browser') &&
      (await runBrowser('browser', missing, {
        args: ['--grep-invert', LONG],
        // One alone leaves half of two cores idle.
        parts: 2
      }));
  }
  if (isLong || withLong) {
    wants('pytest') && runPytest(true);
    wants('browser') &&
      (await runBrowser('browser, long rounds', missing, {
        args: ['--grep', LONG]
      }));
  }
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  total.failed += 1;
} finally {
  rmSync(reports, { recursive: true, force: true });
}
console.log(
  `\n${notes.join('\n')}\n${Math.round((Date.now() - began) / 1000)} s in all`
);
console.log(
  `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`
);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
