/** The dCache panel in the hand: selecting, going about, details, changes of others, code. */
import { expect, test } from './galata';
import type { Locator, Page } from '@playwright/test';
import { checkItem, KERNEL_MS, notebookReady, run } from './lab';
import { control, door, grid, putFile, row } from './storage';
import { drag, openPanel, reload } from './support';

function status(panel: Locator): Locator {
  return panel.locator('.jp-rsdat-DCache-status');
}

/** Put files into a new folder of the door and show it, by its typed path. */
async function folderWith(
  page: Page,
  path: string,
  names: readonly string[]
): Promise<Locator> {
  for (const name of names) {
    await putFile(`${path}/${name}`, `I am ${name}\n`);
  }
  const panel = await openPanel(page, 'dCache');
  await goTo(page, panel, path);
  return panel;
}

async function goTo(page: Page, panel: Locator, path: string): Promise<void> {
  await grid(panel).focus();
  await page.keyboard.press('Control+l');
  const field = panel.getByRole('combobox', { name: 'Path' });
  await field.fill(path);
  await field.press('Enter');
  await expect(field).toBeHidden();
}

const STOPPED =
  /^Stopped\. In “inner” \d+ entries were deleted, the rest is still there\.$/;

/** Delete a folder, so slowly that there is something to stop. */
async function beginDeleting(
  page: Page,
  path: string,
  { files, seconds } = { files: 80, seconds: 4 }
): Promise<void> {
  const names = Array.from({ length: files }, (_, number) => `f${number}`);
  const panel = await folderWith(page, `${path}/inner`, names);
  await goTo(page, panel, path);
  await control('POST', '/faults', {
    kind: 'delay',
    server: 'frontend',
    method: 'DELETE',
    prefix: `/api/v1/namespace${path}/`,
    seconds,
    times: 1000
  });
  await row(panel, 'inner').click();
  await page.keyboard.press('Delete');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Delete all' })
    .click();
  await expect(page.getByText('Deleting “inner”…')).toBeVisible();
}

const NAMES = Array.from({ length: 12 }, (_, number) => `file ${10 + number}`);

test('many are selected by mouse and keyboard, and deleted', async ({
  page
}) => {
  const panel = await folderWith(page, '/selected', NAMES);
  await row(panel, 'file 11').click();
  await row(panel, 'file 14').click({ modifiers: ['Shift'] });
  await row(panel, 'file 12').click({ modifiers: ['Control'] });
  await expect(status(panel)).toContainText('3 of 12 entries selected');
  await row(panel, 'file 20').click({ modifiers: ['Control'] });
  // The keyboard goes on from where the mouse was, without losing what is selected.
  await page.keyboard.press('Control+ArrowDown');
  await page.keyboard.press('Control+Space');
  await expect(status(panel)).toContainText('5 of 12 entries selected');
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog');
  for (const name of ['11', '13', '14', '20', '21']) {
    await expect(dialog).toContainText(`file ${name}`);
  }
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(status(panel)).toHaveText('7 entries');
  expect((await door('/selected/file 13')).status).toBe(404);
  expect((await door('/selected/file 12')).status).toBe(200);
});

test('hidden files are counted, and shown when asked for', async ({ page }) => {
  const hidden = ['.profile', '.rsdat-0123456789abcdef.part'];
  const panel = await folderWith(page, '/hidden', [...hidden, 'seen.txt']);
  await expect(status(panel)).toHaveText('1 entry, 2 hidden');
  await expect(row(panel, 'seen.txt')).toBeVisible();
  await expect(row(panel, '.profile')).toHaveCount(0);

  const toggle = async (): Promise<void> => {
    await row(panel, 'seen.txt').click({ button: 'right' });
    await checkItem(page, 'Show Hidden Files').click();
  };
  await toggle();
  for (const name of hidden) {
    await expect(row(panel, name)).toBeVisible();
  }
  await expect(status(panel)).toHaveText('3 entries');
  await expect(grid(panel)).toBeFocused();
  await page.keyboard.press('Control+a');
  await expect(status(panel)).toContainText('3 of 3 entries selected');
  await toggle();
  await expect(row(panel, '.profile')).toHaveCount(0);
  await grid(panel).focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Delete “seen.txt”?');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(panel).toContainText('All files in this folder are hidden.');
  await expect(status(panel)).toHaveText('0 entries, 2 hidden');
  expect((await door('/hidden/.profile')).status).toBe(200);
});

