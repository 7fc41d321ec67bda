/**
 * What is opened and closed leaves nothing behind in the page.
 *
 * A few rounds show what grows from round to round. RSDAT_UI_ROUNDS=100 is a soak.
 */
import { expect, test, type CDPSession, type Page } from '@playwright/test';
import { LONG, openLab, run } from './lab';
import { newCluster, openPanel, scale, shutDown } from './support';

const ROUNDS = Number(process.env.RSDAT_UI_ROUNDS ?? 5);
/** So many times that many rounds are looked at. */
const WINDOWS = 3;
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

/**
 * What one of some rounds adds, in that window in which it was least.
 *
 * What grows does so in each of them; what comes once (news of a cluster, something of
 * Lab's) in one.
 */
async function growth(
  page: Page,
  devtools: CDPSession,
  round: () => Promise<unknown>
): Promise<ICount> {
  const least = { bytes: Infinity, elements: Infinity, listeners: Infinity };
  let before = await count(page, devtools);
  for (let window = 0; window < WINDOWS; window++) {
    for (let left = ROUNDS; left > 0; left--) {
      await round();
    }
    const after = await count(page, devtools);
    for (const name of Object.keys(least) as (keyof ICount)[]) {
      const each = (after[name] - before[name]) / ROUNDS;
      least[name] = Math.min(least[name], each);
    }
    before = after;
  }
  return least;
}

function told(each: ICount): string {
  return JSON.stringify(each);
}

async function watchHeap(page: Page): Promise<CDPSession> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  await devtools.send('HeapProfiler.enable');
  return devtools;
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

/** Open a tab by a command, wait for what it shows, and close it. */
async function tab(
  page: Page,
  content: string,
  id: string,
  args: Record<string, string> = {}
): Promise<void> {
  const shown = page.locator('#jp-main-dock-panel').locator(content);
  const before = await shown.count();
  await run(page, id, args);
  await expect(shown).toHaveCount(before + 1);
  await expect(shown.last()).toBeVisible();
  await run(page, 'application:close');
  await expect(shown).toHaveCount(before);
}

/** A tab of Lab's own. */
async function control(page: Page): Promise<void> {
  await tab(page, '.jp-Launcher', 'launcher:create');
}

/** Each kind of ours once. */
async function tabs(page: Page): Promise<void> {
  await tab(page, '.jp-rsdat-Log', 'rsdat:open-logs');
  await tab(page, '.jp-rsdat-JobsTab', 'rsdat:open-jobs');
  await tab(page, '.jp-rsdat-Dashboard iframe', 'rsdat:open-dashboard', {
    plot: 'Progress'
  });
  await tab(page, '.ol-viewport', 'rsdat-stac:open', {
    href: 'dcache:///demo/radar/catalog.json',
    endpoint: 'demo'
  });
  await tab(page, '.jp-rsdat-Stac', 'rsdat-stac:search');
}

/** Count the buttons of Lab's toolbars that come into the page from now on, each once. */
async function countButtons(page: Page): Promise<() => Promise<number>> {
  const seen = await page.evaluateHandle(() => {
    const count = { value: 0 };
    const known = new WeakSet<Node>();
    new MutationObserver(records => {
      for (const { addedNodes } of records) {
        for (const added of addedNodes) {
          if (added instanceof Element) {
            for (const each of [added, ...added.querySelectorAll('*')]) {
              if (each.localName === 'jp-button' && !known.has(each)) {
                known.add(each);
                count.value++;
              }
            }
          }
        }
      }
    }).observe(document, { childList: true, subtree: true });
    return count;
  });
  return () => seen.evaluate(({ value }) => value);
}

test(`panels and dialogs that were closed leave nothing behind ${LONG}`, async ({
  page
}) => {
  test.setTimeout(120_000 + WINDOWS * ROUNDS * 30_000);
  await page.clock.install();
  await openLab(page, 'leak');
  const name = await newCluster(page);
  await scale(page, name, 1);
  const devtools = await watchHeap(page);
  for (let round = 0; round < WARM_UP; round++) {
    await panels(page);
  }
  const each = await growth(page, devtools, () => panels(page));
  expect(each.elements, told(each)).toBeLessThanOrEqual(ELEMENTS_A_ROUND);
  expect(each.listeners, told(each)).toBeLessThanOrEqual(LISTENERS_A_ROUND);
  expect(each.bytes, told(each)).toBeLessThanOrEqual(BYTES_A_ROUND);

  await openPanel(page, 'Clusters');
  await shutDown(page, name);
});

test(`tabs that were closed leave no more behind than those of Lab ${LONG}`, async ({
  page
}) => {
  test.setTimeout(120_000 + WINDOWS * ROUNDS * 60_000);
  await page.clock.install();
  await openLab(page, 'leak-tabs');
  const name = await newCluster(page);
  await scale(page, name, 1);
  const devtools = await watchHeap(page);
  for (let round = 0; round < WARM_UP; round++) {
    await control(page);
    await tabs(page);
  }
  const buttons = await countButtons(page);
  const lab = await growth(page, devtools, () => control(page));
  const theirs = await buttons();
  const each = await growth(page, devtools, () => tabs(page));
  // Each button of a toolbar of Lab stays behind, whoever put it there.
  const ours = (await buttons()) - theirs;
  const words = `${ours} buttons: ${told(each)}; of Lab, ${theirs}: ${told(lab)}`;
  const parts = ours / theirs;
  expect(each.elements, words).toBeLessThanOrEqual(
    parts * lab.elements + ELEMENTS_A_ROUND
  );
  expect(each.listeners, words).toBeLessThanOrEqual(
    parts * lab.listeners + LISTENERS_A_ROUND
  );
  expect(each.bytes, words).toBeLessThanOrEqual(
    parts * lab.bytes + BYTES_A_ROUND
  );

  await openPanel(page, 'Clusters');
  await shutDown(page, name);
});
