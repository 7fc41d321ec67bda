/** A notebook and its cluster: connected by its toolbar, remembered, offered again, told of the end. */
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './galata';
import { expectAccessible, prepareAxe } from './axe';
import { KERNEL_MS, notebookReady, run } from './lab';
import { card, newCluster, openPanel, reload, scale } from './support';

/** What Lab leaves in the window of the page, as this file uses it. */
interface ILabWindow {
  jupyterapp: {
    shell: {
      currentWidget: {
        context: { path: string; save(): Promise<void> };
        content: {
          model: { getMetadata(key: string): unknown };
          widgets: { model: { sharedModel: { getSource(): string } } }[];
        };
        sessionContext: {
          session: {
            kernel: {
              requestExecute(content: object): { done: Promise<unknown> };
            };
          };
        };
      };
    };
  };
}

/** The cluster in the toolbar of the notebook in front. */
function indicator(page: Page): Locator {
  return page
    .locator('.jp-NotebookPanel:visible')
    .getByRole('button', { name: /^Dask: / });
}

/** Notifications that say this. */
function notice(page: Page, words: string): Locator {
  return page.locator('.Toastify__toast').filter({ hasText: words });
}

/** What the notebook in front is and has. */
function facts(page: Page): Promise<{
  path: string;
  metadata: unknown;
  sources: string[];
}> {
  return page.evaluate(() => {
    const { content, context } = (window as unknown as ILabWindow).jupyterapp
      .shell.currentWidget;
    return {
      path: context.path,
      metadata: content.model.getMetadata('rsdat'),
      sources: content.widgets.map(({ model }) => model.sharedModel.getSource())
    };
  });
}

/** What is ours in the notebook's toolbar and in notifications keeps nobody out, in any theme. */
async function expectNobodyKeptOut(page: Page, state: string): Promise<void> {
  await expectAccessible(page, state, [
    '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-rsdat-IndicatorPlace',
    '.Toastify__toast'
  ]);
}

/** Close the notebook in front and end its kernel, which Lab asks about. */
async function closeAndShutDown(page: Page): Promise<void> {
  const closing = run(page, 'notebook:close-and-shutdown');
  await page.locator('.jp-Dialog .jp-mod-accept').click();
  await closing;
  await expect(indicator(page)).toHaveCount(0);
}

test('a notebook is connected, remembers its cluster, and is told of its end', async ({
  page
}) => {
  test.setTimeout(4 * KERNEL_MS);
  const name = await newCluster(page);
  await scale(page, name, 1);
  await expect(card(page, name)).toContainText(/1\s*connected/i, {
    timeout: 60_000
  });
  await page.notebook.createNew();
  await notebookReady(page);
  await expect(indicator(page)).toHaveAccessibleName(/not connected/);

  // By its toolbar: the code appears in the empty cell, and runs.
  await indicator(page).click();
  await page
    .getByRole('menuitem', { name: `Connect to ${name}`, exact: true })
    .click();
  await expect(indicator(page)).toHaveAccessibleName(
    `Dask: connected to ${name}, 1 worker`,
    { timeout: KERNEL_MS }
  );
  await expect(indicator(page)).toContainText(`${name} (1 worker)`);
  await prepareAxe(page);
  await expect(notice(page, 'Should notebooks remember')).toBeVisible();
  await expectNobodyKeptOut(page, 'connected');
  const { path, sources } = await facts(page);
  expect(sources[0]).toContain(`# Dask cluster: ${name}\nclient = Client(`);
  expect(sources[0]).not.toContain('rsdat.connect');

  // Once it is allowed, the notebook remembers an id and a name, and no more.
  const question = notice(page, 'Should notebooks remember their cluster');
  await question.getByRole('button', { name: 'Remember' }).click();
  await expect
    .poll(async () => (await facts(page)).metadata)
    .toEqual({
      cluster: { id: expect.stringMatching(/^c[0-9a-f]{8}$/), name }
    });
  await page.evaluate(() =>
    (
      window as unknown as ILabWindow
    ).jupyterapp.shell.currentWidget.context.save()
  );

  // A page that is loaded again finds the kernel connected still: nothing to offer.
  await reload(page);
  await expect(indicator(page)).toHaveAccessibleName(
    `Dask: connected to ${name}, 1 worker`,
    { timeout: KERNEL_MS }
  );
  await expect(notice(page, 'Connect again?')).toHaveCount(0);

  // With another kernel it is offered; and this one has a package that the workers have not.
  await closeAndShutDown(page);
  await run(page, 'docmanager:open', { path });
  await notebookReady(page);
  const offer = notice(page, `worked with the cluster ${name}. Connect again?`);
  await expect(offer).toBeVisible();
  await page.evaluate(
    () =>
      (
        window as unknown as ILabWindow
      ).jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute(
        { code: 'import cloudpickle; cloudpickle.__version__ = "0.1"' }
      ).done
  );
  await offer.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(indicator(page)).toHaveAccessibleName(
    `Dask: connected to ${name}, 1 worker, versions differ`,
    { timeout: KERNEL_MS }
  );
  const differ = notice(
    page,
    'Versions of cloudpickle differ: 0.1 in the notebook'
  );
  await expect(differ).toBeVisible();
  await prepareAxe(page);
  await expectNobodyKeptOut(page, 'versions that differ');
  // The cell that connects is the one that was there.
  expect((await facts(page)).sources).toEqual(sources);

  // Shut down: told before what would be lost and by whom, and afterwards that it is.
  await page.evaluate(
    () =>
      (
        window as unknown as ILabWindow
      ).jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute(
        { code: 'kept = client.scatter(bytes(1000))' }
      ).done
  );
  await openPanel(page, 'Clusters');
  await card(page, name).getByRole('button', { name: 'Shut down' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(`Connected: ${path}.`);
  await expect(dialog).toContainText('is only in memory');
  await dialog.getByRole('button', { name: 'Shut down' }).click();
  await expect(card(page, name)).toBeHidden({ timeout: 60_000 });
  const end = notice(page, `The cluster ${name} has ended: Shut down by you.`);
  await expect(end).toContainText(
    `Results that were only in its memory are gone. Connected: ${path.split('/').pop()}.`
  );
  await expect(indicator(page)).toHaveAccessibleName(
    `Dask: the cluster ${name} has ended`
  );
  await expectNobodyKeptOut(page, 'a cluster that has ended');

  // Opened again when it is gone: said so, with a way to start it again.
  await page.evaluate(() =>
    (
      window as unknown as ILabWindow
    ).jupyterapp.shell.currentWidget.context.save()
  );
  await closeAndShutDown(page);
  await run(page, 'docmanager:open', { path });
  await notebookReady(page);
  await expect(
    notice(page, `worked with the cluster ${name}, which has ended`)
  ).toContainText('Start again');
});
