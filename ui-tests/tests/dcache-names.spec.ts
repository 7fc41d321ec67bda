/** Odd names through the panel's own gestures: what is typed, dropped and dragged is what dCache has. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, galata, test } from './galata';
import type { Locator, Page } from '@playwright/test';
import { appendToFirstCell, KERNEL_MS, notebookReady, run } from './lab';
import {
  choose,
  door,
  grid,
  listedNames,
  putFile,
  row,
  show,
  textOf,
  transfers
} from './storage';
import { drag, stack } from './support';

// One of the names begins with a dot.
test.use({
  mockSettings: {
    ...galata.DEFAULT_SETTINGS,
    'jupyterlab-rsdat:dcache': { showHiddenFiles: true }
  }
});

/** In Unicode's composed form, as the client spells new names. */
const NAMES = [
  'a b.txt',
  ' before and behind .txt',
  'a#b.txt',
  'a?b=1&c=2.txt',
  '100%.txt',
  '%2F%20%41.txt',
  '+plus+.txt',
  'a:b::c.txt',
  'dcache:x.txt',
  'a&amp;<b>.txt',
  'é.txt',
  '日本語 データ.txt',
  '🛰️ orbit.txt',
  'عربي.txt',
  '"double" \'single\' `back`.txt',
  'back\\slash.txt',
  '.hidden.txt',
  '..two dots.txt',
  '~tilde~.txt',
  '$HOME ${x} %(y)s {z}.txt',
  '-rf.txt',
  '*glob[0-9]?.txt',
  'semi;colon,comma|pipe.txt',
  'UPPER.TXT',
  'no extension',
  `${'long'.repeat(58)}.txt`
];

/** Those that are opened, saved and renamed one by one: each for another trap. */
const SOME = [
  'a?b=1&c=2.txt',
  '%2F%20%41.txt',
  'a:b::c.txt',
  'back\\slash.txt'
];

/** The names in a folder of the door, from its own disk. */
function namesIn(folder: string): string[] {
  return readdirSync(join(stack().door.root, folder)).sort();
}

/** The field of a dialog for a name: what comes before the extension is selected once, and may be replaced then. */
async function nameField(page: Page, name: string): Promise<Locator> {
  const field = page.getByRole('dialog').getByRole('textbox');
  await expect(field).toHaveValue(name);
  await expect
    .poll(() =>
      field.evaluate(
        each => (each as HTMLInputElement).selectionEnd ?? undefined
      )
    )
    .toBe(name.lastIndexOf('.'));
  return field;
}

/** Something done to each of them in turn. */
const ALL_MS = 90_000;

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    await page.keyboard.press(key);
  }
}

test('odd names are uploaded, listed, downloaded, moved and deleted', async ({
  page
}) => {
  await putFile('/names/keep/kept.txt', 'kept');
  const panel = await show(page, '/names');
  await expect(row(panel, 'keep')).toBeVisible();
  await choose(
    page,
    () => panel.getByRole('button', { name: 'Upload' }).click(),
    NAMES.map(name => ({
      name,
      mimeType: 'text/plain',
      buffer: Buffer.from(`I am ${name}`)
    }))
  );
  const item = (await transfers(page)).getByRole('listitem', {
    name: `Upload of “${NAMES[0]} and ${NAMES.length - 1} more”, done`
  });
  await expect(item).toBeVisible({ timeout: ALL_MS });
  expect(namesIn('names')).toEqual([...NAMES, 'keep'].sort());
  const status = panel.locator('.jp-rsdat-DCache-status');
  await expect(status).toContainText(`${NAMES.length + 1} entries`);
  expect((await listedNames(panel)).sort()).toEqual([...NAMES, 'keep'].sort());

  // All but the folder, by one gesture, as one archive.
  await grid(panel).focus();
  await press(page, 'Home', 'ArrowDown', 'Shift+End');
  await expect(status).toContainText(`${NAMES.length} of`);
  const download = page.waitForEvent('download');
  await run(page, 'rsdat-dcache:download');
  const file = await (await download).path();
  const listed = execFileSync(
    'python3',
    [
      '-c',
      'import json,sys,zipfile\n' +
        'z = zipfile.ZipFile(sys.argv[1])\n' +
        'print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))',
      file
    ],
    { encoding: 'utf8' }
  );
  expect(JSON.parse(listed)).toEqual(
    Object.fromEntries(NAMES.map(name => [name, `I am ${name}`]))
  );

  await grid(panel).focus();
  await run(page, 'rsdat-dcache:move', { destination: 'keep' });
  await expect(status).toHaveText('1 entry', { timeout: ALL_MS });
  expect(namesIn('names/keep')).toEqual([...NAMES, 'kept.txt'].sort());
  await row(panel, 'keep').dblclick();
  await expect(status).toHaveText(`${NAMES.length + 1} entries`);
  await grid(panel).focus();
  await page.keyboard.type('kept');
  await press(page, 'Control+a');
  await row(panel, 'kept.txt').click({ modifiers: ['Control'] });
  await grid(panel).focus();
  await press(page, 'Delete');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(`Delete ${NAMES.length} entries?`);
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(status).toHaveText('1 entry', { timeout: ALL_MS });
  expect(namesIn('names/keep')).toEqual(['kept.txt']);
});

