/** A catalog in Lab's file browser: "Open With" shows it as STAC, beside the JSON viewer. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import { expect, test } from './galata';
import { stack } from './support';

const ITEMS = ['first', 'second'];

/** A catalog of two items, without what makes it known by its name. */
function writeCatalog(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, value: object): void =>
    writeFileSync(join(folder, name), JSON.stringify(value));
  write('mine.json', {
    type: 'Catalog',
    stac_version: '1.0.0',
    id: 'mine',
    description: 'Two items.',
    links: ITEMS.map(id => ({ rel: 'item', href: `./${id}.json` }))
  });
  for (const id of ITEMS) {
    write(`${id}.json`, {
      type: 'Feature',
      stac_version: '1.0.0',
      id,
      geometry: null,
      properties: { datetime: '2024-05-01T10:00:00Z' },
      links: [],
      assets: {}
    });
  }
}

test('a JSON file of the file browser is opened with “STAC Catalog”', async ({
  page,
  tmpPath
}) => {
  writeCatalog(join(stack().root, tmpPath));
  await page.filebrowser.refresh();
  const file = page.locator('.jp-DirListing-item', { hasText: 'mine.json' });
  await file.click({ button: 'right' });
  // Lab's submenus are no named menu items.
  const item = (text: string): Locator =>
    page.locator('.lm-Menu-item', { hasText: text });
  await item('Open With').hover();
  await item('STAC Catalog').click();

  await expect(page.getByRole('tab', { name: 'mine.json' })).toBeVisible();
  const items = page.getByRole('grid', { name: 'Items' });
  for (const name of ITEMS) {
    await expect(items.getByRole('row', { name, exact: true })).toBeVisible();
  }
  await expect(page.locator('.jp-rsdat-StacStatus-line')).toHaveText('2 items');
  await expect(page.getByRole('button', { name: 'Insert Code' })).toBeEnabled();
});
