/** A walk through our panels, dialogs and tabs in all their states, for tests that look at each. */
import { expect } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import { run, waitForLab } from './lab';
import { ORDERS, PAST, TRANSFERS, answer, api, everyCluster } from './samples';
import { putFile, row, show } from './storage';
import { card, openPanel } from './support';

/** What is done at each state, and before the first one of a page. */
export interface ILook {
  /** Called when Lab was opened anew. */
  prepare(page: Page): Promise<void>;
  /**
   * @param include - CSS selectors of what is ours in this state.
   * @param exclude - Of what is Lab's inside them.
   */
  look(
    page: Page,
    state: string,
    include: readonly string[],
    exclude?: readonly string[]
  ): Promise<void>;
}

const SIDE = ['#jp-rsdat-sidebar'];
const FILES = ['#jp-rsdat-dcache'];
const TAB = ['.jp-rsdat-Dashboard:not(.lm-mod-hidden)'];
const CATALOG = ['.jp-rsdat-Stac:not(.lm-mod-hidden)'];
const DIALOG = ['.jp-Dialog'];
/** Buttons of Lab's own file browser, with an attribute that axe refuses. */
const LABS = [
  '.jp-Dialog .jp-Toolbar',
  '.jp-Dialog .jp-DirListing',
  // The columns of Lab 4.2's list of files make its dialog wider than a narrow window.
  '.jp-Open-Dialog ~ .jp-Dialog-footer'
];

/** Open Lab, after what the companion answers was set up. */
async function open(page: Page, eye: ILook): Promise<void> {
  // Not galata's own object, which waits for a launcher.
  const [own] = page.context().pages();
  await own.goto('/lab/workspaces/axe?reset');
  await waitForLab(page);
  await eye.prepare(page);
}

/** Begin a command and do not wait for its end, as it opens a dialog. */
async function begin(
  page: Page,
  command: string,
  args: object = {}
): Promise<Locator> {
  await page.evaluate(
    ([id, args]) => {
      const { jupyterapp } = window as unknown as {
        jupyterapp: {
          commands: { execute(id: string, args: object): Promise<unknown> };
        };
      };
      void jupyterapp.commands.execute(id, args);
    },
    [command, args] as const
  );
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  return dialog;
}

/** Give the room of the side panel to the tabs. */
async function withoutSide(page: Page): Promise<void> {
  await run(page, 'application:toggle-left-area');
  await expect(page.locator('#jp-left-stack')).toBeHidden();
}

