/** Selected items of a catalog, dragged into a notebook beside it. */
import { expect, test } from './galata';
import { notebookReady, run } from './lab';
import { drag } from './support';

interface IShellWindow {
  jupyterapp: {
    shell: {
      currentWidget: { id: string } | null;
      add(widget: unknown, area: string, options: { mode: string }): void;
    };
  };
}

test('items that are dragged into a notebook become code there', async ({
  page
}) => {
  await page.setViewportSize({ width: 1600, height: 800 });
  await run(page, 'rsdat-stac:open', {
    href: 'dcache:///demo/radar/catalog.json'
  });
  const items = page.getByRole('grid', { name: 'Items' });
  const item = (name: string) => items.getByRole('row', { name, exact: true });
  await expect(item('slc-0001-20240113')).toBeVisible();
  await run(page, 'notebook:create-new', { kernelName: 'python3' });
  await notebookReady(page);
  await page.evaluate(() => {
    const { shell } = (window as unknown as IShellWindow).jupyterapp;
    shell.add(shell.currentWidget, 'main', { mode: 'split-right' });
  });
  await item('slc-0001-20240113').click();
  await item('slc-0002-20240125').click({ modifiers: ['Shift'] });
  const cells = page.locator('.jp-Notebook:visible .cm-content');
  await drag(page, item('slc-0002-20240125'), cells.first());
  await expect(cells.filter({ hasText: 'open_stack' })).toHaveCount(1);
  const code = cells.filter({ hasText: 'open_stack' });
  await expect(code).toContainText('slc-0001-20240113');
  await expect(code).toContainText('slc-0002-20240125');
  await expect(code).not.toContainText('slc-0003');
  // The drag left the selection as it was.
  await expect(page.locator('.jp-rsdat-StacStatus-line')).toContainText(
    '2 selected'
  );
});
