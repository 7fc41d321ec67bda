/** Walks through catalogs and searches: what is there, what is not, what was typed wrongly. */
import { expect } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { run } from './lab';
import {
  CATALOG,
  DIALOG,
  begin,
  leave,
  open,
  withoutSide,
  type ILook
} from './looks';
import { answer, api } from './samples';

const RADAR = { href: 'dcache:///demo/radar/catalog.json' };

/** Items that can't be read, of more than are listed. */
const PROBLEMS = {
  problems: [
    {
      href: 'dcache:///demo/radar/items/broken.json',
      message: 'It is no JSON.'
    },
    { href: null, message: 'An item has no id.' }
  ],
  problems_total: 120
};

const API_TITLE = 'A sample of an API';
const API = {
  name: 'sample',
  url: 'https://stac.example.org/v1',
  title: API_TITLE,
  own: true
};

const COLLECTIONS = {
  title: API_TITLE,
  collections: ['sentinel-2-l2a', 'sentinel-1-slc', 'landsat-c2-l2'].map(
    id => ({ id, title: id, description: null, bbox: null, interval: null })
  ),
  can: ['filter', 'sort']
};

export async function walkCatalogs(page: Page, eye: ILook): Promise<void> {
  await open(page, eye);
  await run(page, 'rsdat-stac:open', RADAR);
  await withoutSide(page);
  const items = page.getByRole('grid', { name: 'Items' });
  const item = items.getByRole('row', { name: 'slc-0002-20240125' });
  await item.click();
  const details = page.getByRole('region', { name: 'Item details' });
  await expect(details.getByRole('table')).toBeVisible();
  await eye.look(page, 'catalog', CATALOG);
  await begin(page, 'rsdat-stac:copy-assets');
  await eye.look(page, 'rsdat-stac:copy-assets', DIALOG);
  await leave(page);
  await begin(page, 'rsdat-stac:open');
  await eye.look(page, 'rsdat-stac:open', DIALOG);
  await leave(page);

  await page.getByRole('button', { name: /^Assets: / }).click();
  await page.getByRole('searchbox', { name: 'Filter by name' }).fill('none');
  const area = page.getByRole('textbox', { name: /^Area/ });
  await area.fill('somewhere');
  await expect(area).toHaveAttribute('aria-invalid', 'true');
  await expect(
    page.getByText('No item passes the filter', { exact: false })
  ).toBeVisible();
  await eye.look(page, 'no item', CATALOG);
}

export async function walkBrokenCatalogs(
  page: Page,
  eye: ILook
): Promise<void> {
  await page.route(api('stac/summary'), async route => {
    const response = await route.fetch();
    const summary = await response.json();
    await route.fulfill({ response, json: { ...summary, ...PROBLEMS } });
  });
  await answer(
    page,
    'stac/item',
    {
      message: 'There is no “slc-0002.json”.',
      hint: 'It was there when the catalog was read.',
      details: { code: 'not_found' }
    },
    404
  );
  await open(page, eye);
  await run(page, 'rsdat-stac:open', RADAR);
  await withoutSide(page);
  await page.getByRole('row', { name: 'slc-0002-20240125' }).click();
  await page
    .getByRole('button', { name: '120 items could not be read' })
    .click();
  const details = page.getByRole('region', { name: 'Item details' });
  await expect(details.getByRole('alert')).toBeVisible();
  await eye.look(page, 'items that can’t be read', CATALOG);

  await run(page, 'rsdat-stac:open', { href: 'dcache:///demo/none.json' });
  await expect(page.getByRole('alert').first()).toBeVisible();
  await expect(page.locator('.jp-rsdat-StacStatus-line:visible')).toHaveText(
    'There is nothing to show: it can’t be read.'
  );
  await eye.look(page, 'no catalog', CATALOG);
}

export async function walkSearches(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'stac/apis', { apis: [] });
  await open(page, eye);
  await withoutSide(page);
  await run(page, 'rsdat-stac:search');
  const form = page.getByRole('form', { name: 'Search' });
  await expect(form.getByRole('group', { name: 'Add an API' })).toBeVisible();
  const items = page.locator('.jp-rsdat-StacStatus-line:visible');
  await expect(items).toHaveText('Add an API to search.');
  await eye.look(page, 'search', CATALOG);

  await page.unroute(api('stac/apis'));
  await answer(page, 'stac/apis', { apis: [API] });
  await answer(
    page,
    'stac/collections',
    {
      message: 'stac.example.org does not answer.',
      hint: 'Try again later.',
      details: { code: 'door_broken' }
    },
    502
  );
  await run(page, 'rsdat-stac:search', {});
  const choose = form.getByRole('combobox', { name: 'STAC API' });
  await choose.selectOption(API.url);
  await expect(form.getByRole('alert')).toContainText('does not answer');
  await expect(items).toHaveText('Search to see items here.');
  await eye.look(page, 'an API that does not answer', CATALOG);

  await page.unroute(api('stac/collections'));
  await answer(page, 'stac/collections', COLLECTIONS);
  await form.getByRole('button', { name: 'Try again' }).click();
  await form.getByRole('checkbox').first().check();
  await form.getByRole('button', { name: 'Add condition' }).click();
  await form.getByRole('textbox', { name: /^Area/ }).fill('4.2, 51.8');
  await form.getByLabel('From', { exact: true }).fill('2024-05-01');
  await form.getByLabel('Until', { exact: true }).fill('2024-04-01');
  await expect(form.getByRole('button', { name: 'Search' })).toBeDisabled();
  await expect(form.getByRole('button', { name: 'Search' })).toHaveCSS(
    'opacity',
    '0.4'
  );
  await expect(items).toHaveText('Correct the search, then start it.');
  await eye.look(page, 'a search that is filled in wrongly', CATALOG);
}
