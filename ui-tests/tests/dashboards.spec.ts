/** Step 3: dashboards as tabs, live, back after a reload, and below a base URL. */
import { expect, test } from './galata';
import type { Page } from '@playwright/test';
import { drag, newCluster, openPanel, reload, shutDown } from './support';

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
  await expect(plot(page, 'Task Stream')).toBeVisible({ timeout: 30_000 });
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
