/** Step 3: dashboards as tabs, live, back after a reload, and below a base URL. */
import { expect, test } from './galata';
import type { Page } from '@playwright/test';
import { run } from './lab';
import { card, drag, newCluster, openPanel, reload, shutDown } from './support';

/** Lab coming up anew, and three plots in it. */
const DRAWN_MS = 180_000;

/** The drawn plot inside the frame of a dashboard tab. */
function plot(page: Page, name: string) {
  return page
    .frameLocator(`.jp-rsdat-Dashboard iframe[title^="${name} ·"]`)
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
  await expect(plot(page, 'Task Stream')).toBeVisible();
  await expect(
    page.getByRole('main').getByRole('tab', { name: `Task Stream · ${name}` })
  ).toBeVisible();

  // The page has an origin of its own: neither Lab's document nor Jupyter's answers are for it.
  const frame = page
    .frames()
    .find(each => each.url().includes('/individual-task-stream'))!;
  const reach = await frame.evaluate(async () => {
    const tried: string[] = [];
    try {
      tried.push(String(window.parent.document.title));
    } catch (error) {
      tried.push((error as Error).name);
    }
    try {
      tried.push(String((await fetch('/api/status')).status));
    } catch (error) {
      tried.push((error as Error).name);
    }
    return [...tried, window.origin];
  });
  expect(reach).toEqual(['SecurityError', 'TypeError', 'null']);

  // Plots take Lab's colours, also those of another theme.
  const border = (): Promise<string> =>
    frame.evaluate(() => {
      const { Bokeh } = window as unknown as {
        Bokeh: {
          documents: { _all_models: Map<string, Record<string, string>> }[];
        };
      };
      const models = [...Bokeh.documents[0]._all_models.values()];
      return models.find(({ type }) => type === 'Figure')!.border_fill_color;
    });
  const back = (): Promise<string> =>
    page.evaluate(() =>
      getComputedStyle(document.body)
        .getPropertyValue('--jp-layout-color0')
        .trim()
    );
  await expect.poll(border).toBe(await back());
  await page.theme.setDarkTheme();
  const dark = await back();
  await expect.poll(border).toBe(dark);
  await page.theme.setLightTheme();
  expect(await back()).not.toBe(dark);
  await expect.poll(border).toBe(await back());

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
  // Where its icon is in its tab: left, top, width, height.
  const icon = (plot: string): Promise<number[]> =>
    page
      .getByRole('main')
      .getByRole('tab', { name: plot })
      .evaluate(tab => {
        const { left, top, width, height } = tab
          .querySelector('svg')!
          .getBoundingClientRect();
        const around = tab.getBoundingClientRect();
        return [left - around.left, top - around.top, width, height].map(
          Math.round
        );
      });
  expect(await icon('Progress')).toEqual(await icon('Task Stream'));
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
    await expect(plot(page, name)).toBeVisible();
  }
  await openPanel(page, 'Clusters');
  const jobsSaved = page.waitForRequest(
    request =>
      request.method() === 'PUT' &&
      request.url().includes('/api/workspaces') &&
      request.postData()!.includes('rsdat-jobs:')
  );
  await run(page, 'rsdat:open-jobs');
  await jobsSaved;
  await shutDown(page, name);

  // Tabs of a cluster that is gone know which it was, and nobody is asked for a page that can't be there.
  const asked: string[] = [];
  page.on('request', request => asked.push(request.url()));
  await reload(page);
  const gone = page.locator('.jp-rsdat-Dashboard-message:visible');
  for (const plot of ['Task Stream', 'Progress']) {
    const tab = page
      .getByRole('main')
      .getByRole('tab', { name: `${plot} · ${name}` });
    await tab.click();
    await expect(gone).toContainText(`The cluster ${name} is gone.`);
  }
  await expect(
    page.getByRole('main').getByRole('tab', { name: `Jobs of ${name}` })
  ).toBeVisible();
  expect(asked.filter(url => /\/rsdat\/.*dashboard/.test(url))).toEqual([]);
});

/** The tabs of plots that are in front, and where their pages are: left, top, width, height. */
function places(page: Page): Promise<Record<string, number[]>> {
  return page
    .locator('.jp-rsdat-Dashboard:not(.lm-mod-hidden)')
    .evaluateAll(tabs =>
      Object.fromEntries(
        tabs.map(tab => {
          const { left, top, width, height } = tab.getBoundingClientRect();
          const { title } = tab.querySelector('iframe')!;
          return [title, [left, top, width, height]] as const;
        })
      )
    );
}

