/** The dCache door past the product, and the panel of its files. */
import { expect } from '@jupyterlab/galata';
import type { FileChooser, Locator, Page } from '@playwright/test';
import { run } from './lab';
import { openPanel, stack } from './support';

/** Ask the door itself. */
export async function door(
  path: string,
  init: RequestInit = {}
): Promise<Response> {
  const { webdav_url, token } = stack().door;
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return fetch(webdav_url.replace(/\/$/, '') + encoded, {
    ...init,
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'text/plain',
      ...init.headers
    }
  });
}

export async function putFile(path: string, text: string): Promise<void> {
  const answer = await door(path, { method: 'PUT', body: text });
  expect(answer.ok).toBe(true);
}

export async function textOf(path: string): Promise<string> {
  return (await door(path)).text();
}

/** Set up files or faults of the door: rsdat/demo/door/control.py. */
export async function control(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: object = {}
): Promise<void> {
  const { control_url, token } = stack().door;
  const answer = await fetch(control_url + path, {
    method,
    body: JSON.stringify(body),
    headers: { Authorization: `Bearer ${token}` }
  });
  expect(answer.ok).toBe(true);
}

/** Show a folder of the door in the panel, read anew. */
export async function show(page: Page, path: string): Promise<Locator> {
  const panel = await openPanel(page, 'dCache');
  await run(page, 'rsdat-dcache:open', { endpoint: 'demo', path });
  return panel;
}

export function grid(panel: Locator): Locator {
  return panel.getByRole('grid', { name: 'Files' });
}

/** The row of a file. */
export function row(panel: Locator, name: string): Locator {
  return grid(panel).getByRole('row', { name, exact: true });
}

/** The names of all rows, from top to end: only those in view are in the document. */
export async function listedNames(panel: Locator): Promise<string[]> {
  const names = new Set<string>();
  const body = grid(panel).locator('.jp-rsdat-Files-body');
  for (let isEnd = false, top = 0; !isEnd; top += 100) {
    isEnd = await body.evaluate((node, top) => {
      node.scrollTop = top;
      return node.scrollTop < top;
    }, top);
    // Drawn for where it was scrolled to.
    await expect(grid(panel).getByRole('row', { name: 'Loading' })).toHaveCount(
      0
    );
    for (const row of await grid(panel).locator('[data-row]').all()) {
      names.add((await row.getAttribute('aria-label')) ?? '');
    }
  }
  return [...names];
}

/** The section of transfers, unfolded. */
export async function transfers(page: Page): Promise<Locator> {
  const section = page.getByRole('region', { name: 'Transfers', exact: true });
  const title = section.getByRole('button', { name: /^Transfers/ });
  if ((await title.getAttribute('aria-expanded')) === 'false') {
    await title.click();
  }
  return section;
}

/** Begin a command that asks for files, and give it some. */
export async function choose(
  page: Page,
  begin: () => Promise<unknown>,
  files: Parameters<FileChooser['setFiles']>[0]
): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  const [given] = await Promise.all([chooser, begin()]);
  await given.setFiles(files);
}

/** Drop files or folders of this computer, as from its desktop. */
export async function dropFromDesktop(
  page: Page,
  target: Locator,
  paths: readonly string[]
): Promise<void> {
  const box = (await target.boundingBox())!;
  // Not galata's own object, which stands before the browser's page.
  const [own] = page.context().pages();
  const session = await own.context().newCDPSession(own);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', {
      type,
      x: box.x + box.width / 2,
      y: box.y + box.height / 2,
      data: { items: [], files: [...paths], dragOperationsMask: 1 }
    });
  }
  await session.detach();
}
