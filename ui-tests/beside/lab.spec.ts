/** Lab with jupyterlab-git, dask-labextension and jupyter-collaboration beside us: all live together. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import type { Locator, Page } from '@playwright/test';
import { activate, notebookReady, openLab, progress, run } from '../tests/lab';
import { putFile, row, show, textOf } from '../tests/storage';
import { card, newCluster, openPanel, shutDown, stack } from '../tests/support';
import { Problems } from './problems';

/** A folder below Lab's. */
function folder(name: string): string {
  const path = join(stack().root, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** What stands in a notebook on the disk. */
function saved(path: string): string {
  return readFileSync(join(stack().root, path), 'utf8');
}

/** The path, with drive, of the document in front. */
async function currentPath(page: Page): Promise<string> {
  return await page.evaluate(
    () =>
      (
        window as unknown as {
          jupyterapp: {
            shell: { currentWidget: { context: { path: string } } };
          };
        }
      ).jupyterapp.shell.currentWidget.context.path
  );
}

/** Bring a panel of the left side to the front, and return it. */
async function panel(page: Page, id: string): Promise<Locator> {
  await activate(page, id);
  const found = page.locator(`#${id}`);
  await expect(found).toBeVisible();
  return found;
}

test('the Git tab, Dask’s own and ours work side by side', async ({
  page,
  context
}) => {
  const problems = new Problems(context);
  const repository = folder('repository');
  writeFileSync(join(repository, 'new.txt'), 'new\n');
  execFileSync('git', ['init', '-q', repository], { timeout: 20_000 });
  await openLab(page, 'beside-panels');

  const name = await newCluster(page);
  await run(page, 'filebrowser:go-to-path', { path: 'repository' });
  const git = await panel(page, 'jp-git-sessions');
  await expect(git).toContainText('new.txt');
  const theirs = await panel(page, 'dask-dashboard-launcher');
  await expect(theirs).toContainText(/clusters/i);
  const files = await openPanel(page, 'dCache');
  await expect(
    files.getByRole('grid', { name: 'Files' }).getByRole('row').nth(1)
  ).toBeVisible();

  // Ours is there again as it was left, and its tabs stand beside theirs.
  await openPanel(page, 'Clusters');
  await expect(card(page, name)).toContainText('running');
  await page
    .getByRole('region', { name: 'Dashboards', exact: true })
    .getByText('Task Stream', { exact: true })
    .click();
  await expect(
    page
      .frameLocator('.jp-rsdat-Dashboard iframe')
      .locator('.bk-Canvas, canvas')
      .first()
  ).toBeVisible();
  await shutDown(page, name);
  problems.expectNoneOfOurs();
});

test('the layout of a client remains the command of dask-labextension', async ({
  page,
  context
}) => {
  const problems = new Problems(context);
  await openLab(page, 'beside-layout');
  const caption = await page.evaluate(() =>
    (
      window as unknown as {
        jupyterapp: {
          commands: { caption(id: string): string };
        };
      }
    ).jupyterapp.commands.caption('dask:populate-and-launch-layout')
  );
  expect(caption).toContain('Attempt to populate the URL');
  problems.expectNoneOfOurs();
});

test('in a notebook that is edited together, code, files and clusters work', async ({
  page,
  context
}) => {
  const problems = new Problems(context);
  const together = `together-${Date.now()}`;
  const local = folder(together);
  await putFile(`/${together}/data.txt`, 'first\n');
  await openLab(page, 'beside-together');
  await run(page, 'filebrowser:go-to-path', { path: together });
  // In the folder of the file browser, with its drive: before 4.0 collaboration has one of its own,
  // and a notebook outside it is edited alone.
  await run(page, 'notebook:create-new', { kernelName: 'python3' });
  await notebookReady(page);
  const path = await currentPath(page);

  // Code of a cluster, and of a file: a second page sees both.
  const name = await newCluster(page);
  await card(page, name)
    .getByRole('button', { name: 'Insert client code' })
    .click();
  const cells = page.getByRole('main').locator('.jp-CodeCell .cm-content');
  await expect(cells.first()).toContainText('Client(');
  const panel = await show(page, `/${together}`);
  await row(panel, 'data.txt').click();
  await run(page, 'rsdat-dcache:insert-code');
  await expect(cells.nth(1)).toContainText(`dcache:///${together}/data.txt`);
  await run(page, 'notebook:run-all-cells');
  await expect
    .poll(() => progress(page), { timeout: 60_000 })
    .toMatchObject({ executed: 2, errors: [] });
  const second = await context.newPage();
  await openLab(second, 'beside-second');
  await run(second, 'docmanager:open', { path });
  await expect(
    second.getByRole('main').locator('.jp-CodeCell .cm-content').first()
  ).toContainText('Client(');
  await second.close();
  // The server writes what is edited together by itself.
  await expect
    .poll(() => saved(`${together}/Untitled.ipynb`))
    .toContain(`dcache:///${together}/data.txt`);

  // A file of dCache is opened and saved beside it, on its own drive.
  await row(panel, 'data.txt').dblclick();
  const editor = page.locator('.jp-FileEditor .cm-content');
  await expect(editor).toContainText('first');
  await editor.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('second');
  await page.keyboard.press('Control+s');
  await expect
    .poll(() => textOf(`/${together}/data.txt`))
    .toBe('first\nsecond');

  // Lab's own files have the drive of collaboration in their paths, and are copied all the same.
  writeFileSync(join(local, 'local.txt'), 'local\n');
  await activate(page, 'filebrowser');
  await run(page, 'filebrowser:refresh');
  await page
    .locator('#filebrowser .jp-DirListing-item', { hasText: 'local.txt' })
    .click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Copy to dCache…' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Copy', exact: true })
    .click();
  await expect.poll(() => textOf(`/${together}/local.txt`)).toBe('local\n');

  await openPanel(page, 'Clusters');
  await shutDown(page, name);
  problems.expectNoneOfOurs();
});
