/**
 * Steps 6 to 8: the example notebook from top to bottom, and a killed Jupyter server.
 *
 * Plain Playwright: galata's fixtures talk to the server before and after each test, and a test
 * here kills it.
 */
import { expect, test, type Page } from '@playwright/test';
import {
  card,
  newCluster,
  openPanel,
  queuedJobs,
  scale,
  shutDown,
  stack
} from './support';

/** A cell as this file looks at it. */
interface ICell {
  type: string;
  executionCount: number | null;
  outputs: {
    toJSON(): { output_type: string; ename?: string; evalue?: string }[];
  };
  sharedModel: { setSource(source: string): void };
}

/** What Lab leaves in the window of the page. */
interface ILabWindow {
  jupyterapp: {
    restored: Promise<void>;
    commands: {
      execute(id: string, args?: Record<string, string>): Promise<unknown>;
    };
    shell: {
      currentWidget: {
        content: {
          model: { cells: Iterable<ICell> & { get(index: number): ICell } };
        };
      };
    };
  };
}

/** Open Lab anew, in a workspace of its own, and wait until it is there. */
async function openLab(page: Page, workspace: string): Promise<void> {
  await page.goto(`/lab/workspaces/${workspace}?reset`);
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
  await page.evaluate(async () => {
    await (window as unknown as ILabWindow).jupyterapp.restored;
  });
}

/** Run a command of Lab in the page. */
async function run(
  page: Page,
  id: string,
  args: Record<string, string> = {}
): Promise<void> {
  await page.evaluate(
    async ([id, args]) => {
      await (window as unknown as ILabWindow).jupyterapp.commands.execute(
        id,
        args
      );
    },
    [id, args] as const
  );
}

test('the example computes the map from dCache and writes it back', async ({
  page
}) => {
  test.setTimeout(300_000);
  const before = queuedJobs();
  await openLab(page, 'main-job');
  await run(page, 'docmanager:open', { path: 'mean-reflectance.ipynb' });
  const prompts = page.locator('.jp-Notebook .jp-CodeCell .jp-InputPrompt');
  await expect(prompts.first()).toBeVisible();
  await expect(
    page.locator('#jp-main-statusbar').getByText('Idle')
  ).toBeVisible();
  // Cells out of sight have no elements: all of them must be counted.
  // Not awaited: it ends when all cells have run.
  void run(page, 'notebook:run-all-cells').catch(() => undefined);
  const results = page.locator('.jp-Notebook').getByText('largest');
  await expect(results.first()).toBeVisible({ timeout: 120_000 });
  await expect
    .poll(
      async () =>
        await page.evaluate(() => {
          const { model } = (window as unknown as ILabWindow).jupyterapp.shell
            .currentWidget.content;
          const cells = Array.from(model.cells).filter(
            cell => cell.type === 'code'
          );
          const errors = cells
            .flatMap(cell => cell.outputs.toJSON())
            .filter(output => output.output_type === 'error')
            .map(output => `${output.ename}: ${output.evalue}`);
          return errors.length
            ? errors
            : cells.every(cell => cell.executionCount !== null);
        }),
      { timeout: 240_000 }
    )
    .toBe(true);
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
  const code = [
    'import subprocess, sys',
    "script = '''",
    'import rsdat, time',
    'def slow(i):',
    '    time.sleep(0.5)',
    '    return i',
    `client = rsdat.connect("${name}")`,
    'futures = client.map(slow, range(160))',
    'open("kill-test.started", "w").close()',
    'total = sum(client.gather(futures))',
    'print(total, file=open("kill-test.txt", "w"))',
    "'''",
    'log = open("kill-test.log", "w")',
    'subprocess.Popen([sys.executable, "-c", script], start_new_session=True, stdout=log, stderr=log)'
  ].join('\n');
  await run(page, 'notebook:create-new', { kernelName: 'python3' });
  const cell = page.locator('.jp-Notebook .cm-content').first();
  await expect(cell).toBeVisible();
  await page.evaluate(source => {
    (
      window as unknown as ILabWindow
    ).jupyterapp.shell.currentWidget.content.model.cells
      .get(0)
      .sharedModel.setSource(source);
  }, code);
  await expect(
    page.locator('#jp-main-statusbar').getByText('Idle')
  ).toBeVisible();
  await run(page, 'notebook:run-cell');
  await expect
    .poll(
      async () => (await page.request.get('/files/kill-test.started')).status(),
      {
        timeout: 60_000
      }
    )
    .toBe(200);

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
  expect((await page.request.get('/files/kill-test.txt')).status()).toBe(404);
  await openLab(page, 'kill');
  await openPanel(page, 'Clusters');
  await expect(card(page, name)).toContainText(address, { timeout: 30_000 });
  await expect(card(page, name)).toContainText(/running/i);
  expect(queuedJobs()).toEqual(jobs);
  await expect
    .poll(
      async () => await (await page.request.get('/files/kill-test.txt')).text(),
      {
        timeout: 90_000
      }
    )
    .toBe('12720\n');
  await shutDown(page, name);
});
