// Runs the browser tests of ui-tests, and counts them.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root, setupBrowserTests, venv } from './setup.mjs';

const folder = join(root, 'ui-tests');

/**
 * Run Playwright with its output shown as it comes.
 *
 * @param options.python The environment's Python that Lab and the stack run in.
 * @param options.results Where report and traces go; two runs at once need two places.
 * @param options.beside The tests of ui-tests/beside, with the packages beside us switched on.
 * @param options.args More for Playwright: files, --grep.
 * @param options.parts How many run at once, each with a stack of its own and a folder in `results`.
 * @returns How many passed, failed and were skipped; one failed where it died before it could count.
 */
export async function runBrowserTests({
  python = join(venv, 'bin', 'python'),
  results = join(folder, 'test-results'),
  beside = false,
  args = [],
  parts = 1
} = {}) {
  setupBrowserTests();
  const runs = Array.from({ length: parts }, (_, index) => {
    const part = `${index + 1}`;
    return parts === 1
      ? runPart({ python, results, beside, args })
      : runPart({
          python,
          results: join(results, `part-${part}`),
          beside,
          args: [...args, `--shard=${part}/${parts}`],
          sign: `${part}| `
        });
  });
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of await Promise.all(runs)) {
    for (const key of Object.keys(total)) {
      total[key] += counts[key];
    }
  }
  return total;
}

/** One Playwright; `sign` stands before each line that it says. */
async function runPart({ python, results, beside, args, sign = '' }) {
  // Where ui-tests/playwright.config.js has it written; an old one must not be counted.
  const file = join(results, 'report.json');
  rmSync(file, { force: true });
  const child = spawn(
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
      stdio: sign
        ? ['ignore', 'pipe', 'pipe']
        : ['ignore', 'inherit', 'inherit'],
      timeout: 60 * 60_000
    }
  );
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) {
      createInterface({ input: stream }).on('line', line =>
        console.log(`${sign}${line}`)
      );
    }
  }
  const isWell = await new Promise(resolve => {
    child.on('error', error => {
      console.error(String(error));
      resolve(false);
    });
    child.on('close', status => resolve(status === 0));
  });
  const stats = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8')).stats
    : {};
  const counts = {
    passed: (stats.expected ?? 0) + (stats.flaky ?? 0),
    failed: stats.unexpected ?? 0,
    skipped: stats.skipped ?? 0
  };
  return isWell || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}
