/** A search in a STAC API that is stopped, and its map in panels of all widths. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './galata';
import { run } from './lab';

const GEOJSON = 'application/geo+json';

/** An API of 8 items, of which it gives 3 and thinks about the others until it is closed. */
class SlowApi {
  async open(): Promise<void> {
    await new Promise<void>(resolve =>
      this._server.listen(0, '127.0.0.1', resolve)
    );
    const { port } = this._server.address() as AddressInfo;
    this.url = `http://127.0.0.1:${port}`;
  }

  close(): void {
    this._server.closeAllConnections();
    this._server.close();
  }

  url = '';
  /** Pages that were asked for. */
  pages = 0;

  private _answer(path: string, response: ServerResponse): void {
    const send = (value: object, type = 'application/json'): void =>
      void response
        .writeHead(200, { 'Content-Type': type })
        .end(JSON.stringify(value));
    const link = (rel: string, to: string): object => ({
      rel,
      href: `${this.url}${to}`,
      type: 'application/json'
    });
    if (path === '/') {
      send({
        type: 'Catalog',
        id: 'slow',
        description: 'It thinks.',
        stac_version: '1.0.0',
        conformsTo: [
          'https://api.stacspec.org/v1.0.0/core',
          'https://api.stacspec.org/v1.0.0/collections',
          'https://api.stacspec.org/v1.0.0/item-search'
        ],
        links: [
          link('self', '/'),
          link('root', '/'),
          link('data', '/collections'),
          { ...link('search', '/search'), type: GEOJSON, method: 'GET' }
        ]
      });
    } else if (path.startsWith('/collections')) {
      send({ collections: [], links: [link('self', '/collections')] });
    } else if (path.startsWith('/search')) {
      this.pages += 1;
      if (this.pages === 1) {
        const page = {
          type: 'FeatureCollection',
          features: [0, 1, 2].map(itemOf),
          numberMatched: 8,
          links: [{ ...link('next', '/search?page=2'), type: GEOJSON }]
        };
        send(page, GEOJSON);
      }
    } else {
      response.writeHead(404).end();
    }
  }

  private _server: Server = createServer((request, response) =>
    this._answer(request.url ?? '/', response)
  );
}

/** Item `number`, a degree further east than the one before. */
function itemOf(number: number): object {
  const [west, east] = [4 + number, 4.9 + number];
  return {
    type: 'Feature',
    stac_version: '1.0.0',
    id: `scene-${number}`,
    bbox: [west, 51, east, 52],
    geometry: {
      type: 'Polygon',
      coordinates: [
        [
          [west, 51],
          [east, 51],
          [east, 52],
          [west, 52],
          [west, 51]
        ]
      ]
    },
    properties: { datetime: `2024-05-0${number + 1}T10:00:00Z` },
    links: [],
    assets: {}
  };
}

/** A search tab with an API chosen. */
async function openSearch(page: Page, url: string): Promise<Locator> {
  await run(page, 'rsdat-stac:search');
  const form = page.getByRole('form', { name: 'Search' });
  await form.getByRole('button', { name: 'Add an API' }).click();
  await form.getByRole('textbox', { name: 'Name of the API' }).fill('slow');
  await form.getByRole('textbox', { name: 'Address of the API' }).fill(url);
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(form.getByText('Collections (all)')).toBeVisible();
  await expect(
    page.getByText('Search to see items here.', { exact: true })
  ).toBeVisible();
  return form;
}

test.describe('a slow API', () => {
  const api = new SlowApi();
  test.beforeAll(() => api.open());
  test.afterAll(() => api.close());

  test('is stopped, and what it found stays', async ({ page }) => {
    const form = await openSearch(page, api.url);
    await form.getByRole('button', { name: 'Search' }).click();
    await expect(form).toContainText('3 of 8 found so far…');
    await expect.poll(() => api.pages).toBe(2);
    await form.getByRole('button', { name: 'Stop' }).click();
    await expect(form).toContainText('Stopped at 3 of 8');
    const status = page.locator('.jp-rsdat-StacStatus-line');
    await expect(status).toHaveText('3 items');
    await expect(
      page.getByRole('grid', { name: 'Items' }).getByRole('row', {
        name: 'scene-1',
        exact: true
      })
    ).toBeVisible();
    await expect(
      page.getByRole('group', { name: 'Map of the items' })
    ).toHaveAccessibleDescription(/3 outlines are shown/);
    // It is a list like any other: copied, saved, and searched anew.
    await expect(
      page.getByRole('button', { name: 'Save as Catalog…' })
    ).toBeEnabled();
    await expect(form.getByRole('button', { name: 'Search' })).toBeEnabled();
  });
});

/** West and east of an area that is drawn from one side of the map to the other. */
async function drawAcross(page: Page): Promise<[number, number]> {
  const map = page.getByRole('group', { name: 'Map of the items' });
  const form = page.getByRole('form', { name: 'Search' });
  const area = form.getByRole('textbox', { name: /^Area/ });
  await area.fill('');
  await page.getByRole('button', { name: 'Draw area' }).click();
  const box = (await map.boundingBox())!;
  // Below its buttons, above its source.
  const [top, bottom] = [box.y + box.height - 36, box.y + box.height - 28];
  await page.mouse.move(box.x + 2, top);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 2, bottom, { steps: 5 });
  await page.mouse.up();
  await expect(area).toHaveValue(/^-?[\d.]+(,-?[\d.]+){3}$/, {
    timeout: 3_000
  });
  const [west, , east] = (await area.inputValue()).split(',').map(Number);
  return [west, east];
}

test('the first map shows the world once, however narrow the panel', async ({
  page
}) => {
  for (const width of [560, 1280, 760]) {
    await page.setViewportSize({ width, height: 720 });
    if (width === 560) {
      await run(page, 'rsdat-stac:search');
    }
    await expect(page.getByRole('button', { name: 'Draw area' })).toBeEnabled();
    await expect(async () => {
      const [west, east] = await drawAcross(page);
      expect(west).toBeLessThan(-165);
      expect(east).toBeGreaterThan(165);
    }).toPass({ timeout: 60_000 });
  }
});
