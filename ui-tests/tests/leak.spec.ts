/**
 * What is opened and closed leaves nothing behind in the page.
 *
 * A few rounds show what grows from round to round. RSDAT_UI_ROUNDS=100 is a soak.
 */
import { expect, test, type CDPSession, type Page } from '@playwright/test';
import { openLab, run } from './lab';
import { newCluster, openPanel, scale, shutDown } from './support';

const ROUNDS = Number(process.env.RSDAT_UI_ROUNDS ?? 5);
/** Code is loaded and caches are filled in the first ones. */
const WARM_UP = 2;
/** A round opens some ten things of some hundred elements each. */
const ELEMENTS_A_ROUND = 5;
const LISTENERS_A_ROUND = 3;
/** Lab itself, with nothing opened, comes near a third of that. */
const BYTES_A_ROUND = 300_000;

interface ICount {
  bytes: number;
  elements: number;
  listeners: number;
}

/** Longer than any timer that may hold on to something. */
const LATER_MS = 15 * 60_000;

/** What is alive after everything was collected that can be. */
async function count(page: Page, devtools: CDPSession): Promise<ICount> {
  // What a timer or a request still holds is no leak.
  await page.clock.runFor(LATER_MS);
  await page.waitForLoadState('networkidle');
  for (let round = 0; round < 3; round++) {
    await devtools.send('HeapProfiler.collectGarbage');
  }
  const { metrics } = await devtools.send('Performance.getMetrics');
  const value = (name: string): number =>
    metrics.find(metric => metric.name === name)!.value;
  return {
    bytes: value('JSHeapUsedSize'),
    elements: value('Nodes'),
    listeners: value('JSEventListeners')
  };
}

/** Open a dialog by a command, which ends only with the dialog, and close it again. */
async function dialog(
  page: Page,
  id: string,
  args: Record<string, unknown> = {}
): Promise<void> {
  const ended = run(page, id, args as Record<string, string>);
  const shown = page.locator('.jp-Dialog');
  await shown
    .getByRole('button', { name: /^(Cancel|Close)$/ })
    .last()
    .click();
  await expect(shown).toHaveCount(0);
  await ended;
}

/** Each panel and dialog once. */
async function panels(page: Page): Promise<void> {
  await openPanel(page, 'Clusters');
  await openPanel(page, 'dCache');
  await expect(page.getByRole('grid', { name: 'Files' })).toBeVisible();
  await openPanel(page, 'Clusters');
  const region = page.getByRole('region', { name: 'Clusters', exact: true });
  await expect(region.getByRole('listitem').first()).toBeVisible();

  await dialog(page, 'rsdat:new-cluster', { form: true });
  for (const id of [
    'rsdat:scale-cluster',
    'rsdat:add-worker-group',
    'rsdat:set-idle-shutdown',
    'rsdat:attach-cluster',
    'rsdat-dcache:endpoints',
    'rsdat-dcache:token'
  ]) {
    await dialog(page, id);
  }

  // Back to what was there before, with the panels folded in.
  await page.locator('.jp-SideBar.jp-mod-left .lm-mod-current').click();
}

test('panels and dialogs that were closed leave nothing behind', async ({
  page
}) => {
  test.setTimeout(120_000 + ROUNDS * 30_000);
  await page.clock.install();
  await openLab(page, 'leak');
  const name = await newCluster(page);
  await scale(page, name, 1);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  await devtools.send('HeapProfiler.enable');

  for (let round = 0; round < WARM_UP; round++) {
    await panels(page);
  }
  const before = await count(page, devtools);
  for (let round = 0; round < ROUNDS; round++) {
    await panels(page);
  }
  const after = await count(page, devtools);
  const elements = (after.elements - before.elements) / ROUNDS;
  const listeners = (after.listeners - before.listeners) / ROUNDS;
  const bytes = (after.bytes - before.bytes) / ROUNDS;
  const told = JSON.stringify({ elements, listeners, bytes });
  expect(elements, told).toBeLessThanOrEqual(ELEMENTS_A_ROUND);
  expect(listeners, told).toBeLessThanOrEqual(LISTENERS_A_ROUND);
  expect(bytes, told).toBeLessThanOrEqual(BYTES_A_ROUND);

  await openPanel(page, 'Clusters');
  await shutDown(page, name);
});
