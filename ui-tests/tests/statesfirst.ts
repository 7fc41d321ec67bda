/** Walks through what stands in the way at first: no part in the server, another version, a hub's stop. */
import { expect } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { FILES, SIDE, TOASTS, open, type ILook } from './looks';
import { answer, api } from './samples';
import { openPanel } from './support';

/** All routes of the companion. */
const OURS = /\/rsdat\//;

/** Two versions that do not fit: what is changed in what the companion says of itself. */
const VERSIONS = [
  ['a server part that waits for a restart', {}],
  ['a server part of another version', { installed: '0.0.1' }],
  ['a page that is older', { installed: '0.0.1', page: '0.0.1' }]
] as const;

/** Answer as a server that knows nothing of us, or whose hub does. */
async function refuse(page: Page, status: number): Promise<void> {
  await page.route(OURS, route =>
    route.fulfill({ status, contentType: 'text/html', body: '<html>' })
  );
}

export async function walkFirstSteps(page: Page, eye: ILook): Promise<void> {
  await refuse(page, 404);
  await open(page, eye);
  await expect(page.locator(TOASTS)).toContainText('its part of rsdat');
  await eye.look(page, 'no part in the server, told', [TOASTS]);
  const clusters = await openPanel(page, 'Clusters');
  await expect(clusters).toContainText('its part of rsdat');
  await eye.look(page, 'no part in the server', SIDE);
  const files = await openPanel(page, 'dCache');
  await expect(files).toContainText('its part of rsdat');
  await eye.look(page, 'no part in the server', FILES);
  await page.unroute(OURS);

  await refuse(page, 424);
  await open(page, eye);
  await openPanel(page, 'Clusters');
  await expect(clusters).toContainText('Hub Control Panel');
  await eye.look(page, 'a server that its hub has stopped', SIDE);
  await page.unroute(OURS);
}

export async function walkVersions(page: Page, eye: ILook): Promise<void> {
  for (const [state, differs] of VERSIONS) {
    await page.route(api('info'), async route => {
      const response = await route.fetch();
      const info = await response.json();
      const json = { ...info, version: '0.0.1', ...differs };
      await route.fulfill({ response, json });
    });
    await open(page, eye);
    await expect(page.locator(TOASTS)).toContainText('0.0.1');
    await eye.look(page, `${state}, told`, [TOASTS]);
    for (const [name, part] of [
      ['Clusters', SIDE],
      ['dCache', FILES]
    ] as const) {
      const region = await openPanel(page, name);
      await expect(region.locator('.jp-rsdat-Banner')).toContainText('0.0.1');
      await eye.look(page, state, part);
    }
    await page.unroute(api('info'));
  }
  // A computer without Slurm.
  await page.route(api('info'), async route => {
    const response = await route.fetch();
    const info = await response.json();
    await route.fulfill({ response, json: { ...info, queue: 'local' } });
  });
  await answer(page, 'clusters', {
    clusters: [],
    damaged: [],
    queue_problem: null,
    queue_seen: null
  });
  await open(page, eye);
  const region = await openPanel(page, 'Clusters');
  await expect(region).toContainText('No Slurm was found here');
  await eye.look(page, 'no Slurm', SIDE);
}
