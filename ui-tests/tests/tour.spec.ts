/**
 * The five minutes of docs/tour.md, step by step, with a picture of each.
 *
 * `npm run tour` keeps the pictures in docs/pictures; in every other run they show in the test's
 * results only, and a step that can't be gone any more fails.
 */
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { notebookReady, openLab, run } from './lab';
import { listedNames, row, show } from './storage';
import { card, drag, newCluster, openPanel, scale, shutDown } from './support';

const JOB_MS = 60_000;
const RUN_MS = 120_000;
const SIZE = { width: 1280, height: 840 };
const PANEL_PX = 350;
const STACK = `import rsdat.stac

images = rsdat.stac.open_stack("dcache:///demo/radar/catalog.json", "slc")
mean = abs(images).mean("time").compute()
mean.plot.imshow(size=4, cmap="gray", vmin=0)`;

/** Take the picture of a step, without what moves. */
async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(SIZE.width / 2, SIZE.height - 5);
  await page.screenshot({
    animations: 'disabled',
    caret: 'hide',
    path: join(
      process.env.RSDAT_TOUR ?? test.info().outputPath(),
      `tour-${name}.png`
    )
  });
}

/** Drag the edge of the side panel until it is as wide as people have it. */
async function widen(page: Page): Promise<void> {
  const { x, width } = (await page.locator('#jp-left-stack').boundingBox())!;
  await page.mouse.move(x + width + 2, SIZE.height / 2);
  await page.mouse.down();
  await page.mouse.move(x + PANEL_PX, SIZE.height / 2, { steps: 5 });
  await page.mouse.up();
}

test('five minutes: cluster, notebook, dashboards, dCache, a stack, the end', async ({
  page
}) => {
  test.setTimeout(360_000);
  await page.setViewportSize(SIZE);
  // Lab would ask about it in every picture.
  await page.request.put(
    '/lab/api/settings/@jupyterlab/apputils-extension:notification',
    { data: { raw: '{ "fetchNews": "false" }' } }
  );
  await openLab(page, 'tour');

  const name = await test.step('a cluster, and workers', async () => {
    const name = await newCluster(page);
    await scale(page, name, 2);
    await expect(card(page, name)).toContainText(/2\s*connected/i, {
      timeout: JOB_MS
    });
    await widen(page);
    await card(page, name).evaluate(node => node.scrollIntoView(false));
    await picture(page, 'cluster');
    return name;
  });

  const main = page.locator('#jp-main-dock-panel');
  await test.step('connected in a notebook', async () => {
    await run(page, 'notebook:create-new', { kernelName: 'python3' });
    await notebookReady(page);
    await card(page, name)
      .getByRole('button', { name: 'Insert client code' })
      .click();
    await expect(main.locator('.jp-Cell').first()).toContainText('client');
    await run(page, 'notebook:run-cell-and-insert-below');
    await expect(main.locator('.jp-OutputArea-output')).toContainText(
      'Workers',
      { timeout: RUN_MS }
    );
    await picture(page, 'notebook');
  });

  await test.step('dashboards beside it', async () => {
    const dashboards = page.getByRole('region', {
      name: 'Dashboards',
      exact: true
    });
    const { width, height } = (await main.boundingBox())!;
    await drag(
      page,
      dashboards.getByText('Task Stream', { exact: true }),
      main,
      { x: width / 2, y: height - 15 }
    );
    await expect(
      page
        .frameLocator('.jp-rsdat-Dashboard iframe[title^="Task Stream"]')
        .locator('.bk-Canvas, canvas')
        .first()
    ).toBeVisible({ timeout: JOB_MS });
  });

  await test.step('files in dCache', async () => {
    const panel = await show(page, '/demo/radar');
    await expect(row(panel, 'catalog.json')).toBeVisible();
    expect((await listedNames(panel)).length).toBeGreaterThan(1);
    await row(panel, 'catalog.json').click();
    await picture(page, 'dcache');
  });

  await test.step('many images as one array', async () => {
    await openPanel(page, 'Clusters');
    await main.getByRole('textbox').last().click();
    await page.keyboard.insertText(STACK);
    await run(page, 'notebook:run-cell');
    const map = main.locator('.jp-RenderedImage img');
    await expect(map).toBeVisible({ timeout: RUN_MS });
    await map.scrollIntoViewIfNeeded();
    await picture(page, 'stack');
  });

  await test.step('shut down, and what it cost', async () => {
    await shutDown(page, name);
    const region = await openPanel(page, 'Clusters');
    await region.getByText(/^Past clusters/).click();
    await expect(region).toContainText('core-hours');
    await picture(page, 'end');
  });
});
