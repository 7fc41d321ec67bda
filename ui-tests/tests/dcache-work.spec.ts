/** At work in the panel: two writers, a growing list, large files, a refused name, tape. */
import { mkdirSync } from 'node:fs';
import { expect, galata, test } from './galata';
import type { Locator } from '@playwright/test';
import { run } from './lab';
import { control, door, grid, putFile, row, show, textOf } from './storage';
import { stack } from './support';

test('a file that another changed meanwhile is asked about when saved', async ({
  page
}) => {
  await putFile('/writers/notes.txt', 'first\n');
  const panel = await show(page, '/writers');
  await row(panel, 'notes.txt').dblclick();
  const editor = page.getByRole('main').locator('.cm-content');
  await expect(editor).toContainText('first');
  // Lab takes files whose times lie within half a second for the same one.
  await page.waitForTimeout(1000);
  await door('/writers/notes.txt', { method: 'DELETE' });
  await putFile('/writers/notes.txt', 'of another\n');
  await editor.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('mine');
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(/has changed on disk|File Changed/);
  expect(await textOf('/writers/notes.txt')).toBe('of another\n');
  await dialog.getByRole('button', { name: /Overwrite/ }).click();
  await expect.poll(() => textOf('/writers/notes.txt')).toBe('first\nmine');
});

test('first rows show while the rest of a long list still arrives', async ({
  page
}) => {
  // Folders are cheap to make by the hundred; the first page has 200.
  const { root } = stack().door;
  for (let number = 0; number < 450; number++) {
    mkdirSync(`${root}/growing/d${String(number).padStart(3, '0')}`, {
      recursive: true
    });
  }
  const prefix = '/api/v1/namespace/growing';
  const once = { server: 'frontend', method: 'GET', prefix };
  await control('POST', '/faults', { kind: 'delay', seconds: 0, ...once });
  await control('POST', '/faults', { kind: 'delay', seconds: 15, ...once });
  const panel = await show(page, '/growing');
  const status = panel.locator('.jp-rsdat-DCache-status');
  await expect(status).toHaveText('Loading the rest… 200 entries so far');
  await expect(row(panel, 'd000')).toBeVisible();
  // One can go on with what is there.
  await row(panel, 'd003').click();
  await expect(row(panel, 'd003')).toHaveAttribute('aria-selected', 'true');
  await expect(status).toHaveText('450 entries', { timeout: 60_000 });
  await expect(row(panel, 'd003')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('End');
  await expect(row(panel, 'd449')).toBeVisible();
});

test('what is typed finds a name far down in the list', async ({ page }) => {
  const panel = await show(page, '/many');
  await expect(grid(panel)).toHaveAttribute('aria-rowcount', '50001', {
    timeout: 60_000
  });
  await grid(panel).focus();
  await page.keyboard.type('file-31415');
  await expect(row(panel, 'file-31415.dat')).toHaveAttribute(
    'aria-selected',
    'true'
  );
});

test.describe('with a limit of one MiB', () => {
  test.use({
    mockSettings: {
      ...galata.DEFAULT_SETTINGS,
      'jupyterlab-rsdat:dcache': { openLimit: 1 }
    }
  });

  test('a file that is too large is offered as code or copy', async ({
    page
  }) => {
    await putFile('/large/big.csv', `a,b\n${'1,2\n'.repeat(300_000)}`);
    const panel = await show(page, '/large');
    await page.notebook.createNew();
    await row(panel, 'big.csv').dblclick();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('“big.csv” is too large to open');
    await expect(
      dialog.getByRole('button', { name: 'Copy to workspace' })
    ).toBeVisible();
    await dialog.getByRole('button', { name: 'Insert code' }).click();
    await expect(
      page.getByRole('main').locator('.jp-CodeCell .cm-content').first()
    ).toContainText('dcache:///large/big.csv');
  });
});

test('a name that is refused stays typed, with the reason', async ({
  page
}) => {
  await putFile('/refused/a.txt', 'a');
  await putFile('/refused/b.txt', 'b');
  await putFile('/refused/inner/keep.txt', 'kept');
  const panel = await show(page, '/refused');
  await row(panel, 'a.txt').click();
  await page.keyboard.press('F2');
  const rename = page.getByRole('dialog', { name: 'Rename “a.txt”' });
  const field = rename.getByRole('textbox');
  await field.fill('b.txt');
  await field.press('Enter');
  await expect(rename.getByRole('alert')).toContainText(/exist/);
  await expect(field).toHaveValue('b.txt');
  await field.fill('c.txt');
  await field.press('Enter');
  await expect(rename).toBeHidden();
  await expect(grid(panel)).toBeFocused();
  await expect(row(panel, 'c.txt')).toHaveAttribute('aria-selected', 'true');
  expect(await textOf('/refused/b.txt')).toBe('b');

  // Moved to a folder that is found by its beginning.
  await run(page, 'rsdat-dcache:open', { endpoint: 'demo', path: '/refused' });
  await row(panel, 'c.txt').click({ button: 'right' });
  const shortcut = (name: string): Locator =>
    page.getByRole('menuitem', { name }).locator('.lm-Menu-itemShortcut');
  await expect(shortcut('Rename…')).toHaveText('F2');
  await expect(shortcut('Delete…')).toHaveText('Del');
  await page.getByRole('menuitem', { name: 'Move…' }).click();
  const move = page.getByRole('dialog', { name: 'Move “c.txt”' });
  const folder = move.getByRole('combobox', { name: 'Destination folder' });
  await folder.fill('/refused/in');
  await expect(
    move.getByRole('option', { name: '/refused/inner' })
  ).toBeVisible();
  await folder.press('ArrowDown');
  await folder.press('Enter');
  await expect(folder).toHaveValue('/refused/inner/');
  await folder.press('Enter');
  await expect(move).toBeHidden();
  // Also after a dialog that the menu opened.
  await expect(grid(panel)).toBeFocused();
  await expect(row(panel, 'c.txt')).toBeHidden();
  expect(await textOf('/refused/inner/c.txt')).toBe('a');
});

test('a selection on tape is staged for a time, and told when it is ready', async ({
  page
}) => {
  const names = ['one.dat', 'two.dat', 'three.dat'];
  for (const name of names) {
    await putFile(`/tapes/${name}`, name);
  }
  await control('PUT', '/files', {
    files: names.map(name => ({
      path: `/tapes/${name}`,
      locality: 'NEARLINE'
    }))
  });
  const panel = await show(page, '/tapes');
  await panel.getByRole('button', { name: 'Refresh' }).click();
  await row(panel, 'one.dat').click();
  await page.keyboard.press('Control+a');
  await row(panel, 'one.dat').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Stage from Tape…' }).click();
  const dialog = page.getByRole('dialog', {
    name: 'Stage 3 entries from tape'
  });
  await expect(dialog).toContainText('3 files');
  await dialog.getByLabel('Keep on disk for').selectOption('30 days');
  await dialog.getByRole('button', { name: 'Stage' }).click();
  await expect(page.getByText(/keeps it for 30 d/).first()).toBeVisible();
  await expect(
    page.getByText(/^Ready: .* 3 files are on disk\.$/).first()
  ).toBeVisible();
  await panel.getByRole('button', { name: 'Refresh' }).click();
  for (const name of names) {
    await expect(
      row(panel, name).getByTitle('On disk and on tape')
    ).toBeVisible();
  }
});