test('odd names are opened, saved and renamed one by one', async ({ page }) => {
  for (const [number, name] of SOME.entries()) {
    await putFile(`/oddities/${name}`, `I was ${number}\n`);
  }
  const panel = await show(page, '/oddities');
  for (const [number, name] of SOME.entries()) {
    await row(panel, name).dblclick();
    const editor = page.getByRole('main').locator('.cm-content:visible');
    await expect(editor).toContainText(`I was ${number}`);
    await editor.click();
    await press(page, 'Control+End');
    await page.keyboard.type('saved');
    await press(page, 'Control+s');
    const was = `I was ${number}\nsaved`;
    await expect.poll(() => textOf(`/oddities/${name}`)).toBe(was);
    await row(panel, name).click();
    await press(page, 'F2');
    const field = await nameField(page, name);
    const renamed = `${number} ${name}`;
    await field.fill(renamed);
    await field.press('Enter');
    await expect(row(panel, renamed)).toBeVisible();
    expect(await textOf(`/oddities/${renamed}`)).toBe(was);
    expect((await door(`/oddities/${name}`)).status).toBe(404);
    // The open document goes along.
    await run(page, 'application:close');
    await expect(editor).toHaveCount(0);
  }

  // What dCache would break is refused, in words, and stays typed.
  await row(panel, `0 ${SOME[0]}`).click();
  await press(page, 'F2');
  const dialog = page.getByRole('dialog');
  await (await nameField(page, `0 ${SOME[0]}`)).fill('a\tb.txt');
  await dialog.getByRole('textbox').press('Enter');
  await expect(dialog.getByRole('alert')).toContainText(/control character/i);
  await expect(dialog.getByRole('textbox')).toHaveValue('a\tb.txt');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
});

test('odd names are read where they are dragged, and found by glob', async ({
  page
}) => {
  const name = `"q" 'a' \\n {x} ::%41#?*[1].txt`;
  await putFile(`/dragging/${name}`, 'i am odd');
  for (const other of NAMES) {
    await putFile(`/dragging/in/${other}`, 'x');
  }
  const panel = await show(page, '/dragging');
  await page.notebook.createNew();
  await notebookReady(page);
  const cell = page.getByRole('main').locator('.jp-CodeCell .cm-content');
  await drag(page, row(panel, name), cell.first());
  await expect(cell.first()).toContainText('dcache');
  await appendToFirstCell(
    page,
    '\nprint(text.upper())\n' +
      'from rsdat.dcache import DCacheFileSystem\n' +
      'found = DCacheFileSystem().glob("/dragging/in/*")\n' +
      'print(len(found), "found")\n'
  );
  await run(page, 'notebook:run-cell');
  const output = page.getByRole('main').locator('.jp-OutputArea-output');
  await expect(output.first()).toContainText('I AM ODD', {
    timeout: KERNEL_MS
  });
  await expect(output.first()).toContainText(`${NAMES.length} found`, {
    timeout: KERNEL_MS
  });
});