/** Leave the dialog that is open. */
async function leave(page: Page): Promise<void> {
  await page
    .locator('.jp-Dialog')
    .getByRole('button', { name: /^(Cancel|Close)$/ })
    .last()
    .click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

/** Unfold all that is folded away. */
async function unfold(part: Locator): Promise<void> {
  await part.evaluate(node => {
    node.querySelectorAll('details').forEach(each => (each.open = true));
  });
}

export async function walkClusters(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'clusters', {
    ...everyCluster(),
    clusters: [],
    damaged: [],
    queue_problem: null
  });
  await answer(page, 'clusters/past', { clusters: [PAST] });
  await open(page, eye);
  const region = await openPanel(page, 'Clusters');
  await expect(region).toContainText('No cluster yet');
  await eye.look(page, 'no clusters', SIDE);

  await answer(page, 'clusters', everyCluster());
  await page.route(/dashboard\/individual-plots\.json/, route =>
    route.fulfill({
      json: {
        'Individual Task Stream': '/individual-task-stream',
        'Individual Progress': '/individual-progress',
        'Individual Cpu': '/individual-cpu'
      }
    })
  );
  await open(page, eye);
  await openPanel(page, 'Clusters');
  await expect(card(page, 'broken')).toBeVisible();
  await unfold(page.locator(SIDE[0]));
  await expect(region.getByText('Shut down by itself')).toBeVisible();
  await eye.look(page, 'every cluster', SIDE);
  await eye.look(page, 'status bar', ['.jp-rsdat-Status']);

  const main = page.locator('#jp-main-dock-panel');
  await withoutSide(page);
  await run(page, 'rsdat:open-jobs', { cluster: 'c-1' });
  await main.locator('[data-job="671_0"]').click();
  await eye.look(page, 'jobs', ['.jp-rsdat-JobsTab']);

  await answer(page, 'clusters/c-1/logs', {
    name: 'spider-1',
    logs: [{ source: 'scheduler', size: 20, node: null, state: null }]
  });
  await page.route(/clusters\/c-1\/logs\/scheduler/, route =>
    route.fulfill({
      body: 'first line\nsecond line\n',
      headers: { 'X-Rsdat-Size': '23', 'X-Rsdat-Next-Offset': '23' }
    })
  );
  await answer(page, 'clusters/c-1/search-logs', {
    matches: [{ source: 'scheduler', line: 1, offset: 0, text: 'first line' }],
    more: false
  });
  await run(page, 'rsdat:open-logs', { cluster: 'c-1' });
  await main.getByRole('searchbox', { name: 'Find in logs' }).fill('first');
  await main.getByRole('button', { name: 'Find', exact: true }).click();
  await main.getByRole('button', { name: 'scheduler, line 1' }).click();
  await expect(main.locator('mark')).toHaveText('first');
  await eye.look(page, 'log', ['.jp-rsdat-Log']);

  for (const [command, args] of [
    ['rsdat:scale-cluster', { cluster: 'c-1' }],
    ['rsdat:attach-cluster', {}],
    ['rsdat:set-idle-shutdown', { cluster: 'c-1' }],
    ['rsdat:shutdown-cluster', { cluster: 'c-1' }],
    ['rsdat:new-cluster', { form: true }],
    ['rsdat:add-worker-group', { cluster: 'c-1' }]
  ] as const) {
    const dialog = await begin(page, command, args);
    await unfold(dialog);
    await eye.look(page, command, DIALOG);
    await leave(page);
  }
}

export async function walkDashboards(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'clusters', everyCluster());
  await answer(
    page,
    'clusters/c-1/dashboard-key',
    { message: 'The scheduler does not answer.', details: { code: 'door' } },
    502
  );
  await open(page, eye);
  await openPanel(page, 'Clusters');
  await withoutSide(page);
  const message = page.locator('.jp-rsdat-Dashboard-message:visible');
  await run(page, 'rsdat:open-dashboard', {
    cluster: 'c-3',
    plot: 'Progress',
    page: 'individual-progress'
  });
  await expect(message).toContainText('has failed');
  await eye.look(page, 'no dashboard', TAB);
  await run(page, 'rsdat:open-dashboard', {
    cluster: 'c-1',
    plot: 'Progress',
    page: 'individual-progress'
  });
  await expect(message.getByRole('button')).toHaveText('Try again');
  await eye.look(page, 'a dashboard that is away', TAB);
}

