/**
 * Steps 6 to 8: the example notebook from top to bottom, and a killed Jupyter server.
 *
 * Plain Playwright: galata's fixtures talk to the server before and after each test, and a test
 * here kills it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import {
  KERNEL_MS,
  notebookReady,
  openLab,
  printed,
  progress,
  run,
  setFirstCell
} from './lab';
import {
  card,
  newCluster,
  openPanel,
  queuedJobs,
  scale,
  shutDown,
  stack
} from './support';

/** What stands in a file, or null while there is none. */
function text(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

test('the example computes the map from dCache and writes it back', async ({
  page
}) => {
  test.setTimeout(480_000);
  const before = queuedJobs();
  await openLab(page, 'main-job');
  await run(page, 'docmanager:open', { path: 'mean-reflectance.ipynb' });
  await notebookReady(page);
  // Not awaited: it ends when all cells have run, and after an error none does.
  void run(page, 'notebook:run-all-cells').catch(() => undefined);
  await expect
    .poll(
      async () => {
        const { cells, executed, errors } = await progress(page);
        return errors.length > 0 || executed === cells;
      },
      { timeout: 300_000 }
    )
    .toBe(true);
  expect((await progress(page)).errors).toEqual([]);
  expect(await printed(page)).toContain('8 images, largest relative error');
  await expect
    .poll(() => queuedJobs().filter(id => !before.includes(id)), {
      timeout: 60_000
    })
    .toEqual([]);
});

test('a killed Jupyter server loses neither cluster nor computation', async ({
  page
}) => {
  test.setTimeout(480_000);
  await openLab(page, 'kill');
  const name = await newCluster(page);
  await scale(page, name, 2);
  await expect(card(page, name)).toContainText(/2\s*connected/i, {
    timeout: 60_000
  });
  const jobs = queuedJobs();
  const address = (await card(page, name).innerText()).match(/tls:\/\/\S+/)![0];

  // The kernel outlives its server only as a process of its own, as after a crash of the machine's
  // Jupyter: the computation's client is therefore a script that the notebook starts.
  const [started, result, log] = ['started', 'result', 'log'].map(part =>
    join(stack().folder, `kill-test.${part}`)
  );
  const code = [
    'import subprocess, sys',
    "script = '''",
    'import rsdat, time',
    'def slow(i):',
    '    time.sleep(0.5)',
    '    return i',
    `client = rsdat.connect("${name}")`,
    'futures = client.map(slow, range(160))',
    `open("${started}", "w").close()`,
    'total = sum(client.gather(futures))',
    `print(total, file=open("${result}", "w"))`,
    "'''",
    `log = open("${log}", "w")`,
    'subprocess.Popen([sys.executable, "-c", script], start_new_session=True, stdout=log, stderr=log)'
  ].join('\n');
  await run(page, 'notebook:create-new', { kernelName: 'python3' });
  await notebookReady(page);
  await setFirstCell(page, code);
  await run(page, 'notebook:run-cell');
  await expect
    .poll(() => progress(page), { timeout: KERNEL_MS })
    .toEqual({ cells: 1, executed: 1, errors: [] });
  await expect
    .poll(() => text(started) ?? `not started; log: ${text(log)}`, {
      timeout: 120_000
    })
    .toBe('');

  const old = stack().labs.galata;
  process.kill(old, 'SIGKILL');
  expect(text(result)).toBeNull();
  await expect.poll(() => stack().labs.galata).not.toBe(old);
  await expect
    .poll(
      async () =>
        (await page.request.get('/api').catch(() => null))?.ok() ?? false,
      {
        timeout: 60_000
      }
    )
    .toBe(true);
  await openLab(page, 'kill');
  await openPanel(page, 'Clusters');
  await expect(card(page, name)).toContainText(address);
  await expect(card(page, name)).toContainText(/running/i);
  expect(queuedJobs()).toEqual(jobs);
  await expect
    .poll(() => text(result) ?? `no result; log: ${text(log)}`, {
      timeout: 120_000
    })
    .toBe('12720\n');
  await shutDown(page, name);
});