/** When Jupyter says that it was used last. */
function lastActivity(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const status = await (await fetch('/api/status')).json();
    return status.last_activity;
  });
}

test('plots of two clusters stand side by side, are back in their places, and keep no server awake', async ({
  page
}) => {
  const first = await newCluster(page);
  const second = await newCluster(page);
  const dashboards = page.getByRole('region', {
    name: 'Dashboards',
    exact: true
  });
  const choose = async (name: string): Promise<void> => {
    await card(page, name).locator('.jp-rsdat-Card-name').click();
    await expect(dashboards.locator('.jp-rsdat-Dashboards-head')).toContainText(
      name
    );
  };
  const titles = [
    `Task Stream · ${first}`,
    `Task Stream · ${second}`,
    // Draws something new all the time, whatever is computed.
    `Scheduler System · ${first}`
  ];
  const drawn = async (): Promise<void> => {
    for (const title of titles) {
      await expect(
        page
          .frameLocator(`.jp-rsdat-Dashboard iframe[title="${title}"]`)
          .locator('.bk-Canvas, canvas')
          .first()
      ).toBeVisible();
    }
  };

  await choose(first);
  await dashboards.getByText('Task Stream', { exact: true }).click();
  await expect(page.locator(`iframe[title="${titles[0]}"]`)).toBeVisible();
  const main = page.locator('#jp-main-dock-panel');
  const { width, height } = (await main.boundingBox())!;
  await choose(second);
  await drag(page, dashboards.getByText('Task Stream', { exact: true }), main, {
    x: width - 20,
    y: height / 2
  });
  await expect(page.locator(`iframe[title="${titles[1]}"]`)).toBeVisible();
  await choose(first);
  // Three plots are drawn meanwhile.
  const saved = page.waitForRequest(
    request =>
      request.method() === 'PUT' &&
      request.url().includes('/api/workspaces') &&
      request.postData()!.includes('individual-scheduler-system'),
    { timeout: DRAWN_MS }
  );
  await dashboards
    .getByRole('searchbox', { name: 'Filter dashboards' })
    .fill('scheduler sys');
  await drag(
    page,
    dashboards.getByText('Scheduler System', { exact: true }),
    main,
    { x: width / 2, y: 6 }
  );
  await drawn();
  const before = await places(page);
  expect(Object.keys(before).sort()).toEqual([...titles].sort());
  const [one, other, above] = titles.map(title => {
    const [left, top, width, height] = before[title];
    return { left, top, right: left + width, bottom: top + height };
  });
  expect(other.left).toBeGreaterThanOrEqual(one.right);
  expect(Math.abs(other.top - one.top)).toBeLessThan(2);
  expect(above.bottom).toBeLessThanOrEqual(one.top);
  expect(above.right - above.left).toBeGreaterThan(width * 0.9);

  await saved;
  const websocket = page.waitForEvent('websocket', {
    predicate: socket => socket.url().includes('/individual-scheduler-system/'),
    timeout: DRAWN_MS
  });
  await reload(page);
  await drawn();
  await expect
    .poll(async () => {
      const after = await places(page);
      return titles.filter(title =>
        before[title].some(
          (value, at) => Math.abs(value - after[title][at]) > 4
        )
      );
    })
    .toEqual([]);
  for (const title of titles) {
    await expect(
      page.getByRole('main').getByRole('tab', { name: title, exact: true })
    ).toBeVisible();
  }

  // What Lab itself asks every few seconds counts, and is told apart by Jupyter's own parameter.
  await page.route(/^https?:\/\/[^/]+\/(lab\/)?api\/(?!status)/, route => {
    const url = new URL(route.request().url());
    url.searchParams.set('no_track_activity', '1');
    return route.continue({ url: url.href });
  });
  await openPanel(page, 'Clusters');
  const socket = await websocket;
  await expect(async () => {
    const before = await lastActivity(page);
    await Promise.all([
      page.waitForResponse(/\/rsdat\/api\/clusters\/pulse/, {
        timeout: 20_000
      }),
      socket.waitForEvent('framereceived', { timeout: 20_000 })
    ]);
    expect(await lastActivity(page)).toBe(before);
  }).toPass({ timeout: 60_000 });
  await shutDown(page, first);
  await shutDown(page, second);
});
