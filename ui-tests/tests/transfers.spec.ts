/** Transfers from the panel: a folder uploaded, cancelled and taken up again; questions; copies; archives. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from './galata';
import { run } from './lab';
import { door, putFile, row, show, textOf, transfers } from './storage';
import { openPanel, reload } from './support';

/** A folder on this computer, with a folder in it. */
function localFolder(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'rsdat-up-')), 'scene');
  mkdirSync(join(folder, 'bands'), { recursive: true });
  writeFileSync(join(folder, 'readme.txt'), 'a scene\n');
  for (let band = 1; band <= 6; band++) {
    writeFileSync(join(folder, 'bands', `B0${band}.dat`), `band ${band}\n`);
  }
  return folder;
}

test('a folder is uploaded, cancelled in the middle, and retried', async ({
  page
}) => {
  const base = `/uploads-${Date.now()}`;
  await putFile(`${base}/keep.txt`, 'kept');
  const panel = await show(page, base);
  await expect(row(panel, 'keep.txt')).toBeVisible();

  // Files of the inner folder stay on their way.
  const content = /\/transfers\/.*\/content\?path=scene%2Fbands/;
  await page.route(content, () => undefined);
  const chooser = page.waitForEvent('filechooser');
  const done = run(page, 'rsdat-dcache:upload-folder');
  await (await chooser).setFiles(localFolder());
  const section = await transfers(page);
  const item = section
    .getByRole('listitem', { name: /^Upload of “scene/ })
    .first();
  await expect(item.getByText(/^1 of 7 files/)).toBeVisible();
  await expect(item.getByRole('progressbar')).toBeVisible();
  await item.getByRole('button', { name: /^Cancel/ }).click();
  await expect(item.getByText('cancelled', { exact: true })).toBeVisible();
  await done;
  expect((await door(`${base}/scene/bands/B01.dat`)).status).toBe(404);
  await page.unroute(content);

  await item.getByRole('button', { name: /^Retry/ }).click();
  await expect(item.getByText('done', { exact: true })).toBeVisible();
  await expect(item.getByText(/checksum verified/)).toBeVisible();
  expect(await textOf(`${base}/scene/readme.txt`)).toBe('a scene\n');
  for (let band = 1; band <= 6; band++) {
    expect(await textOf(`${base}/scene/bands/B0${band}.dat`)).toBe(
      `band ${band}\n`
    );
  }
  await expect(row(panel, 'scene')).toBeVisible();
});

test('a taken name is asked about, and the list survives a reload', async ({
  page
}) => {
  await putFile('/asked/same.txt', 'old');
  const panel = await show(page, '/asked');
  await expect(row(panel, 'same.txt')).toBeVisible();
  const chooser = page.waitForEvent('filechooser');
  await panel.getByRole('button', { name: 'Upload' }).click();
  await (
    await chooser
  ).setFiles(
    ['same.txt', 'other.txt'].map(name => ({
      name,
      mimeType: 'text/plain',
      buffer: Buffer.from(`new ${name}`)
    }))
  );
  const section = await transfers(page);
  const item = section.getByRole('listitem', { name: /^Upload of “same\.txt/ });
  await expect(item.getByText('“same.txt” exists already')).toBeVisible();
  // The question holds back no other file.
  await expect.poll(() => textOf('/asked/other.txt')).toBe('new other.txt');
  expect(await textOf('/asked/same.txt')).toBe('old');
  await item.getByRole('button', { name: 'Keep both' }).click();
  await expect(item.getByText('done', { exact: true })).toBeVisible();
  expect(await textOf('/asked/same.txt')).toBe('old');

  await reload(page);
  await openPanel(page, 'dCache');
  const again = await transfers(page);
  const after = again.getByRole('listitem', { name: /^Upload of “same\.txt/ });
  await expect(after).toBeVisible();
  await after.getByRole('button', { name: /^Forget/ }).click();
  await expect(after).toBeHidden();
});

test('files go to the workspace and back', async ({ page, tmpPath }) => {
  await putFile('/copied/a/one.txt', 'one');
  await putFile('/copied/a/two.txt', 'two');
  await putFile('/copied/back/keep.txt', 'kept');
  await show(page, '/copied');
  await run(page, 'rsdat-dcache:copy-to-workspace', {
    endpoint: 'demo',
    paths: ['/copied/a'],
    destination: tmpPath
  } as never);
  const section = await transfers(page);
  const item = section.getByRole('listitem', { name: /^Copy of “a/ }).first();
  await expect(item.getByText('done', { exact: true })).toBeVisible();
  await expect(async () => {
    const answer = await page.request.get(
      `/api/contents/${tmpPath}/a/two.txt?content=1`
    );
    expect((await answer.json()).content).toBe('two');
  }).toPass();

  await run(page, 'rsdat-dcache:copy-to-dcache', {
    paths: [`${tmpPath}/a`],
    endpoint: 'demo',
    destination: '/copied/back'
  } as never);
  await expect.poll(() => textOf('/copied/back/a/one.txt')).toBe('one');
});

test('a folder is downloaded as one archive', async ({ page }) => {
  await putFile('/archived/set/one.txt', 'one');
  await putFile('/archived/set/in/two.txt', 'two');
  const panel = await show(page, '/archived');
  await row(panel, 'set').click({ button: 'right' });
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Download as Tar' }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toMatch(/^set.*\.tar$/);
  const file = await saved.path();
  const names = execFileSync('tar', ['-tf', file], { encoding: 'utf8' });
  expect(names).toContain('set/one.txt');
  expect(names).toContain('set/in/two.txt');
  expect(readFileSync(file).includes('two')).toBe(true);
});
