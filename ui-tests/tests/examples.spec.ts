/** The examples in the launcher: one opens, runs, and is never lost to a second click. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './galata';
import type { Locator, Page } from '@playwright/test';
import { KERNEL_MS, notebookReady, progress, run, setFirstCell } from './lab';
import { stack } from './support';

const TITLE = 'Point cloud statistics, chunk by chunk';
const CELLS = 4;

/** The card of the example in a new launcher. */
async function card(page: Page): Promise<Locator> {
  await run(page, 'launcher:create');
  const launcher = page.locator('.jp-Launcher:visible');
  await expect(launcher.getByText('Examples', { exact: true })).toBeVisible();
  return launcher.locator('.jp-LauncherCard', { hasText: TITLE });
}

/** The tab of the main area with this name. */
function tab(page: Page, name: string): Locator {
  return page.getByRole('main').getByRole('tab', { name, exact: true });
}

test('an example opens from the launcher and runs; a changed one is asked about', async ({
  page
}) => {
  test.setTimeout(3 * KERNEL_MS);
  const first = await card(page);
  await expect(first).toHaveAttribute('title', /Heights of ground and trees/);
  await first.click();
  await expect(tab(page, 'point-cloud.ipynb')).toBeVisible();
  await notebookReady(page);

  await page.notebook.selectCells(0);
  for (let cell = 0; cell < CELLS; cell++) {
    await page.keyboard.press('Shift+Enter');
  }
  await expect
    .poll(() => progress(page), { timeout: KERNEL_MS })
    .toMatchObject({ executed: 2, errors: [] });
  const data = 'demo/examples/point-cloud';
  await expect
    .poll(() => existsSync(join(stack().door.root, data, 'tile-1-1.laz')))
    .toBe(true);

  // As it was but for outputs: the same one again, without a question.
  await run(page, 'docmanager:save');
  await (await card(page)).click();
  await expect(page.locator('.jp-Launcher:visible')).toHaveCount(0);
  await expect(tab(page, 'point-cloud.ipynb')).toHaveCount(1);

  await setFirstCell(page, '# Mine');
  await run(page, 'docmanager:save');
  await (await card(page)).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('You have changed this example');
  await dialog.getByRole('button', { name: 'Open New Copy' }).click();
  await expect(tab(page, 'point-cloud-1.ipynb')).toBeVisible();
  await expect(
    page
      .locator('.jp-Notebook:visible')
      .getByRole('heading', { name: /^Point cloud statistics/ })
  ).toBeVisible();
  await expect(tab(page, 'point-cloud.ipynb')).toHaveCount(1);
});
