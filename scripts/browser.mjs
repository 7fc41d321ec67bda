// Runs the browser tests of ui-tests, and counts them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, setupBrowserTests, venv } from './setup.mjs';

const folder = join(root, 'ui-tests');

/**
 * Run Playwright with its output shown as it comes.
 *
 * @param options.python The environment's Python that Lab and the stack run in.
 * @param options.results Where report and traces go; two runs at once need two places.
 * @param options.beside The tests of ui-tests/beside, with the packages beside us switched on.
 * @param options.args More for Playwright: files, --grep.
 * @returns How many passed, failed and were skipped; one failed where it died before it could count.
 */
export function runBrowserTests({
  python = join(venv, 'bin', 'python'),
  results = join(folder, 'test-results'),
  beside = false,
  args = []
} = {}) {
  setupBrowserTests();
  // Where ui-tests/playwright.config.js has it written; an old one must not be counted.
  const file = join(results, 'report.json');
  rmSync(file, { force: true });
  const { status, error } = spawnSync(
    join(folder, 'node_modules', '.bin', 'playwright'),
    ['test', ...args],
    {
      cwd: folder,
      env: {
        ...process.env,
        RSDAT_UI_PYTHON: python,
        RSDAT_UI_RESULTS: results,
        ...(beside && { RSDAT_UI_BESIDE: '1' })
      },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: 60 * 60_000
    }
  );
  if (error) {
    console.error(String(error));
  }
  const stats = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8')).stats
    : {};
  const counts = {
    passed: (stats.expected ?? 0) + (stats.flaky ?? 0),
    failed: stats.unexpected ?? 0,
    skipped: stats.skipped ?? 0
  };
  return status === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}
