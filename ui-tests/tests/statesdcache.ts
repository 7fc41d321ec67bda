/** Walks through the dCache panel, its dialogs, transfers and orders for tape. */
import { expect } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import {
  DIALOG,
  FILES,
  STATUS,
  begin,
  leave,
  open,
  start,
  unfold,
  type ILook
} from './looks';
import { ORDERS, TRANSFERS, answer, api } from './samples';
import { door, putFile, row, show } from './storage';
import { openPanel } from './support';

/** Buttons of Lab's own file browser, with an attribute that axe refuses. */
const LABS = [
  '.jp-Dialog .jp-Toolbar',
  '.jp-Dialog .jp-DirListing',
  // The columns of Lab 4.2's list of files make its dialog wider than a narrow window.
  '.jp-Open-Dialog ~ .jp-Dialog-footer'
];

/** What dCache says instead of a list: state, code, status, message, hint. */
const REFUSALS = [
  [
    'a token that is refused',
    'unauthorized',
    401,
    'dCache refused the token of “demo”.',
    'It may have ended. Put a new one into its file.'
  ],
  [
    'a door that is broken',
    'door_broken',
    502,
    'The door webdav.example.org:2880 does not answer.',
    'Try again later, or test the endpoint.'
  ]
] as const;

export async function walkFiles(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'transfers', { transfers: [] });
  await answer(page, 'tape', { requests: [] });
  await open(page, eye);
  await putFile('/axe/a.txt', 'a\n');
  await putFile('/axe/b.txt', 'b\n');
  await putFile('/axe/inner/c.txt', 'c\n');
  const panel = await show(page, '/axe');
  await row(panel, 'a.txt').click();
  await panel.getByRole('button', { name: 'Details' }).click();
  await expect(panel.getByRole('region', { name: 'Details' })).toContainText(
    'ADLER32'
  );
  await eye.look(page, 'files', FILES);

  await panel.getByRole('searchbox', { name: 'Filter files' }).fill('nothing');
  await expect(panel).toContainText('No name in this folder');
  await eye.look(page, 'no file', FILES);
  await panel.getByRole('button', { name: 'Details' }).click();
  await answer(
    page,
    'dcache/demo/list',
    {
      message: 'There is no “/axe”.',
      hint: 'Go up.',
      details: { code: 'not_found' }
    },
    404
  );
  await panel.getByRole('button', { name: 'Refresh' }).click();
  await expect(panel.getByRole('alert')).toBeVisible();
  await eye.look(page, 'no folder', FILES);

  for (const [state, code, status, message, hint] of REFUSALS) {
    await page.unroute(api('dcache/demo/list'));
    const refusal = { message, hint, details: { code } };
    await answer(page, 'dcache/demo/list', refusal, status);
    await panel.getByRole('button', { name: 'Retry' }).click();
    await expect(panel.getByRole('alert')).toContainText(message);
    await eye.look(page, state, FILES);
  }

  await page.unroute(api('dcache/demo/list'));
  await panel.getByRole('button', { name: 'Retry' }).click();
  await expect(panel.getByRole('alert')).toBeHidden();
  await panel.getByRole('searchbox', { name: 'Filter files' }).fill('');
  await expect(row(panel, 'a.txt')).toBeVisible();
  const typePath = async (): Promise<void> => {
    const field = panel.getByRole('combobox', { name: 'Path' });
    if (!(await field.isVisible())) {
      await panel.getByRole('button', { name: 'Edit path' }).click();
    }
    await field.fill('/axe/in');
    await expect(panel.getByRole('option')).toBeVisible();
    await page.keyboard.press('ArrowDown');
  };
  await typePath();
  await eye.look(page, 'path', FILES, [], typePath);
  await page.keyboard.press('Escape');

  await row(panel, 'a.txt').click();
  for (const [command, args] of [
    ['rsdat-dcache:rename', {}],
    ['rsdat-dcache:move', {}],
    ['rsdat-dcache:new-folder', {}],
    ['rsdat-dcache:delete', {}],
    ['rsdat-dcache:pin', {}],
    ['rsdat-dcache:copy-to-workspace', {}],
    ['rsdat-dcache:copy-to-dcache', { paths: ['here.txt'] }]
  ] as const) {
    await begin(page, command, args);
    await eye.look(page, command, DIALOG, LABS);
    await leave(page);
  }

  const token = await begin(page, 'rsdat-dcache:token', {
    endpoint: 'demo',
    path: '/axe'
  });
  await token.getByRole('button', { name: 'Make macaroon' }).click();
  await token.getByRole('button', { name: 'Show it' }).click();
  await eye.look(page, 'token', DIALOG);
  await leave(page);

  const endpoints = await begin(page, 'rsdat-dcache:endpoints');
  await endpoints.getByRole('button', { name: 'Test “demo”' }).click();
  await expect(endpoints.getByText(/^Listing, good:/)).toBeVisible({
    timeout: 60_000
  });
  await eye.look(page, 'endpoints', DIALOG);
  await endpoints.getByRole('button', { name: 'Add endpoint' }).click();
  await endpoints.getByRole('textbox', { name: 'WebDAV address' }).fill('no');
  await eye.look(page, 'an endpoint', DIALOG);
  await leave(page);
}

export async function walkTransfers(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'transfers', { transfers: TRANSFERS });
  await answer(page, 'tape', { requests: ORDERS });
  await open(page, eye);
  await openPanel(page, 'dCache');
  for (const name of ['Transfers', 'Tape']) {
    const title = page
      .locator(FILES[0])
      .getByRole('button', { name: new RegExp(`^${name}`) })
      .first();
    if ((await title.getAttribute('aria-expanded')) === 'false') {
      await title.click();
    }
  }
  await unfold(page.locator(FILES[0]));
  await eye.look(page, 'transfers', FILES);
  await eye.look(page, 'status bar', STATUS);
}

export async function walkFolders(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'transfers', { transfers: [] });
  await answer(page, 'tape', { requests: [] });
  await open(page, eye);
  // It may be there from an earlier run.
  await door('/axe-empty', { method: 'MKCOL' });
  const panel = await show(page, '/axe-empty');
  await expect(panel).toContainText('This folder is empty');
  await eye.look(page, 'an empty folder', FILES);

  await show(page, '/tape');
  await row(panel, 'old.txt').click();
  await panel.getByRole('button', { name: 'Details' }).click();
  await expect(panel.getByRole('region', { name: 'Details' })).toContainText(
    'On tape'
  );
  await eye.look(page, 'a file on tape', FILES);
  await panel.getByRole('button', { name: 'Details' }).click();

  await show(page, '/many');
  await row(panel, 'file-00001.dat').click();
  await row(panel, 'file-00004.dat').click({ modifiers: ['Shift'] });
  await expect(panel.getByText(/^4 of .* selected/)).toBeVisible();
  await eye.look(page, 'files that are selected', FILES);

  // Never answered.
  await page.route(api('dcache/demo/list'), () => undefined);
  await start(page, 'rsdat-dcache:open', { endpoint: 'demo', path: '/demo' });
  await expect(panel.getByText('Loading…')).toBeVisible();
  await eye.look(page, 'a folder that is read', FILES);
}

export async function walkNoFiles(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'dcache/endpoints', { endpoints: [] });
  await open(page, eye);
  const panel = await openPanel(page, 'dCache');
  await expect(panel).toContainText('No dCache endpoint is configured');
  await eye.look(page, 'no dCache', FILES);
}