export async function walkFiles(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'transfers', { transfers: [] });
  await answer(page, 'tape', { requests: [] });
  await open(page, eye);
  await putFile('/axe/a.txt', 'a\n');
  await putFile('/axe/b.txt', 'b\n');
  await putFile('/axe/inner/c.txt', 'c\n');
  const panel = await show(page, '/axe');
  await row(panel, 'a.txt').click();
  await panel.getByRole('button', { name: 'Details' }).click();
  await expect(panel.getByRole('region', { name: 'Details' })).toContainText(
    'ADLER32'
  );
  await eye.look(page, 'files', FILES);

  await panel.getByRole('searchbox', { name: 'Filter files' }).fill('nothing');
  await expect(panel).toContainText('No name in this folder');
  await eye.look(page, 'no file', FILES);
  await panel.getByRole('button', { name: 'Details' }).click();
  await answer(
    page,
    'dcache/demo/list',
    {
      message: 'There is no “/axe”.',
      hint: 'Go up.',
      details: { code: 'not_found' }
    },
    404
  );
  await panel.getByRole('button', { name: 'Refresh' }).click();
  await expect(panel.getByRole('alert')).toBeVisible();
  await eye.look(page, 'no folder', FILES);

  await page.unroute(api('dcache/demo/list'));
  await panel.getByRole('button', { name: 'Retry' }).click();
  await expect(panel.getByRole('alert')).toBeHidden();
  await panel.getByRole('searchbox', { name: 'Filter files' }).fill('');
  await expect(row(panel, 'a.txt')).toBeVisible();
  await panel.getByRole('button', { name: 'Edit path' }).click();
  await panel.getByRole('combobox', { name: 'Path' }).fill('/axe/in');
  await expect(panel.getByRole('option')).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await eye.look(page, 'path', FILES);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');

  await row(panel, 'a.txt').click();
  for (const [command, args] of [
    ['rsdat-dcache:rename', {}],
    ['rsdat-dcache:move', {}],
    ['rsdat-dcache:new-folder', {}],
    ['rsdat-dcache:delete', {}],
    ['rsdat-dcache:pin', {}],
    ['rsdat-dcache:copy-to-workspace', {}],
    ['rsdat-dcache:copy-to-dcache', { paths: ['here.txt'] }]
  ] as const) {
    await begin(page, command, args);
    await eye.look(page, command, DIALOG, LABS);
    await leave(page);
  }

  const token = await begin(page, 'rsdat-dcache:token', {
    endpoint: 'demo',
    path: '/axe'
  });
  await token.getByRole('button', { name: 'Make macaroon' }).click();
  await token.getByRole('button', { name: 'Show it' }).click();
  await eye.look(page, 'token', DIALOG);
  await leave(page);

  const endpoints = await begin(page, 'rsdat-dcache:endpoints');
  await endpoints.getByRole('button', { name: 'Test “demo”' }).click();
  await expect(endpoints.getByText(/^Listing, good:/)).toBeVisible({
    timeout: 60_000
  });
  await eye.look(page, 'endpoints', DIALOG);
  await endpoints.getByRole('button', { name: 'Add endpoint' }).click();
  await endpoints.getByRole('textbox', { name: 'WebDAV address' }).fill('no');
  await eye.look(page, 'an endpoint', DIALOG);
  await leave(page);
}

export async function walkTransfers(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'transfers', { transfers: TRANSFERS });
  await answer(page, 'tape', { requests: ORDERS });
  await open(page, eye);
  await openPanel(page, 'dCache');
  for (const name of ['Transfers', 'Tape']) {
    const title = page
      .locator(FILES[0])
      .getByRole('button', { name: new RegExp(`^${name}`) })
      .first();
    if ((await title.getAttribute('aria-expanded')) === 'false') {
      await title.click();
    }
  }
  await unfold(page.locator(FILES[0]));
  await eye.look(page, 'transfers', FILES);
  await eye.look(page, 'status bar', ['.jp-rsdat-Status']);
}

export async function walkNoFiles(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'dcache/endpoints', { endpoints: [] });
  await open(page, eye);
  const panel = await openPanel(page, 'dCache');
  await expect(panel).toContainText('No dCache endpoint is configured');
  await eye.look(page, 'no dCache', FILES);
}

export async function walkCatalogs(page: Page, eye: ILook): Promise<void> {
  await open(page, eye);
  await run(page, 'rsdat-stac:open', {
    href: 'dcache:///demo/radar/catalog.json'
  });
  await withoutSide(page);
  const items = page.getByRole('grid', { name: 'Items' });
  await items.getByRole('row', { name: 'slc-0002-20240125' }).click();
  const details = page.getByRole('region', { name: 'Item details' });
  await expect(details.getByRole('table')).toBeVisible();
  await eye.look(page, 'catalog', CATALOG);
  await begin(page, 'rsdat-stac:copy-assets');
  await eye.look(page, 'rsdat-stac:copy-assets', DIALOG);
  await leave(page);

  await run(page, 'rsdat-stac:search');
  const form = page.getByRole('form', { name: 'Search' });
  await form.getByRole('button', { name: 'Add an API' }).click();
  await eye.look(page, 'search', CATALOG);
}
