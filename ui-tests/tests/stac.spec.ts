/** STAC catalogs and searches: from the panel to code that runs, and to a copy. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from './galata';
import type { Locator, Page } from '@playwright/test';
import { KERNEL_MS, notebookReady, progress, run } from './lab';
import { openPanel, reload } from './support';
import { inEachTheme } from './themes';

const PYTHON = process.env.RSDAT_UI_PYTHON!;

/** Show a catalog of the sample data, by its folder. */
async function openCatalog(page: Page, folder: string): Promise<Locator> {
  const panel = await openPanel(page, 'dCache');
  const row = (name: string): Locator =>
    panel
      .getByRole('grid', { name: 'Files' })
      .getByRole('row', { name, exact: true });
  await panel.getByRole('button', { name: 'Refresh' }).click();
  for (const name of ['demo', folder, 'catalog.json']) {
    await row(name).dblclick();
  }
  const items = page.getByRole('grid', { name: 'Items' });
  await expect(items).toBeVisible();
  return items;
}

/** The row of an item. */
function item(items: Locator, id: string): Locator {
  return items.getByRole('row', { name: id, exact: true });
}

/** The line below the items. */
function status(page: Page): Locator {
  return page.locator('.jp-rsdat-StacStatus-line');
}

test('a catalog is opened from the panel, filtered and looked at', async ({
  page
}) => {
  const items = await openCatalog(page, 'radar');
  await expect(status(page)).toHaveText('8 items');

  // By time, with the keyboard.
  const earliest = page.getByRole('slider', { name: 'Earliest time' });
  await earliest.focus();
  await page.keyboard.press('PageDown');
  await expect(status(page)).toHaveText('8 items');
  for (let press = 0; press < 3; press++) {
    await page.keyboard.press('PageUp');
  }
  await expect(status(page)).toHaveText('4 items pass the filter');
  await page.getByRole('button', { name: 'Clear filter' }).click();

  // By area: none lies there, then all do.
  const area = page.getByRole('textbox', { name: /^Area/ });
  await area.fill('10, 40, 11, 41');
  await area.press('Enter');
  await expect(status(page)).toContainText('No item passes the filter');
  await area.fill('4, 51, 5, 53');
  await area.press('Enter');
  await expect(status(page)).toHaveText('8 items pass the filter');

  await item(items, 'slc-0002-20240125').click();
  const details = page.getByRole('region', { name: 'Item details' });
  await expect(details).toContainText('application/octet-stream');
  await expect(details).toContainText('on disk');
  await expect(details.getByRole('table')).toContainText('EPSG:32631');
  await page
    .getByRole('searchbox', { name: 'Filter properties' })
    .fill('shape');
  await expect(details.getByRole('row')).toHaveCount(1);

  // The tree narrows it to a collection, which is all there is.
  await page.getByRole('treeitem').nth(1).click();
  await expect(status(page)).toHaveText('8 items');
});

test('an area drawn on the map is the filter, and a press selects', async ({
  page
}) => {
  await openCatalog(page, 'radar');
  await expect(status(page)).toHaveText('8 items');
  const map = page.getByRole('group', { name: 'Map of the items' });
  await expect(map).toHaveAccessibleDescription(/8 outlines are shown/);
  const box = (await map.boundingBox())!;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.mouse.click(middle.x, middle.y);
  await expect(status(page)).toHaveText('8 items · 1 selected');
  await expect(
    page.getByRole('grid', { name: 'Items' }).locator('[aria-selected="true"]')
  ).toHaveCount(1);

  await page.getByRole('button', { name: 'Draw area' }).click();
  await page.mouse.move(box.x + 8, box.y + box.height - 8);
  await page.mouse.down();
  await page.mouse.move(box.x + 30, box.y + box.height - 30, { steps: 5 });
  await page.mouse.up();
  await expect(status(page)).toContainText('No item passes the filter');
  await expect(page.getByRole('textbox', { name: /^Area/ })).toHaveValue(
    /^-?\d+(\.\d+)?(,-?\d+(\.\d+)?){3}$/
  );
});

