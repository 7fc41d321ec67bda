/** The main path without a mouse: clusters, files, transfers, catalogs. */
import { expect, test } from '@jupyterlab/galata';
import {
  chooseItem,
  openMenu,
  pressButton,
  showPanel,
  tabThrough,
  tabTo
} from './keyboard';
import { run, waitForLab } from './lab';
import { ORDERS, PAST, TRANSFERS, answer, everyCluster } from './samples';
import { control, grid, putFile, row, show } from './storage';
import { card, openPanel } from './support';

test('a cluster is made, scaled, used, looked at and shut down', async ({
  page
}) => {
  await page.notebook.createNew();
  await page.locator('body').evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
  });
  await showPanel(page, 'jp-rsdat-sidebar');
  const region = page.getByRole('region', { name: 'Clusters', exact: true });
  const create = region.getByRole('button', { name: 'New SLURMCluster' });
  await pressButton(page, create);
  const made = region.getByRole('listitem', { name: /^SLURMCluster \d+/ });
  await expect(made).toHaveCount(1);
  const name = (await made.getAttribute('aria-label'))!.split(',')[0];
  await expect(card(page, name)).toHaveAccessibleName(/running/, {
    timeout: 60_000
  });

  const scale = card(page, name).getByRole('button', { name: 'Scale' });
  await pressButton(page, scale);
  const workers = page
    .getByRole('dialog', { name: `Scale ${name}` })
    .getByRole('spinbutton', { name: 'Workers', exact: true });
  await expect(workers).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('1');
  await page.keyboard.press('Enter');
  await expect(workers).toBeHidden();
  await expect(card(page, name)).toContainText(/1\s*connected/i, {
    timeout: 60_000
  });
  // The keyboard is where it was before the dialog.
  await expect(scale).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(workers).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(workers).toBeHidden();
  await expect(scale).toBeFocused();

  const more = card(page, name).getByRole('button', { name: 'More actions' });
  await tabTo(page, more, 'Shift+Tab');
  await openMenu(page, 'Enter');
  await page.keyboard.press('Escape');
  await expect(more).toBeFocused();

  const insert = card(page, name).getByRole('button', {
    name: 'Insert client code'
  });
  await pressButton(page, insert);
  await expect
    .poll(async () => await page.notebook.getCellTextInput(0))
    .toContain(name);
  await card(page, name).focus();

  const dashboards = page.getByRole('region', {
    name: 'Dashboards',
    exact: true
  });
  const status = dashboards.getByRole('button', { name: 'Status' });
  await tabTo(page, status);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(
    page.getByRole('main').getByRole('tab', { name: `Task Stream · ${name}` })
  ).toBeVisible();

  // To the sides of what is in front: the one that is open moves, another is opened there.
  const parts = page.locator('#jp-main-dock-panel .lm-DockPanel-tabBar');
  const before = await parts.count();
  const plot = dashboards.getByRole('button', {
    name: 'Task Stream',
    exact: true
  });
  await plot.focus();
  await openMenu(page, 'Shift+F10');
  await chooseItem(page, 'Open Plot to the Right');
  await expect(parts).toHaveCount(before + 1);
  await plot.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Alt+ArrowDown');
  await expect(parts).toHaveCount(before + 2);
  const top = async (title: string): Promise<number> =>
    (await page
      .getByRole('main')
      .getByRole('tab', { name: `${title} · ${name}` })
      .boundingBox())!.y;
  expect(await top('Progress')).toBeGreaterThan(await top('Task Stream'));

  await card(page, name).focus();
  await page.keyboard.press('Delete');
  const sure = page.getByRole('dialog');
  await expect(sure).toContainText(name);
  await tabTo(page, sure.getByRole('button', { name: 'Cancel' }));
  await page.keyboard.press('Enter');
  await expect(sure).toBeHidden();
  await expect(card(page, name)).toBeFocused();

  await page.keyboard.press('Delete');
  await pressButton(page, sure.getByRole('button', { name: 'Shut down' }));
  await expect(card(page, name)).toBeHidden({ timeout: 60_000 });
  // What had the keyboard is gone; it goes on in the panel.
  await expect(region).toBeFocused();
});

