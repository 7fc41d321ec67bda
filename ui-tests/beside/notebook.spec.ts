/** Notebook 7: our panels in its side bars, our tabs on the right of the notebook, our commands in its palette. */
/* eslint-disable jupyter/galata-prefer-menu-helper, jupyter/galata-prefer-notebook-cell-helper --
   galata drives Lab only. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import type { Page } from '@playwright/test';
import { notebookReady, progress, run, waitForApp } from '../tests/lab';
import { putFile, row, textOf } from '../tests/storage';
import { card, shutDown, stack } from '../tests/support';
import { Problems } from './problems';

/** A notebook with one empty cell; returns its path below Lab's folder. */
function makeNotebook(name: string): string {
  mkdirSync(join(stack().root, 'notebook7'), { recursive: true });
  const path = `notebook7/${name}.ipynb`;
  const cell = {
    cell_type: 'code',
    execution_count: null,
    id: 'first',
    metadata: {},
    outputs: [],
    source: ''
  };
  writeFileSync(
    join(stack().root, path),
    JSON.stringify({
      cells: [cell],
      metadata: {
        kernelspec: {
          display_name: 'Python 3 (ipykernel)',
          language: 'python',
          name: 'python3'
        }
      },
      nbformat: 4,
      nbformat_minor: 5
    })
  );
  return path;
}

/** Show a panel by Notebook's own menu, which gets its entries some time after the page came up. */
async function showPanel(page: Page, caption: string): Promise<void> {
  // Lumino gives an entry that opens a menu no role.
  const panels = page.locator('.lm-Menu-item', { hasText: 'Left Sidebar' });
  const panel = page.getByRole('menuitem', { name: `Show ${caption}` });
  await expect(async () => {
    await page.keyboard.press('Escape');
    await page.getByRole('menuitem', { name: 'View', exact: true }).click();
    await panels.hover({ timeout: 2000 });
    await panel.click({ timeout: 2000 });
  }).toPass();
}

test('the list of files comes up, and knows our panels', async ({
  page,
  context
}) => {
  const problems = new Problems(context);
  await page.goto('/tree');
  await waitForApp(page);
  await page.getByRole('tab', { name: 'Running' }).click();
  await expect(page.getByRole('main')).toContainText('Dask clusters');
  await showPanel(page, 'dCache');
  await expect(
    page.getByRole('region', { name: 'dCache', exact: true })
  ).toBeVisible();
  problems.expectNoneOfOurs();
});

test('a cluster is made beside a notebook, which runs on it', async ({
  page,
  context
}) => {
  const problems = new Problems(context);
  await page.goto(`/notebooks/${makeNotebook('cluster')}`);
  await waitForApp(page);
  await notebookReady(page);
  await showPanel(page, 'Dask clusters and dashboards');
  const clusters = page.getByRole('region', { name: 'Clusters', exact: true });
  await clusters.getByRole('button', { name: 'New SLURMCluster' }).click();
  const item = clusters.getByRole('listitem').first();
  await expect(item).toContainText(/running/i, { timeout: 60_000 });
  const name = (await item.getAttribute('aria-label'))!.split(',')[0];

  await page.locator('.jp-CodeCell .cm-content').first().click();
  await card(page, name)
    .getByRole('button', { name: 'Insert client code' })
    .click();
  await expect(page.locator('.jp-CodeCell .cm-content').first()).toContainText(
    'Client('
  );
  await run(page, 'notebook:run-all-cells');
  await expect
    .poll(() => progress(page), { timeout: 60_000 })
    .toMatchObject({ executed: 1, errors: [] });

  // The main area holds one document: plots and logs have their place on its right.
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
  await expect(page.locator('.jp-Notebook')).toBeVisible();
  await card(page, name)
    .getByRole('button', { name: 'Log of the scheduler' })
    .click();
  await expect(page.locator('.jp-rsdat-Log:visible')).toBeVisible();
  await shutDown(page, name);
  problems.expectNoneOfOurs();
});

test('a file of dCache becomes code, and opens in an editor of its own page', async ({
  page,
  context
}) => {
  const problems = new Problems(context);
  await putFile('/notebook7/first.txt', 'first\n');
  await page.goto(`/notebooks/${makeNotebook('files')}`);
  await waitForApp(page);
  await notebookReady(page);
  await showPanel(page, 'dCache');
  await run(page, 'rsdat-dcache:open', {
    endpoint: 'demo',
    path: '/notebook7'
  });
  const panel = page.getByRole('region', { name: 'dCache', exact: true });
  await row(panel, 'first.txt').click();
  await run(page, 'rsdat-dcache:insert-code');
  await expect(page.locator('.jp-CodeCell .cm-content').first()).toContainText(
    'dcache:///notebook7/first.txt'
  );

  const opened = context.waitForEvent('page');
  await row(panel, 'first.txt').dblclick();
  const editorPage = await opened;
  const editor = editorPage.locator('.jp-FileEditor .cm-content');
  await expect(editor).toContainText('first');
  await editor.click();
  await editorPage.keyboard.press('Control+End');
  await editorPage.keyboard.type('second');
  await editorPage.keyboard.press('Control+s');
  await expect.poll(() => textOf('/notebook7/first.txt')).toBe('first\nsecond');
  problems.expectNoneOfOurs();
});