test('every row of a long list is selected by one key', async ({ page }) => {
  const panel = await openPanel(page, 'dCache');
  await goTo(page, panel, '/many');
  await expect(grid(panel)).toHaveAttribute('aria-rowcount', '50001', {
    timeout: 60_000
  });
  await grid(panel).focus();
  await page.keyboard.press('Control+a');
  await expect(status(panel)).toContainText(
    '50,000 of 50000 entries selected',
    {
      timeout: 60_000
    }
  );
  await page.keyboard.press('End');
  await expect(row(panel, 'file-49999.dat')).toBeVisible();
  const nodes = await panel.evaluate(
    element => element.querySelectorAll('*').length
  );
  expect(nodes).toBeLessThan(1000);
});

test('a path is typed and completed, and there is a way back', async ({
  page
}) => {
  const panel = await folderWith(page, '/typed/inner folder', ['in.txt']);
  await goTo(page, panel, '/typed');
  await expect(row(panel, 'inner folder')).toBeVisible();
  const crumbs = panel.getByRole('navigation', { name: 'Path' });
  await crumbs.getByRole('button', { name: 'Edit path' }).click();
  const field = panel.getByRole('combobox', { name: 'Path' });
  await expect(field).toHaveValue('/typed/');
  await field.fill('/typed/in');
  await expect(
    panel.getByRole('option', { name: '/typed/inner folder' })
  ).toBeVisible();
  await field.press('ArrowDown');
  await field.press('Enter');
  await expect(row(panel, 'in.txt')).toBeVisible();
  await grid(panel).focus();
  await page.keyboard.press('Alt+ArrowLeft');
  await expect(row(panel, 'inner folder')).toBeVisible();
  await panel.getByRole('button', { name: 'Forward' }).click();
  await expect(row(panel, 'in.txt')).toBeVisible();

  await crumbs.getByRole('button', { name: 'Bookmark this folder' }).click();
  await goTo(page, panel, '/');
  await panel.getByRole('button', { name: 'Bookmarks' }).click();
  await page.getByRole('menuitem', { name: '/typed/inner folder' }).click();
  await expect(row(panel, 'in.txt')).toBeVisible();
});

test('details are shown, with labels to add and remove', async ({ page }) => {
  const panel = await folderWith(page, '/detailed', ['a.txt']);
  await panel.getByRole('button', { name: 'Details' }).click();
  await row(panel, 'a.txt').click();
  const details = panel.getByRole('region', { name: 'Details' });
  await expect(details).toContainText('/detailed/a.txt');
  await expect(details).toContainText('ADLER32');
  await details.getByRole('textbox', { name: 'New label' }).fill('fine');
  await details.getByRole('button', { name: 'Add label' }).click();
  const remove = details.getByRole('button', { name: 'Remove the label fine' });
  await expect(remove).toBeVisible();
  await remove.click();
  await expect(remove).toBeHidden();
  await details.getByRole('textbox', { name: 'Attribute name' }).fill('site');
  await details.getByRole('textbox', { name: 'Attribute value' }).fill('A 1');
  await details.getByRole('button', { name: 'Add attribute' }).click();
  await expect(details).toContainText('A 1');
  await panel.getByRole('button', { name: 'Details' }).click();
  await expect(details).toBeHidden();
});

test('where a file is stands as symbol and word, also in a window of 320 pixels', async ({
  page
}) => {
  const names = ['on-tape.tif', 'on-both.tif', 'on-disk.tif'];
  const localities = ['NEARLINE', 'ONLINE_AND_NEARLINE', 'ONLINE'];
  const panel = await folderWith(page, '/localities', names);
  await control('PUT', '/files', {
    files: names.map((name, number) => ({
      path: `/localities/${name}`,
      locality: localities[number]
    }))
  });
  await panel.getByRole('button', { name: 'Refresh' }).click();
  const [own] = page.context().pages();
  await own.setViewportSize({ width: 320, height: 640 });
  for (const [name, word] of [
    ['on-tape.tif', 'tape'],
    ['on-both.tif', 'both'],
    ['on-disk.tif', 'disk']
  ]) {
    const where = row(panel, name).locator('.jp-rsdat-Files-where');
    await expect(where).toHaveText(word);
    await expect(where).toBeInViewport({ ratio: 1 });
    // Neither the word nor the name is cut.
    for (const part of ['locality', 'name']) {
      const cell = row(panel, name).locator(`.jp-rsdat-Files-${part}`);
      expect(
        await cell.evaluate(node => node.scrollWidth - node.clientWidth)
      ).toBeLessThanOrEqual(0);
      expect((await cell.boundingBox())!.width).toBeGreaterThan(
        part === 'name' ? 90 : 40
      );
    }
    // Lab's sidebar is as wide as in large windows: sizes have room, too.
    await expect(row(panel, name).locator('.jp-rsdat-Files-size')).toHaveText(
      '17 B'
    );
    await expect(where.locator('svg')).toHaveCount(word === 'disk' ? 0 : 1);
  }
});

