/** Step 5: files in dCache from the panel. */
import { readFileSync } from 'node:fs';
import { expect, galata, test } from './galata';
import type { Page } from '@playwright/test';
import { control, door, putFile, row, show } from './storage';
import { openPanel, stack } from './support';

const ODD_NAMES = ['a b#c?.txt', '100%+x:y&z.txt', 'é日🛰.txt', '.hidden.txt'];

/** Put files into a new folder of the door and show it in the panel. */
async function folderWith(
  page: Page,
  name: string,
  files: Record<string, string>
) {
  for (const [file, text] of Object.entries(files)) {
    await putFile(`/${name}/${file}`, text);
  }
  const panel = await openPanel(page, 'dCache');
  await panel.getByRole('button', { name: 'Refresh' }).click();
  await row(panel, name).dblclick();
  return panel;
}

test('a text file is opened in the editor, changed and saved', async ({
  page
}) => {
  const panel = await folderWith(page, 'edit', { 'notes.txt': 'first\n' });
  await row(panel, 'notes.txt').dblclick();
  const editor = page.getByRole('main').locator('.cm-content');
  await expect(editor).toContainText('first');
  await editor.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('second');
  await page.keyboard.press('Control+s');
  await expect
    .poll(async () => (await door('/edit/notes.txt')).text())
    .toBe('first\nsecond');
});

test.describe('with hidden files', () => {
  test.use({
    mockSettings: {
      ...galata.DEFAULT_SETTINGS,
      'jupyterlab-rsdat:dcache': { showHiddenFiles: true }
    }
  });

  test('odd names are listed, opened and saved as they are', async ({
    page
  }) => {
    const files = Object.fromEntries(
      ODD_NAMES.map(name => [name, `I am ${name}`])
    );
    const panel = await folderWith(page, 'odd', files);
    for (const name of ODD_NAMES) {
      await row(panel, name).dblclick();
      await expect(
        page.getByRole('main').locator('.cm-content:visible')
      ).toContainText(`I am ${name}`);
      await page.keyboard.press('Control+End');
      await page.getByRole('main').locator('.cm-content:visible').click();
      await page.keyboard.press('Control+End');
      await page.keyboard.type('!');
      await page.keyboard.press('Control+s');
      await expect
        .poll(async () => (await door(`/odd/${name}`)).text())
        .toBe(`I am ${name}!`);
    }
  });
});

test('upload, rename, download, new folder, delete', async ({ page }) => {
  const panel = await folderWith(page, 'manage', { 'keep.txt': 'kept' });
  const chooser = page.waitForEvent('filechooser');
  await panel.getByRole('button', { name: 'Upload' }).click();
  await (
    await chooser
  ).setFiles({
    name: 'up #1.bin',
    mimeType: 'application/x',
    buffer: Buffer.alloc(100_000, 7)
  });
  await expect(row(panel, 'up #1.bin')).toBeVisible();
  expect(
    (await (await door('/manage/up #1.bin')).arrayBuffer()).byteLength
  ).toBe(100_000);

  await row(panel, 'up #1.bin').click();
  await page.keyboard.press('F2');
  const input = page.locator('input:focus');
  await input.fill('renamed é.bin');
  await input.press('Enter');
  await expect(row(panel, 'renamed é.bin')).toBeVisible();

  await row(panel, 'renamed é.bin').click({ button: 'right' });
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Download' }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toBe('renamed é.bin');
  expect(readFileSync(await saved.path())).toEqual(Buffer.alloc(100_000, 7));

  await panel.getByRole('button', { name: 'New folder' }).click();
  await page.locator('input:focus').fill('inner');
  await page.locator('input:focus').press('Enter');
  await expect(row(panel, 'inner')).toBeVisible();

  await row(panel, 'renamed é.bin').click();
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('renamed é.bin');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(row(panel, 'renamed é.bin')).toBeHidden();
  expect((await door('/manage/renamed é.bin')).status).toBe(404);
  expect(await (await door('/manage/keep.txt')).text()).toBe('kept');
});

