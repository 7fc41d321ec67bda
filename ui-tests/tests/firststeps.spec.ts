/** What somebody sees who comes to rsdat: with it, without its part in the server, and with another version of it. */
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './galata';
import { run, waitForLab } from './lab';
import { card, openPanel, shutDown } from './support';

test.use({ autoGoto: false });

/** Open Lab, whatever stands in the way of our requests. */
async function open(page: IJupyterLabPageFixture): Promise<void> {
  await page.goto();
  await waitForLab(page);
}

/** The section of a new launcher that is ours. */
async function cards(page: Page): Promise<Locator> {
  await run(page, 'launcher:create');
  return page
    .locator('.jp-Launcher:visible .jp-Launcher-section')
    .filter({ hasText: 'Dask and dCache' });
}

/** Notifications that say this. */
function told(page: Page, words: string | RegExp): Locator {
  return page.locator('.Toastify__toast').filter({ hasText: words });
}

test('without its part in the server: said once, with the fix, and offered again when it is there', async ({
  page
}) => {
  await page.route(/\/rsdat\//, route =>
    route.fulfill({ status: 404, contentType: 'text/html', body: '<html>' })
  );
  await open(page);
  const words = /does not have its part of rsdat.*pip install rsdat/;
  await expect(told(page, words)).toHaveCount(1);
  await expect(await cards(page)).toHaveCount(0);

  const region = await openPanel(page, 'Clusters');
  await expect(region).toContainText(words);
  const files = await openPanel(page, 'dCache');
  await expect(files).toContainText('does not have its part of rsdat');
  await expect(told(page, words)).toHaveCount(1);

  await page.unroute(/\/rsdat\//);
  await told(page, words).getByRole('button', { name: 'Check again' }).click();
  await expect(told(page, words)).toHaveCount(0);
  const section = page.locator('.jp-Launcher:visible .jp-Launcher-section', {
    hasText: 'Dask and dCache'
  });
  await expect(section.locator('.jp-LauncherCard')).toHaveCount(3);
});

test('with a server part of another version: a notice and a banner say what to do', async ({
  page
}) => {
  await page.route(/\/rsdat\/api\/info/, async route => {
    const response = await route.fetch();
    const info = await response.json();
    await route.fulfill({ response, json: { ...info, version: '0.0.1' } });
  });
  await open(page);
  const words = /is installed, but Jupyter still runs version 0\.0\.1/;
  await expect(told(page, words)).toHaveCount(1);
  for (const name of ['Clusters', 'dCache'] as const) {
    const region = await openPanel(page, name);
    await expect(region.getByText(words)).toBeVisible();
  }

  await page.unroute(/\/rsdat\/api\/info/);
  const region = page.getByRole('region', { name: 'dCache', exact: true });
  await region.getByRole('button', { name: 'Check again' }).click();
  await expect(region.getByText(words)).toBeHidden();
  await expect(told(page, words)).toHaveCount(0);
});

test('a Jupyter that its hub has stopped is not taken for a fault of rsdat', async ({
  page
}) => {
  await page.route(/\/rsdat\//, route =>
    route.fulfill({ status: 424, contentType: 'text/html', body: '<html>' })
  );
  await open(page);
  const region = await openPanel(page, 'Clusters');
  await expect(region).toContainText(
    /Jupyter server is not running \(424\).*Hub Control Panel/
  );
  await expect(told(page, /rsdat/)).toHaveCount(0);
});

test('keys, empty panel, launcher, menu and status bar lead to a first cluster', async ({
  page
}) => {
  await open(page);
  await page.locator('.jp-Launcher:visible').click();
  await page.keyboard.press('Control+Shift+A');
  await expect(
    page.getByRole('region', { name: 'dCache', exact: true })
  ).toBeVisible();
  await page.keyboard.press('Control+Shift+Y');
  const region = page.getByRole('region', { name: 'Clusters', exact: true });
  await expect(region).toContainText('A Dask cluster is a scheduler');
  await expect(
    region.getByRole('link', { name: 'Read the guide' })
  ).toBeVisible();

  await page.getByRole('menuitem', { name: 'rsdat', exact: true }).click();
  const menu = page.getByRole('menu');
  for (const name of [
    'Show Clusters',
    'New SLURMCluster',
    'Show dCache Files',
    'STAC Search'
  ]) {
    await expect(
      menu.getByRole('menuitem', { name: new RegExp(`^${name}`) }).first()
    ).toBeVisible();
  }
  await page.keyboard.press('Escape');

  // From where the panel is not in view.
  await page.keyboard.press('Control+Shift+A');
  await expect(region).toBeHidden();
  await (
    await cards(page)
  )
    .locator('.jp-LauncherCard', { hasText: 'New SLURMCluster' })
    .click();
  const name = 'SLURMCluster 1';
  await expect(card(page, name)).toContainText(/running/i, {
    timeout: 60_000
  });

  const status = page
    .locator('#jp-main-statusbar')
    .getByRole('button', { name: /^Dask: 1 cluster, 0 workers/ });
  await expect(status).toBeVisible();
  await page.keyboard.press('Control+Shift+A');
  await expect(region).toBeHidden();
  await status.focus();
  await page.keyboard.press('Enter');
  await expect(region).toBeVisible();
  await shutDown(page, name);
  await expect(status).toBeHidden();

  const search = (await cards(page)).locator('.jp-LauncherCard', {
    hasText: 'STAC Search'
  });
  await search.click();
  // Its tab takes the launcher's place.
  await expect(
    page.locator('.jp-rsdat-StacTab, .jp-rsdat-Stac').first()
  ).toBeVisible();
});
