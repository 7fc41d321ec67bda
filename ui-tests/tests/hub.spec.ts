/** Step 3 below a JupyterHub-like base URL, with token and XSRF check: plain Playwright. */
import { expect, test } from '@playwright/test';
import { waitForLab } from './lab';
import { newCluster, openPanel, shutDown, stack } from './support';

test('panel and live dashboard below /user/ann/', async ({ page }) => {
  const { hub_url, hub_token } = stack();
  await page.goto(`${hub_url}lab?token=${hub_token}&reset`);
  await waitForLab(page);
  const name = await newCluster(page);
  const websocket = page.waitForEvent('websocket', socket =>
    socket.url().includes('/user/ann/rsdat/clusters/')
  );
  await page
    .getByRole('region', { name: 'Dashboards', exact: true })
    .getByText('Task Stream', { exact: true })
    .click();
  await websocket;
  await expect(
    page
      .frameLocator('.jp-rsdat-Dashboard iframe')
      .locator('.bk-Canvas, canvas')
      .first()
  ).toBeVisible({ timeout: 30_000 });
  const dcache = await openPanel(page, 'dCache');
  await expect(
    dcache.getByRole('grid', { name: 'Files' }).getByRole('row').nth(1)
  ).toBeVisible();
  await openPanel(page, 'Clusters');
  await shutDown(page, name);
});