test('what is selected becomes code that runs', async ({ page }) => {
  await run(page, 'notebook:create-new', { kernelName: 'python3' });
  await notebookReady(page);
  const items = await openCatalog(page, 'radar');
  await item(items, 'slc-0001-20240113').click();
  await item(items, 'slc-0003-20240206').click({ modifiers: ['Shift'] });
  await expect(status(page)).toHaveText('8 items · 3 selected');
  await page.getByRole('button', { name: 'Insert Code' }).click();
  // The notebook is in front again.
  const cell = page.locator('.jp-Notebook:visible .cm-content').first();
  await expect(cell).toContainText('open_stack');
  await expect(cell).toContainText('slc-0002-20240125');
  await run(page, 'notebook:run-all-cells');
  await expect
    .poll(async () => (await progress(page)).executed, { timeout: KERNEL_MS })
    .toBeGreaterThan(0);
  await expect(page.locator('.jp-OutputArea-output:visible')).toContainText(
    /time.*3/s,
    { timeout: KERNEL_MS }
  );
  expect((await progress(page)).errors).toEqual([]);
});

test('assets are copied, after an estimate', async ({ page }) => {
  // An earlier try left its own.
  const folder = `/assets-${test.info().repeatEachIndex}`;
  const items = await openCatalog(page, 'radar');
  await item(items, 'slc-0000-20240101').click();
  await page.getByRole('button', { name: 'Copy Assets…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Copy assets to dCache' });
  await expect(
    dialog.getByRole('checkbox', { name: 'slc (1 item)' })
  ).toBeChecked();
  await dialog.getByRole('combobox', { name: 'Folder of dCache' }).fill(folder);
  await expect(dialog.getByText('1 item: 1 file, 2 MiB')).toBeVisible();
  const copy = dialog.getByRole('button', { name: 'Copy' });
  await dialog.getByRole('checkbox').first().uncheck();
  await expect(copy).toBeDisabled();
  await dialog.getByRole('checkbox').first().check();
  // What has the button goes by itself some seconds later.
  await Promise.all([
    page.getByRole('button', { name: 'Show', exact: true }).click(),
    copy.click()
  ]);
  await expect(dialog).toBeHidden();
  const transfer = page
    .getByRole('region', { name: 'Transfers' })
    .getByRole('listitem', { name: /^Copy of STAC assets of .*, done$/ })
    .filter({ has: page.getByTitle(folder) });
  await expect(transfer).toBeVisible({ timeout: 60_000 });

  // What arrived is a catalog in its own right.
  await run(page, 'rsdat-stac:open', {
    href: `dcache://${folder}/catalog.json`
  });
  await expect(status(page).last()).toHaveText('1 item');
});

test('the layout with a catalog is there again after a reload', async ({
  page
}) => {
  const saved = page.waitForRequest(
    request =>
      request.method() === 'PUT' &&
      request.url().includes('/api/workspaces') &&
      (request.postData() ?? '').includes('rsdat-stac:'),
    { timeout: 120_000 }
  );
  await openCatalog(page, 'sentinel2');
  await expect(status(page)).toHaveText('1 item');
  await saved;
  await reload(page);
  await expect(status(page)).toHaveText('1 item');
});