test('deleting a large folder can be stopped', async ({ page }) => {
  await beginDeleting(page, '/doomed');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText(STOPPED)).toBeVisible();
  const panel = await openPanel(page, 'dCache');
  await expect(row(panel, 'inner')).toBeVisible();
});

test('deleting a large folder can be stopped after a reload', async ({
  page
}) => {
  // It lasts longer than Lab takes to begin.
  await beginDeleting(page, '/doomed-on', { files: 160, seconds: 8 });
  await reload(page);
  await expect(page.getByText('Deleting “inner”…')).toBeVisible();
  const noted = page.waitForResponse(/\/api\/deletions\/[^/]+\/seen/);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText(STOPPED)).toBeVisible();
  await expect(page.getByText('Deleting “inner”…')).toBeHidden();
  expect((await noted).status()).toBe(202);
  const panel = await openPanel(page, 'dCache');
  await goTo(page, panel, '/doomed-on');
  await expect(row(panel, 'inner')).toBeVisible();
});

test('deleting that a proxy gives up goes on, and can be stopped', async ({
  page
}) => {
  await page.route(/\/rsdat\/api\/dcache\/[^/]+\/delete/, async route => {
    // It reaches the companion; its answer reaches nobody.
    void route.fetch({ timeout: 0 }).catch(() => undefined);
    await expect
      .poll(() => page.request.get('/rsdat/api/deletions').then(r => r.text()))
      .toContain('/doomed-behind/inner');
    await route.fulfill({ status: 504, body: 'Gateway Time-out' });
  });
  // The files are made meanwhile.
  const followed = page.waitForResponse(/\/rsdat\/api\/deletions/, {
    timeout: 180_000
  });
  await beginDeleting(page, '/doomed-behind', { files: 160, seconds: 8 });
  await followed;
  await expect(page.getByText('Deleting “inner”…')).toHaveCount(1);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText(STOPPED)).toBeVisible();
  await expect(page.getByText('Can’t delete')).toBeHidden();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('what others change shows by itself', async ({ page }) => {
  const panel = await folderWith(page, '/live', ['old.txt']);
  await row(panel, 'old.txt').click();
  const watched = page.waitForResponse(
    answer =>
      /\/rsdat\/api\/dcache\/[^/]+\/watch/.test(answer.url()) &&
      answer.request().postDataJSON().path === '/live'
  );
  await goTo(page, panel, '/');
  await goTo(page, panel, '/live');
  await watched;
  // By events alone: the page neither finds out what it missed, nor looks itself.
  await page.route(
    /\/rsdat\/api\/(changes|dcache\/[^/]+\/watch)/,
    () => undefined
  );
  await row(panel, 'old.txt').click();
  await door('/live/new.txt', { method: 'PUT', body: 'new' });
  await expect(row(panel, 'new.txt')).toBeVisible();
  await expect(row(panel, 'old.txt')).toHaveAttribute('aria-selected', 'true');
  await door('/live/new.txt', { method: 'DELETE' });
  await expect(row(panel, 'new.txt')).toBeHidden();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('a file that is dragged into a cell is read there', async ({ page }) => {
  const panel = await folderWith(page, '/dragged', ['notes.txt']);
  await page.notebook.createNew();
  await notebookReady(page);
  const cell = page.getByRole('main').locator('.jp-CodeCell .cm-content');
  await drag(page, row(panel, 'notes.txt'), cell.first());
  await expect(cell.first()).toContainText('dcache:///dragged/notes.txt');
  await cell.first().focus();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('\nprint(text.upper())');
  await run(page, 'notebook:run-cell');
  await expect(
    page.getByRole('main').locator('.jp-OutputArea-output').first()
  ).toContainText('I AM NOTES.TXT', { timeout: KERNEL_MS });
});

test('columns are chosen and stay', async ({ page }) => {
  const panel = await folderWith(page, '/columns', ['a.txt']);
  const header = (name: string): Locator =>
    grid(panel).getByRole('columnheader', { name });
  await expect(header('Size')).toBeVisible();
  await header('Name').click({ button: 'right' });
  await checkItem(page, 'Size').click();
  await expect(header('Size')).toBeHidden();
  await header('Name').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Reset Columns' }).click();
  await expect(header('Size')).toBeVisible();
});
