/** A walk through what is ours in places that are Lab's: launcher, notifications, menus, Running, notebooks. */
import { expect } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import {
  KERNEL_MS,
  notebookReady,
  printed,
  run,
  setFirstCell,
  waitForLab
} from './lab';
import { INDICATOR, TOASTS, dismiss, type ILook } from './looks';
import { aCluster, answer, api, everyCluster, pulses } from './samples';
import { putFile, row, show } from './storage';
import { card, openPanel } from './support';

/** Not the lines between them, which axe refuses. */
const ITEMS = ['.lm-Menu-item[data-type="command"]'];

/** A client of a scheduler that is in the kernel itself; prints its id. */
const CLIENT = `from distributed import Client

client = Client(processes=False, n_workers=1, dashboard_address=None)
print(client.scheduler_info()["id"])`;

/** Open Lab with clusters that compute, after what the companion answers was set up. */
export async function openBusy(page: Page): Promise<void> {
  await answer(page, 'clusters', everyCluster());
  await answer(page, 'clusters/pulse', pulses());
  // Not galata's own object, which waits for a launcher.
  const [own] = page.context().pages();
  await own.goto('/lab/workspaces/axe?reset');
  await waitForLab(page);
}

/** Show how busy a cluster is: what is out of sight is not asked for. */
export async function showActivity(page: Page, name: string): Promise<Locator> {
  await openPanel(page, 'Clusters');
  await card(page, name).locator('.jp-rsdat-Overview').scrollIntoViewIfNeeded();
  const lines = card(page, name).getByRole('group', {
    name: `Activity of ${name}`
  });
  await expect(lines).toBeVisible();
  return lines;
}

/** Also while it is hidden, when it has no accessible name. */
function says(
  indicator: Locator,
  words: RegExp,
  timeout?: number
): Promise<void> {
  return expect(indicator).toHaveAttribute('aria-label', words, { timeout });
}

/**
 * Have what was in a notebook's toolbar there again. After a narrow window Lab may leave it in the menu
 * behind the three dots until the width changes once more.
 */
async function bringBack(page: Page, item: Locator): Promise<void> {
  const size = page.viewportSize()!;
  await expect(async () => {
    await page.setViewportSize({ ...size, width: size.width - 8 });
    await page.setViewportSize(size);
    await expect(item).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
}

export async function walkLab(page: Page, eye: ILook): Promise<void> {
  await openBusy(page);
  await eye.prepare(page);
  // What ends soon is told.
  await expect(page.locator(TOASTS)).toContainText('Two workers end');
  await eye.look(page, 'notification', [TOASTS]);
  await dismiss(page);

  const cards = '.jp-LauncherCard[data-category="Dask and dCache"]';
  await expect(page.locator(cards)).toHaveCount(3);
  await eye.look(page, 'launcher', [cards]);

  const lines = await showActivity(page, 'spider-1');
  await eye.look(page, 'activity', ['.jp-rsdat-Overview']);
  const numbers = '.jp-rsdat-OverviewDetail';
  const showNumbers = async (): Promise<void> => {
    // In a narrow window they stand elsewhere.
    await lines.blur();
    await lines.focus();
    await expect(page.locator(numbers)).toContainText('mean_chunk');
  };
  await showNumbers();
  await eye.look(page, 'activity in numbers', [numbers], [], showNumbers);

  const menu = page.locator('.lm-Menu');
  await card(page, 'spider-1').click({ button: 'right' });
  await expect(menu.getByRole('menuitem').first()).toBeVisible();
  await eye.look(page, 'menu of a cluster', ITEMS);
  await page.keyboard.press('Escape');

  await putFile('/axe/a.txt', 'a\n');
  const panel = await show(page, '/axe');
  await row(panel, 'a.txt').click({ button: 'right' });
  await expect(menu.getByRole('menuitem').first()).toBeVisible();
  await eye.look(page, 'menu of a file', ITEMS);
  await page.keyboard.press('Escape');

  await run(page, 'running:show-panel');
  const running = '.jp-RunningSessions-section[data-ours]';
  await page
    .locator('.jp-RunningSessions-section')
    .filter({ hasText: 'spider-1' })
    .evaluate(node => node.setAttribute('data-ours', ''));
  await eye.look(page, 'running', [`${running} .jp-RunningSessions-item`]);

  await run(page, 'notebook:create-new', { kernelName: 'python3' });
  const indicator = page.locator('.jp-rsdat-Indicator-button');
  await expect(indicator.locator('svg')).toBeVisible({ timeout: 60_000 });
  await says(indicator, /not connected/, 60_000);
  await eye.look(page, 'notebook', [INDICATOR]);
  await bringBack(page, indicator);
  await indicator.click();
  await expect(menu).toContainText('Connect to spider-1');
  await eye.look(page, 'menu of a notebook', ITEMS);
  await page.keyboard.press('Escape');

  await notebookReady(page);
  await setFirstCell(page, CLIENT);
  await run(page, 'notebook:run-cell');
  await says(indicator, /not among your clusters/, KERNEL_MS);
  await bringBack(page, indicator);
  await eye.look(page, 'notebook with a client', [INDICATOR]);
  const id = (await printed(page)).trim();
  const { scheduler } = aCluster();
  for (const [state, words] of [
    ['running', 'connected to spider-1'],
    ['failed', 'the cluster spider-1 has ended']
  ] as const) {
    const cluster = aCluster({ state, scheduler: { ...scheduler, id } });
    await page.unroute(api('clusters'));
    await answer(page, 'clusters', { ...everyCluster(), clusters: [cluster] });
    await openPanel(page, 'Clusters');
    await run(page, 'running:show-panel');
    await says(indicator, new RegExp(words));
    await bringBack(page, indicator);
    await eye.look(page, `notebook of a cluster that is ${state}`, [INDICATOR]);
  }
}
