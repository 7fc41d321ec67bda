/** Behind a real JupyterHub and its proxy, below a prefix: whatever has an address. Plain Playwright. */
import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { run, waitForLab } from './lab';
import { choose, door, putFile, row, show, textOf, transfers } from './storage';
import { card, newCluster, openPanel, scale, shutDown, stack } from './support';

const HUB = stack().hub!;
/** Where ann's server lies. */
const SERVER = `${new URL(HUB.url).pathname}user/ann/`;

test.skip(!HUB, 'JupyterHub is not installed here');
// Her server starts in the first of them, and again in the last.
test.describe.configure({ timeout: 420_000 });

/** Log in at the hub; her server starts unless it runs, and Lab opens. */
async function login(page: Page): Promise<void> {
  const lab = encodeURIComponent(`${SERVER}lab?reset`);
  const spawn = encodeURIComponent(
    `${new URL(HUB.url).pathname}hub/spawn/ann?next=${lab}`
  );
  await page.goto(`${HUB.url}hub/login?next=${spawn}`);
  await page.getByLabel('Username').fill('ann');
  await page.getByLabel('Password').fill(HUB.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  // A server that starts shows a page of its own first.
  await page.waitForURL(url => url.pathname === `${SERVER}lab`, {
    timeout: 90_000
  });
  await waitForLab(page);
}

/** Stop ann's server, as the hub's culler of idle servers does. */
async function cull(): Promise<void> {
  const url = `${HUB.url}hub/api/users/ann/server`;
  const headers = { Authorization: `token ${HUB.token}` };
  const stop = (): Promise<Response> =>
    fetch(url, { method: 'DELETE', headers });
  // 202 while it still stops.
  await expect
    .poll(async () => (await stop()).status, { timeout: 90_000 })
    .toBe(204);
}

test('a cluster with its live dashboard, and events, come through the proxy', async ({
  page
}) => {
  await login(page);
  const name = await newCluster(page);
  const websocket = page.waitForEvent('websocket', socket =>
    socket.url().includes(`${SERVER}rsdat/clusters/`)
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
  ).toBeVisible();
  // Told by an event: nothing else is asked for while the card is looked at.
  await scale(page, name, 1);
  await expect(card(page, name)).toContainText('1 wanted · 1 connected', {
    timeout: 60_000
  });
  await shutDown(page, name);
});

test('files go up and come down with the cookies of the hub', async ({
  page
}) => {
  await putFile('/hub/there.txt', 'from dCache\n');
  await login(page);
  const panel = await show(page, '/hub');
  await expect(row(panel, 'there.txt')).toBeVisible();

  const upload = panel.getByRole('button', { name: 'Upload' });
  await choose(page, () => upload.click(), {
    name: 'up ü#?.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('from ann\n')
  });
  const section = await transfers(page);
  await expect(
    section.getByRole('listitem', { name: /^Upload of “up ü#\?\.txt”/ })
  ).toContainText('done');
  await expect(row(panel, 'up ü#?.txt')).toBeVisible();
  expect(await textOf('/hub/up ü#?.txt')).toBe('from ann\n');

  await row(panel, 'there.txt').click();
  const download = page.waitForEvent('download');
  await run(page, 'rsdat-dcache:download');
  expect(readFileSync(await (await download).path(), 'utf8')).toBe(
    'from dCache\n'
  );
  // Lab's own editors, by the drive.
  await row(panel, 'there.txt').dblclick();
  await expect(page.getByRole('main').locator('.cm-content')).toContainText(
    'from dCache'
  );
});

test('what lies behind the hub is closed to pages and people that it does not belong to', async ({
  page,
  browser
}) => {
  await putFile('/hub/kept.txt', 'kept\n');
  await login(page);
  // The cookies alone, as a foreign page would send them, write nothing.
  const forged = await page.evaluate(
    async url => (await fetch(url, { method: 'PUT', body: 'x' })).status,
    `${SERVER}rsdat/files/demo/hub/forged.txt`
  );
  expect(forged).toBe(403);
  expect((await door('/hub/forged.txt')).status).toBe(404);

  const stranger = await browser.newContext();
  const file = new URL(`${SERVER}rsdat/files/demo/hub/kept.txt`, HUB.url).href;
  await expect
    .poll(async () => {
      const answer = await stranger.request.get(file, { maxRedirects: 0 });
      expect(await answer.text()).not.toContain('kept');
      return [302, 403].includes(answer.status());
    })
    // A hub that is busy says 503 for a moment.
    .toBe(true);
  await stranger.close();
});

test('a login that ended, and a server that was stopped, are said in words', async ({
  page
}) => {
  await login(page);
  const dcache = await show(page, '/');
  const refresh = dcache.getByRole('button', { name: 'Refresh' });
  const problem = dcache.getByRole('alert');
  // Pages of today's hubs hold a token besides the cookies; those of older ones do not.
  await page.context().clearCookies();
  const ours = `**${SERVER}rsdat/**`;
  await page.route(ours, route => {
    // Those that the page gives: to ask for the browser's own may take for ever.
    const headers = route.request().headers();
    delete headers.authorization;
    return route.continue({ headers });
  });
  await refresh.click();
  await expect(problem).toContainText(/log in/i);
  const clusters = await openPanel(page, 'Clusters');
  const make = clusters.getByRole('button', { name: 'New SLURMCluster' });
  await make.click();
  await expect(clusters).toContainText(/log in/i);

  // One of them may be under way.
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await login(page);
  await show(page, '/');
  // Lab's own dialog says it, too, some time later.
  await page.addLocatorHandler(
    page.getByRole('dialog', { name: /^Server unavailable/ }),
    dialog => dialog.locator('.jp-mod-reject').first().click()
  );
  await cull();
  await refresh.click();
  await expect(problem).toContainText('Your Jupyter server is not running');
  await expect(problem).toContainText('JupyterHub');
  await openPanel(page, 'Clusters');
  await make.click();
  await expect(clusters).toContainText('Your Jupyter server is not running');

  // Started again in another tab, the panels go on without a reload.
  const beside = await page.context().newPage();
  await beside.goto(`${HUB.url}hub/spawn/ann`);
  await beside.waitForURL(url => url.pathname.startsWith(SERVER), {
    timeout: 90_000
  });
  await beside.close();
  await openPanel(page, 'dCache');
  // The proxy may know of it some time later.
  await expect(async () => {
    await refresh.click({ timeout: 5_000 });
    await expect(problem).toBeHidden({ timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
});
