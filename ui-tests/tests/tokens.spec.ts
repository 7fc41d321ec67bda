/** Endpoints and tokens: tried out step by step, described and forgotten, narrowed to hand out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './galata';
import type { Locator, Page } from '@playwright/test';
import { start } from './looks';
import { openPanel, stack } from './support';

/** Begin a command that opens a dialog, and wait for the dialog only. */
async function openDialog(
  page: Page,
  command: string,
  name: RegExp,
  args: Record<string, string> = {}
): Promise<Locator> {
  await start(page, command, args);
  const dialog = page.getByRole('dialog', { name });
  await expect(dialog).toBeVisible();
  return dialog;
}

test('an endpoint is tried out, described anew and forgotten', async ({
  page
}) => {
  await openPanel(page, 'dCache');
  const dialog = await openDialog(
    page,
    'rsdat-dcache:endpoints',
    /dCache endpoints/
  );
  const demo = dialog.getByRole('listitem', { name: 'demo', exact: true });
  await demo.getByRole('button', { name: 'Test “demo”' }).click();
  await expect(demo.getByText('All that is needed works.')).toBeVisible({
    timeout: 60_000
  });
  await expect(demo.getByText(/^Listing, good:/)).toBeVisible();

  await dialog.getByRole('button', { name: 'Add endpoint' }).click();
  const { token } = stack().door;
  const described = readFileSync(join(stack().home, 'endpoints.json'), 'utf8');
  const [{ api_url, webdav_url }] = JSON.parse(described).endpoints;
  await dialog.getByRole('textbox', { name: 'Name' }).fill('second');
  await dialog.getByRole('textbox', { name: 'WebDAV address' }).fill('nowhere');
  await expect(dialog.getByText(/An address, beginning with/)).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled();
  await dialog
    .getByRole('textbox', { name: 'WebDAV address' })
    .fill(webdav_url);
  await dialog.getByRole('textbox', { name: 'REST address' }).fill(api_url);
  await dialog.getByLabel('Token or macaroon').fill(token);
  await dialog.getByRole('button', { name: 'Test', exact: true }).click();
  await expect(dialog.getByText(/^(Doors|Identity), \w+/).first()).toBeVisible({
    timeout: 60_000
  });
  await dialog.getByRole('button', { name: 'Save' }).click();
  const second = dialog.getByRole('listitem', { name: 'second', exact: true });
  await expect(second).toBeVisible({ timeout: 60_000 });
  await expect(dialog).not.toContainText(token);

  await second.getByRole('button', { name: 'Delete “second”' }).click();
  await second.getByRole('button', { name: 'Forget “second”' }).click();
  await expect(second).toBeHidden();
  await dialog.getByRole('button', { name: 'Close', exact: true }).click();
  await expect(dialog).toBeHidden();
});

test('a narrower macaroon is made, and shown only when asked', async ({
  page
}) => {
  await openPanel(page, 'dCache');
  const dialog = await openDialog(page, 'rsdat-dcache:token', /Token of demo/, {
    endpoint: 'demo',
    path: '/'
  });
  await expect(
    dialog.getByRole('region', { name: 'Present credential' })
  ).toContainText(/Macaroon|token/);
  await dialog.getByLabel('Hours').fill('2');
  await dialog.getByRole('button', { name: 'Make macaroon' }).click();
  const minted = dialog.getByRole('group', { name: 'New macaroon' });
  await expect(minted).toBeVisible();
  await expect(minted.locator('pre')).toHaveCount(0);
  await minted.getByRole('button', { name: 'Show it' }).click();
  const secret = (await minted.locator('pre').innerText()).trim();
  await minted.getByRole('button', { name: 'Hide' }).click();
  await expect(minted.locator('pre')).toHaveCount(0);

  // It lists, and does not write.
  const { webdav_url } = stack().door;
  const ask = (method: string): Promise<Response> =>
    fetch(`${webdav_url.replace(/\/$/, '')}/narrow.txt`, {
      method,
      headers: { Authorization: `Bearer ${secret}` },
      ...(method === 'PUT' ? { body: 'x' } : {})
    });
  expect([401, 403]).toContain((await ask('PUT')).status);
  expect((await ask('HEAD')).status).toBe(404);

  // Another choice is another macaroon: the one that was made is forgotten.
  await dialog.getByRole('checkbox', { name: 'delete', exact: true }).click();
  await expect(minted).toBeHidden();
});
