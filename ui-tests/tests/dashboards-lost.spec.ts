/** Dashboards whose Jupyter server, or whose scheduler, is killed; and plots that a Dask lacks. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { openLab, run } from './lab';
import { card, newCluster, openPanel, shutDown, stack } from './support';

/** Open the Task Stream of the selected cluster, and wait until something is drawn. */
async function openTaskStream(page: Page): Promise<Locator> {
  const dashboards = page.getByRole('region', {
    name: 'Dashboards',
    exact: true
  });
  await dashboards.getByText('Task Stream', { exact: true }).click();
  const plot = page
    .frameLocator('.jp-rsdat-Dashboard iframe[title^="Task Stream ·"]')
    .locator('.bk-Canvas, canvas')
    .first();
  await expect(plot).toBeVisible({ timeout: 60_000 });
  return plot;
}

/** What the tab says instead of showing its page. */
function message(page: Page): Locator {
  return page.locator('.jp-rsdat-Dashboard-message');
}

/** Process id of the scheduler of a cluster that runs beside Jupyter. */
function schedulerPid(name: string): number {
  const clusters = join(stack().home, 'clusters');
  const records = readdirSync(clusters).flatMap(id => {
    try {
      const file = join(clusters, id, 'cluster.json');
      return [JSON.parse(readFileSync(file, 'utf8'))];
    } catch {
      return [];
    }
  });
  // A cluster that has ended may have had the same name.
  return records
    .filter(record => record.name === name)
    .sort((a, b) => a.created.localeCompare(b.created))
    .at(-1).scheduler.pid;
}

test('a dashboard comes back by itself when Jupyter does', async ({ page }) => {
  await openLab(page, 'lost');
  const name = await newCluster(page);
  const plot = await openTaskStream(page);
  const old = stack().labs.galata;
  process.kill(old, 'SIGKILL');
  await expect(message(page)).toContainText('Reconnecting', {
    timeout: 60_000
  });
  await expect(plot).toBeHidden();
  await expect.poll(() => stack().labs.galata).not.toBe(old);
  // No reload: Lab's own dialog about the lost server, if it came, is not ours to close.
  await expect(plot).toBeVisible({ timeout: 90_000 });
  await expect(message(page)).toBeHidden();
  await openLab(page, 'lost');
  await openPanel(page, 'Clusters');
  await shutDown(page, name);
});

test('a dashboard whose scheduler was killed says so', async ({ page }) => {
  await openLab(page, 'ended');
  const name = await newCluster(page);
  const plot = await openTaskStream(page);
  process.kill(schedulerPid(name), 'SIGKILL');
  await expect(message(page)).toContainText(`${name} has failed`, {
    timeout: 60_000
  });
  await expect(plot).toBeHidden();
  await expect(card(page, name)).toContainText(/failed/i);
  await shutDown(page, name);
  await expect(message(page)).toContainText(/was shut down|is gone/);
});

test('an error page of the companion is never shown in the place of a plot', async ({
  page
}) => {
  await openLab(page, 'refused');
  const name = await newCluster(page);
  const id = await card(page, name).getAttribute('data-cluster');
  // A key of before Jupyter was started anew.
  const address = `rsdat/clusters/${id}/dashboard/key/forgotten/`;
  const keys = /\/dashboard-key(\?.*)?$/;
  await page.route(keys, route => route.fulfill({ json: { path: address } }));
  const refused = () =>
    page.waitForResponse(
      answer => answer.url().includes(address) && answer.status() === 403
    );
  const first = refused();
  const dashboards = page.getByRole('region', {
    name: 'Dashboards',
    exact: true
  });
  await dashboards.getByText('Task Stream', { exact: true }).click();
  await first;
  await expect(message(page)).toContainText('broke. Reconnecting');
  const frame = page.locator('.jp-rsdat-Dashboard iframe');
  await expect(frame).toBeHidden();

  // By the keyboard, which stays on the button as long as that is of use.
  const again = message(page).getByRole('button', { name: 'Try again' });
  await again.focus();
  const second = refused();
  await page.keyboard.press('Enter');
  await second;
  await expect(message(page)).toContainText('broke. Reconnecting');
  await expect(again).toBeFocused();

  // It goes on by itself.
  await page.unroute(keys);
  await expect(
    page
      .frameLocator('.jp-rsdat-Dashboard iframe')
      .locator('.bk-Canvas, canvas')
      .first()
  ).toBeVisible({ timeout: 60_000 });
  await expect(message(page)).toBeHidden();
  await expect(
    page.locator('.jp-rsdat-Dashboard > .lm-Panel:not(.lm-BoxPanel)')
  ).toBeFocused();
  await shutDown(page, name);

  // Whoever has such an address in a browser's tab reads why there is nothing.
  await page.goto(`/${address}status`);
  await expect(page.locator('body')).toContainText('open it anew in Lab');
});

test('a plot that this Dask lacks is said in words', async ({ page }) => {
  await openLab(page, 'lacking');
  const name = await newCluster(page);
  await run(page, 'rsdat:open-dashboard', {
    plot: 'Plot of Tomorrow',
    page: 'individual-plot-of-tomorrow'
  });
  await expect(message(page)).toContainText(
    `The Dask of ${name} has no plot “Plot of Tomorrow”.`
  );
  await expect(page.locator('.jp-rsdat-Dashboard iframe')).toBeHidden();
  await shutDown(page, name);
});
