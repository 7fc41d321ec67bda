/** Step 3: dashboards as tabs, live, back after a reload, and below a base URL. */
import { expect, test } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { drag, newCluster, openPanel, reload, shutDown } from './support';

/** The drawn plot inside the frame of a dashboard tab. */
function plot(page: Page, name: string) {
  return page
    .frameLocator(`.jp-rsdat-Dashboard iframe[title="${name}"]`)
    .locator('.bk-Canvas, canvas')
    .first();
}

test('a dashboard opens by click, another by drag, and both are back after a reload', async ({
  page
}) => {
  const name = await newCluster(page);
  const dashboards = page.getByRole('region', {
    name: 'Dashboards',
    exact: true
  });
  const websocket = page.waitForEvent('websocket', socket =>
    socket.url().includes('/dashboard/')
  );
  await dashboards.getByText('Task Stream', { exact: true }).click();
  await expect(
    page.getByRole('main').getByRole('tab', { name: 'Task Stream' })
  ).toBeVisible();
  await websocket;
  await expect(plot(page, 'Task Stream')).toBeVisible({ timeout: 30_000 });

  // Lab saves its layout some time after the last change: the request that names both tabs.
  const saved = page.waitForRequest(
    request =>
      request.method() === 'PUT' &&
      request.url().includes('/api/workspaces') &&
      /task-stream/i.test(request.postData() ?? '') &&
      /progress/i.test(request.postData() ?? '')
  );
  await drag(
    page,
    dashboards.getByText('Progress', { exact: true }),
    page.locator('#jp-main-dock-panel')
  );
  await expect(
    page.getByRole('main').getByRole('tab', { name: 'Progress' })
  ).toBeVisible();
  await saved;
  await reload(page);
  await expect(
    page.getByRole('main').getByRole('tab', { name: 'Task Stream' })
  ).toBeVisible();
  await expect(
    page.getByRole('main').getByRole('tab', { name: 'Progress' })
  ).toBeVisible();
  for (const name of ['Task Stream', 'Progress']) {
    await page.getByRole('main').getByRole('tab', { name }).click();
    await expect(plot(page, name)).toBeVisible({ timeout: 30_000 });
  }
  await openPanel(page, 'Clusters');
  await shutDown(page, name);
});