test('50 000 entries scroll with few rows in the page', async ({ page }) => {
  const panel = await openPanel(page, 'dCache');
  await panel.getByRole('button', { name: 'Refresh' }).click();
  await row(panel, 'many').dblclick();
  const grid = panel.getByRole('grid', { name: 'Files' });
  await expect(grid).toHaveAttribute('aria-rowcount', /^5000[01]$/, {
    timeout: 60_000
  });
  await expect(row(panel, 'file-00000.dat')).toBeVisible();
  await row(panel, 'file-00000.dat').click();
  await page.keyboard.press('End');
  await expect(row(panel, 'file-49999.dat')).toBeVisible();
  expect(await grid.getByRole('row').count()).toBeLessThan(200);
  await panel
    .getByRole('searchbox', { name: 'Filter files' })
    .fill('file-3141');
  await expect(grid).toHaveAttribute('aria-rowcount', /^1[01]$/);
});

test('a file on tape is marked and does not hang when opened', async ({
  page
}) => {
  const panel = await openPanel(page, 'dCache');
  await panel.getByRole('button', { name: 'Refresh' }).click();
  await row(panel, 'tape').dblclick();
  const first = panel
    .getByRole('grid', { name: 'Files' })
    .getByRole('row')
    .nth(1);
  await expect(
    first
      .getByTitle(/on tape/i)
      .or(first.getByLabel(/on tape/i))
      .first()
  ).toBeVisible();
  await first.dblclick();
  await expect(page.getByRole('dialog')).toContainText(/tape/i);
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /cancel|close|dismiss/i })
    .click();
});

test('a file is staged, and released again', async ({ page }) => {
  // An earlier try left its own on disk.
  const name = `staged-${test.info().repeatEachIndex}-${test.info().retry}.txt`;
  const folder = '/staged';
  await putFile(`${folder}/${name}`, 'from tape\n');
  await control('PUT', '/files', {
    files: [{ path: `${folder}/${name}`, locality: 'NEARLINE' }]
  });
  const panel = await show(page, folder);
  await panel.getByRole('button', { name: 'Refresh' }).click();
  const file = row(panel, name);
  await expect(file.getByTitle(/^On tape/)).toBeVisible();
  await file.click({ button: 'right' });
  await expect(
    page.getByRole('menuitem', { name: 'Release from Disk' })
  ).toBeHidden();
  await page.getByRole('menuitem', { name: 'Stage from Tape' }).click();
  await expect(async () => {
    await panel.getByRole('button', { name: 'Refresh' }).click();
    await expect(file.getByTitle('On disk and on tape')).toBeVisible({
      timeout: 2_000
    });
  }).toPass({ timeout: 60_000 });
  await file.click({ button: 'right' });
  await expect(
    page.getByRole('menuitem', { name: 'Stage from Tape' })
  ).toBeHidden();
  await page.getByRole('menuitem', { name: 'Release from Disk' }).click();
  await expect(
    page.getByText(new RegExp(`^(dCache releases|Released) .*${name}`)).first()
  ).toBeVisible();
});

test('a door that is down is said, with a way on', async ({ page }) => {
  const panel = await openPanel(page, 'dCache');
  process.kill(stack().door.pid, 'SIGSTOP');
  try {
    await page.route('**/rsdat/api/dcache/**', route =>
      route.abort('connectionrefused')
    );
    await panel.getByRole('button', { name: 'Refresh' }).click();
    await expect(panel.getByRole('alert')).toBeVisible();
    await expect(
      panel.getByRole('button', { name: /retry|try again/i })
    ).toBeVisible();
    await page.unroute('**/rsdat/api/dcache/**');
    // Before the door is back: by its events the panel would mend itself.
    await panel.getByRole('button', { name: /retry|try again/i }).click();
  } finally {
    process.kill(stack().door.pid, 'SIGCONT');
  }
  await expect(panel.getByRole('alert')).toBeHidden();
});