test.describe('a search', () => {
  let api: ChildProcess;
  let url = '';

  test.beforeAll(async () => {
    api = spawn(PYTHON, ['-m', 'rsdat.demo.samples.stac_api'], {
      cwd: join(__dirname, '..', '..'),
      stdio: ['pipe', 'pipe', 'inherit']
    });
    url = await new Promise<string>((resolve, reject) => {
      api.stdout!.once('data', data => resolve(String(data).trim()));
      api.once('exit', code => reject(new Error(`it ended with ${code}`)));
    });
  });

  // It ends with its input.
  test.afterAll(() => void api.stdin!.end());

  test('finds items, and their catalog is saved', async ({ page }) => {
    await run(page, 'rsdat-stac:search');
    const form = page.getByRole('form', { name: 'Search' });
    await form.getByRole('button', { name: 'Add an API' }).click();
    await form.getByRole('textbox', { name: 'Name of the API' }).fill('sample');
    await form.getByRole('textbox', { name: 'Address of the API' }).fill(url);
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    await form.getByRole('checkbox').first().check();

    // Before anything was found the map shows the world, on which an area is drawn.
    const map = page.getByRole('group', { name: 'Map of the items' });
    const box = (await map.boundingBox())!;
    await page.getByRole('button', { name: 'Draw area' }).click();
    await page.mouse.move(box.x + 40, box.y + box.height - 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 40, box.y + 6, { steps: 5 });
    await page.mouse.up();
    const area = form.getByRole('textbox', { name: /^Area/ });
    await expect(area).toHaveValue(/^-1\d\d(\.\d+)?,-?\d+(\.\d+)?,1\d\d/);

    await form.getByRole('button', { name: 'Search' }).click();
    await expect(status(page)).toHaveText(/^\d+ items$/);
    await expect(form).toContainText(/\d+ of \d+ found/);
    const items = page.getByRole('grid', { name: 'Items' });
    await items.getByRole('row').nth(1).click();
    await expect(
      page.getByRole('region', { name: 'Item details' })
    ).toContainText('elsewhere');

    await page.getByRole('button', { name: 'Save as Catalog…' }).click();
    const dialog = page.getByRole('dialog', {
      name: 'Save as catalog in dCache'
    });
    await dialog
      .getByRole('combobox', { name: 'Folder of dCache' })
      .fill('/found');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog).toBeHidden();
    await expect(async () => {
      await run(page, 'rsdat-stac:open', {
        href: 'dcache:///found/catalog.json'
      });
      await expect(status(page).last()).toHaveText('1 item', {
        timeout: 5_000
      });
    }).toPass({ timeout: 60_000 });
  });
});

/** How many pixels of the map have the colour that a variable of the theme has, and what its sea has. */
function painted(
  page: Page,
  variable: string
): Promise<{ count: number; sea: boolean }> {
  return page.evaluate(variable => {
    const map = document.querySelector('.jp-rsdat-StacMap-canvas')!;
    const canvas = map.querySelector('canvas')!;
    const pixel = document.createElement('canvas').getContext('2d')!;
    const rgb = (color: string): string => {
      pixel.fillStyle = color;
      pixel.fillRect(0, 0, 1, 1);
      return pixel.getImageData(0, 0, 1, 1).data.slice(0, 3).join();
    };
    const style = getComputedStyle(document.body);
    const wanted = rgb(style.getPropertyValue(variable).trim());
    const { data } = canvas
      .getContext('2d')!
      .getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data.slice(at, at + 3).join() === wanted && data[at + 3] === 255) {
        count += 1;
      }
    }
    const sea = style.getPropertyValue('--jp-layout-color1').trim();
    return {
      count,
      sea: rgb(getComputedStyle(map).backgroundColor) === rgb(sea)
    };
  }, variable);
}

test('the map has the colours of the theme, also when that changes', async ({
  page
}) => {
  await openCatalog(page, 'radar');
  await expect(status(page)).toHaveText('8 items');
  const map = page.getByRole('group', { name: 'Map of the items' });
  await expect(map).toHaveAccessibleDescription(/8 outlines are shown/);
  await inEachTheme(page, async theme => {
    await expect
      .poll(async () => (await painted(page, '--jp-layout-color2')).sea, {
        message: theme
      })
      .toBe(true);
    await expect
      .poll(async () => (await painted(page, '--jp-layout-color2')).count, {
        message: theme
      })
      .toBeGreaterThan(100);
  });
});
