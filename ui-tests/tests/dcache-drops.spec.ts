/** What is dragged, pasted and left: folders from the desktop, files of the workspace, an upload under way. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from './galata';
import { activate, run } from './lab';
import {
  choose,
  door,
  dropFromDesktop,
  grid,
  putFile,
  row,
  show,
  textOf,
  transfers
} from './storage';
import { drag, reload } from './support';

test('a folder is dropped from the desktop, with its empty folders', async ({
  page
}) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'rsdat-drop-')), 'scene');
  mkdirSync(join(folder, 'bands', 'none yet'), { recursive: true });
  writeFileSync(join(folder, 'readme.txt'), 'a scene\n');
  writeFileSync(join(folder, 'bands', 'B01.dat'), 'band 1\n');
  await putFile('/dropped/keep.txt', 'kept');
  const panel = await show(page, '/dropped');
  await expect(row(panel, 'keep.txt')).toBeVisible();

  await dropFromDesktop(page, grid(panel), [folder]);
  const item = (await transfers(page)).getByRole('listitem', {
    name: 'Upload of “scene (2 files)”, done'
  });
  await expect(item).toBeVisible();
  await expect(row(panel, 'scene')).toBeVisible();
  expect(await textOf('/dropped/scene/readme.txt')).toBe('a scene\n');
  expect(await textOf('/dropped/scene/bands/B01.dat')).toBe('band 1\n');
  await expect
    .poll(
      async () =>
        (
          await door('/dropped/scene/bands/none yet', {
            method: 'PROPFIND',
            headers: { Depth: '0' }
          })
        ).status
    )
    .toBe(207);
});

test('a file is dragged from Lab’s own browser onto the panel', async ({
  page,
  tmpPath
}) => {
  await page.contents.uploadContent(
    'from the workspace\n',
    'text',
    `${tmpPath}/work.txt`
  );
  await putFile('/taken/keep.txt', 'kept');
  // Both side bars at once: what is dragged has to be seen where it is dropped.
  await page.evaluate(() => {
    const { jupyterapp } = window as unknown as {
      jupyterapp: { shell: { add(widget: unknown, area: string): void } };
    };
    const { shell } = jupyterapp;
    const widgets = (
      shell as unknown as { widgets(area: string): Iterable<{ id: string }> }
    ).widgets('left');
    const browser = [...widgets].find(({ id }) => id === 'filebrowser');
    shell.add(browser, 'right');
  });
  const panel = await show(page, '/taken');
  await expect(row(panel, 'keep.txt')).toBeVisible();
  await activate(page, 'filebrowser');
  // Not by galata's own steps, which look for the breadcrumbs of the newest Lab.
  await run(page, 'filebrowser:go-to-path', { path: tmpPath });
  const file = page.locator('.jp-DirListing-item', { hasText: 'work.txt' });
  await expect(file).toBeVisible();
  await drag(page, file, grid(panel));
  await expect(row(panel, 'work.txt')).toBeVisible();
  expect(await textOf('/taken/work.txt')).toBe('from the workspace\n');
  // A copy: nothing leaves the workspace.
  await expect(file).toBeVisible();
});

test('files are copied by Ctrl+C and pasted by Ctrl+V', async ({ page }) => {
  await putFile('/cut/one.txt', 'one');
  await putFile('/cut/two.txt', 'two');
  await putFile('/cut/to/keep.txt', 'kept');
  const panel = await show(page, '/cut');
  await row(panel, 'one.txt').click();
  await row(panel, 'two.txt').click({ modifiers: ['Control'] });
  await page.keyboard.press('Control+c');
  await row(panel, 'to').dblclick();
  await expect(row(panel, 'keep.txt')).toBeVisible();
  await grid(panel).focus();
  await page.keyboard.press('Control+v');
  await expect(row(panel, 'two.txt')).toBeVisible();
  await expect.poll(() => textOf('/cut/to/one.txt')).toBe('one');
  // Pasted where it is there already: asked, and nothing lost meanwhile.
  await page.keyboard.press('Control+v');
  const section = await transfers(page);
  const item = section.getByRole('listitem').first();
  await expect(item).toContainText('exists already');
  await item.getByRole('button', { name: 'Skip' }).click();
  await item.getByRole('button', { name: 'Skip' }).click();
  await expect(item.getByText(/2 skipped/)).toBeVisible();
});

test('leaving the page during an upload is asked about', async ({ page }) => {
  await putFile('/left/keep.txt', 'kept');
  const panel = await show(page, '/left');
  await expect(row(panel, 'keep.txt')).toBeVisible();
  // The file stays on its way.
  await page.route(/\/transfers\/.*\/content\?/, () => undefined);
  await choose(
    page,
    () => panel.getByRole('button', { name: 'Upload' }).click(),
    { name: 'big.bin', mimeType: 'a/b', buffer: Buffer.alloc(1000) }
  );
  const section = await transfers(page);
  const item = section.getByRole('listitem', { name: /^Upload of “big\.bin/ });
  await expect(item.getByRole('progressbar')).toBeVisible();

  const question = page.waitForEvent('dialog');
  await page.evaluate(() => void setTimeout(() => location.reload(), 0));
  const asked = await question;
  expect(asked.type()).toBe('beforeunload');
  await asked.dismiss();
  await expect(item.getByRole('progressbar')).toBeVisible();

  // With nothing on its way the page is left unasked.
  await item.getByRole('button', { name: /^Cancel/ }).click();
  await expect(item.getByText('cancelled', { exact: true })).toBeVisible();
  const dialogs: string[] = [];
  page.on('dialog', dialog => {
    dialogs.push(dialog.type());
    void dialog.accept();
  });
  await reload(page);
  expect(dialogs).toEqual([]);
});
