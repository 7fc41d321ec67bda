/** Steps 6 to 8: the example notebook from top to bottom, and a killed Jupyter server. */
import { expect, test } from '@jupyterlab/galata';
import {
  card,
  newCluster,
  openPanel,
  queuedJobs,
  reload,
  shutDown,
  stack
} from './support';

test('the example computes the map from dCache and writes it back', async ({
  page
}) => {
  test.setTimeout(300_000);
  const before = queuedJobs();
  await page.notebook.openByPath('mean-reflectance.ipynb');
  await page.notebook.run();
  const problems = page.locator(
    '.jp-Notebook [data-mime-type="application/vnd.jupyter.stderr"], .jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]'
  );
  await expect(
    page.locator('.jp-Notebook .jp-RenderedImage img').first()
  ).toBeVisible();
  expect(await problems.allInnerTexts()).toEqual([]);
  await expect
    .poll(() => queuedJobs().filter(id => !before.includes(id)), {
      timeout: 60_000
    })
    .toEqual([]);
});

test('a killed Jupyter server loses neither cluster nor computation', async ({
  page
}) => {
  test.setTimeout(240_000);
  const name = await newCluster(page);
  await scale(page, name, 2);
  await expect(card(page, name)).toContainText(/2\s*connected/i, { timeout: 60_000 });
  const jobs = queuedJobs();
  const address = (await card(page, name).innerText()).match(/tls:\/\/\S+/)![0];
  await page.notebook.createNew();
  await page.notebook.setCell(
    0,
    'code',
    [
      'import rsdat, time, subprocess, sys, os',
      // The computation's client is a process of its own: kernels die with a killed server's parent poller.
      `code = '''import rsdat, time`,
      `client = rsdat.connect("${name}")`,
      `print(sum(client.gather(client.map(lambda i: (time.sleep(0.5), i)[1], range(40)))), file=open("kill-test.txt", "w"))'''`,
      'subprocess.Popen([sys.executable, "-c", code], start_new_session=True)'
    ].join('\n')
  );
  await page.notebook.runCell(0, true);

  const old = stack().labs.galata;
  process.kill(old, 'SIGKILL');
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
  await reload(page);
  await openPanel(page, 'Clusters');
  await expect(card(page, name)).toContainText(address, { timeout: 30_000 });
  await expect(card(page, name)).toContainText(/running/i);
  expect(queuedJobs()).toEqual(jobs);
  await expect
    .poll(async () => (await page.request.get('/files/kill-test.txt')).text(), {
      timeout: 90_000
    })
    .toBe('780\n');
  await shutDown(page, name);
});
