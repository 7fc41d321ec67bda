/** What the extension costs who does not look at it: bytes at start, and requests afterwards. */
import { gzipSync } from 'node:zlib';
import {
  expect,
  test,
  type Page,
  type Request,
  type Response
} from '@playwright/test';
import { openLab } from './lab';
import { newCluster, openPanel, shutDown } from './support';

/** All scripts that the page loads of us before anything of ours is used, compressed. */
const START_BYTES = 150_000;

const MINUTE_MS = 60_000;
/** Longer than the slowest of our polls waits, that of the status bar. */
const MINUTES = 12;
/** Of the status bar: one each ten minutes, wherever these begin. */
const GLANCES = 2;

/** Collects the companion's routes that the page asks, until `stop`. */
function routes(page: Page): { seen: string[]; stop: () => void } {
  const seen: string[] = [];
  const onRequest = (request: Request): void => {
    const path = new URL(request.url()).pathname;
    if (path.startsWith('/rsdat/')) {
      seen.push(`${request.method()} ${path}`);
    }
  };
  page.on('request', onRequest);
  return { seen, stop: () => void page.off('request', onRequest) };
}

/** Let minutes pass on the page's clock; what each brings is answered before the next. */
async function pass(page: Page, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    await page.clock.runFor(MINUTE_MS);
    await page.evaluate(() => fetch('/api/status').then(each => each.text()));
  }
}

/** Fold the left side bar in, whatever it shows. */
async function hidePanels(page: Page): Promise<void> {
  const current = page.locator('.jp-SideBar.jp-mod-left .lm-mod-current');
  if (await current.count()) {
    await current.click();
  }
  await expect(current).toHaveCount(0);
}

test('little is loaded before something is used', async ({ page }) => {
  const loaded: Response[] = [];
  page.on('response', response => {
    if (response.url().includes('/lab/extensions/jupyterlab-rsdat/')) {
      loaded.push(response);
    }
  });
  await openLab(page, 'weight');
  await page.waitForLoadState('networkidle');
  const bodies = await Promise.all(loaded.map(each => each.body()));
  const sizes = bodies.map(body => gzipSync(body).length);
  const total = sizes.reduce((sum, each) => sum + each, 0);
  expect(sizes.length).toBeGreaterThan(1);
  expect(total).toBeLessThanOrEqual(START_BYTES);

  // The map's library is larger than all of that, and comes with the first map only.
  expect(bodies.some(body => body.includes('ol-viewport'))).toBe(false);
});

test('nothing is asked for panels that nobody sees', async ({ page }) => {
  await openLab(page, 'idle-before');
  const name = await newCluster(page);
  await openPanel(page, 'dCache');
  await page.clock.install();
  await openLab(page, 'idle');

  await openPanel(page, 'dCache');
  await expect(page.getByRole('grid', { name: 'Files' })).toBeVisible();
  await openPanel(page, 'Clusters');
  await expect(
    page.getByRole('listitem', { name: new RegExp(`^${name}\\b.*running`) })
  ).toBeVisible();
  await hidePanels(page);
  await page.waitForLoadState('networkidle');

  const unseen = routes(page);
  await pass(page, MINUTES);
  unseen.stop();
  const glances: string[] = unseen.seen.filter(
    each => each === 'GET /rsdat/api/clusters'
  );
  expect(glances.length).toBeLessThanOrEqual(GLANCES);
  expect(unseen.seen.filter(each => !glances.includes(each))).toEqual([]);

  // The clock is one that our polls go by.
  await openPanel(page, 'Clusters');
  const watched = routes(page);
  await pass(page, 5);
  watched.stop();
  expect(watched.seen.length).toBeGreaterThan(GLANCES);
  await shutDown(page, name);
});