test('files are gone through, opened, staged and uploaded', async ({
  page
}) => {
  // Transfers and orders of an earlier try are still there.
  const tried = test.info().repeatEachIndex;
  const folder = `/keys-${tried}`;
  await putFile(`${folder}/one.txt`, 'the first\n');
  await putFile(`${folder}/two.txt`, 'the second\n');
  await putFile(`${folder}/inner/three.txt`, 'the third\n');
  const old = `old-${tried}.txt`;
  await putFile(`${folder}-tape/${old}`, 'the old one\n');
  await control('PUT', '/files', {
    files: [{ path: `${folder}-tape/${old}`, locality: 'NEARLINE' }]
  });
  const panel = await show(page, folder);
  await expect(row(panel, 'one.txt')).toBeVisible();
  await tabTo(page, grid(panel));
  await page.keyboard.press('Home');
  await expect(row(panel, 'inner')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(row(panel, 'three.txt')).toBeVisible();
  await page.keyboard.press('Backspace');
  // It is selected when one comes out of it.
  await expect(row(panel, 'inner')).toHaveAttribute('aria-selected', 'true');

  // The menu of a row, and back from it.
  await page.keyboard.type('tw');
  await expect(row(panel, 'two.txt')).toHaveAttribute('aria-selected', 'true');
  await openMenu(page, 'Shift+F10');
  await page.keyboard.press('Escape');
  await expect(grid(panel)).toBeFocused();

  // A question, and back from it.
  await page.keyboard.press('F2');
  const rename = page.getByRole('dialog', { name: 'Rename “two.txt”' });
  await expect(rename.getByRole('textbox')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(rename).toBeHidden();
  await expect(grid(panel)).toBeFocused();

  await tabTo(page, panel.getByRole('button', { name: 'Upload' }), 'Shift+Tab');
  // The files of a transfer that stays on its way.
  const content = /\/transfers\/.*\/content/;
  await page.route(content, () => undefined);
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Enter');
  const name = `by-keys-${tried}.txt`;
  await (
    await chooser
  ).setFiles([{ name, mimeType: 'text/plain', buffer: Buffer.from('up') }]);
  const section = page.getByRole('region', { name: 'Transfers', exact: true });
  const title = section.getByRole('button', { name: /^Transfers/ });
  await expect(title).toContainText('running');
  if ((await title.getAttribute('aria-expanded')) === 'false') {
    await pressButton(page, title);
  }
  const item = section.getByRole('listitem', {
    name: new RegExp(`^Upload of “${name}`)
  });
  await pressButton(page, item.getByRole('button', { name: /^Cancel/ }));
  await expect(item.getByText('cancelled', { exact: true })).toBeVisible();
  // Its button is gone: the keyboard goes on with those that came.
  await expect(item).toBeFocused();
  await page.unroute(content);

  // From tape, by the menu.
  await show(page, `${folder}-tape`);
  await expect(row(panel, old)).toBeVisible();
  await grid(panel).focus();
  await page.keyboard.press('Home');
  await expect(row(panel, old)).toHaveAttribute('aria-selected', 'true');
  await openMenu(page, 'Shift+F10');
  await chooseItem(page, 'Stage from Tape');
  const orders = page.getByRole('region', { name: 'Tape orders', exact: true });
  const all = orders.getByRole('button', { name: /^Tape orders/ });
  await expect(all).toBeVisible();
  if ((await all.getAttribute('aria-expanded')) === 'false') {
    await pressButton(page, all);
  }
  await expect(
    orders.getByRole('listitem', { name: new RegExp(`Stage.*${old}`) })
  ).toBeVisible();

  await show(page, folder);
  await expect(row(panel, 'one.txt')).toBeVisible();
  await grid(panel).focus();
  await page.keyboard.type('o');
  await expect(row(panel, 'one.txt')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main').locator('.cm-content')).toContainText(
    'the first'
  );
});

test('a catalog is gone through, and narrowed without its map', async ({
  page
}) => {
  await run(page, 'rsdat-stac:open', {
    href: 'dcache:///demo/radar/catalog.json'
  });
  const items = page.getByRole('grid', { name: 'Items' });
  const status = page.locator('.jp-rsdat-StacStatus-line');
  await expect(status).toHaveText('8 items');
  await tabTo(page, items);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(status).toContainText('2 selected');
  await page.keyboard.press('Control+a');
  await expect(status).toContainText('8 selected');
  await page.keyboard.press('Home');
  await expect(
    page.getByRole('region', { name: 'Item details' }).getByRole('table')
  ).toBeVisible();

  const tree = page.getByRole('tree', { name: 'Catalog' });
  await tabTo(page, tree.locator('[tabindex="0"]'), 'Shift+Tab');
  await page.keyboard.press('ArrowLeft');
  const root = tree.getByRole('treeitem').first();
  await expect(root).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('ArrowRight');
  await expect(root).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('Enter');
  await expect(root).toHaveAttribute('aria-selected', 'true');
  await tabTo(page, items);

  // An area that is typed is what one draws on the map.
  await tabTo(page, page.getByRole('textbox', { name: /^Area/ }), 'Shift+Tab');
  await page.keyboard.type('10, 40, 11, 41');
  await page.keyboard.press('Enter');
  await expect(status).toContainText('No item passes the filter');
  await pressButton(page, page.getByRole('button', { name: 'Clear filter' }));
  await expect(status).toHaveText(/^8 items/);
  // The button is gone: the keyboard stays in the filter.
  await expect(page.getByRole('group', { name: 'Filter items' })).toBeFocused();

  // A search, by the palette.
  await page.keyboard.press('Control+Shift+C');
  const palette = page.locator('.lm-CommandPalette');
  await expect(palette.locator('input')).toBeFocused();
  await page.keyboard.type('STAC Search');
  await expect(palette.locator('.lm-mod-active')).toContainText('STAC Search');
  await page.keyboard.press('Enter');
  const search = page.getByRole('form', { name: 'Search' });
  await expect(search).toBeVisible();
  await pressButton(page, search.getByRole('button', { name: 'Add an API' }));
  await tabTo(page, search.getByRole('textbox', { name: 'Name' }));
});

test.describe('Tab leads through, and out again', () => {
  test.use({ autoGoto: false });

  test('with everything in the panels', async ({ page }) => {
    await answer(page, 'clusters', everyCluster());
    await answer(page, 'clusters/past', { clusters: [PAST] });
    await answer(page, 'transfers', { transfers: TRANSFERS });
    await answer(page, 'tape', { requests: ORDERS });
    const [own] = page.context().pages();
    await own.goto('/lab/workspaces/keyboard?reset');
    await waitForLab(page);
    // Lab gives it the keyboard some time after it has started.
    await expect(page.locator('.jp-Launcher')).toBeFocused();
    await openPanel(page, 'Clusters');
    await expect(card(page, 'broken')).toBeVisible();
    const clusters = await tabThrough(page, '#jp-rsdat-sidebar');
    expect(clusters.join('\n')).toMatch(
      /New SLURMCluster[\s\S]*Log of the scheduler[\s\S]*Shut down[\s\S]*Past clusters[\s\S]*Dashboards/
    );
    await putFile('/keys/one.txt', 'the first\n');
    await show(page, '/keys');
    const files = await tabThrough(page, '#jp-rsdat-dcache');
    expect(files.join('\n')).toMatch(/Upload[\s\S]*Filter files[\s\S]*grid/);
    await run(page, 'rsdat-stac:open', {
      href: 'dcache:///demo/radar/catalog.json'
    });
    await expect(page.locator('.jp-rsdat-StacStatus-line')).toHaveText(
      '8 items'
    );
    const catalog = await tabThrough(page, '.jp-rsdat-Stac');
    expect(catalog.join('\n')).toMatch(/tree[\s\S]*Area[\s\S]*grid/);
  });
});
