/** A scheduler that others started: attached by its address, and left alone when detached. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from './galata';
import { card, openPanel } from './support';

const PYTHON = process.env.RSDAT_UI_PYTHON!;

/** What Dask writes into a scheduler file. */
interface ISchedulerFile {
  address: string;
  services: { dashboard: number };
}

let folder: string;
let scheduler: ChildProcess;

test.beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rsdat-other-'));
  scheduler = spawn(
    PYTHON,
    [
      ...['-m', 'distributed.cli.dask_scheduler'],
      ...['--host', 'tcp://127.0.0.1', '--port', '0'],
      ...['--dashboard-address', '127.0.0.1:0'],
      ...['--scheduler-file', join(folder, 'scheduler.json')]
    ],
    { cwd: folder, stdio: 'ignore' }
  );
});

test.afterAll(async () => {
  if (scheduler.exitCode === null && scheduler.signalCode === null) {
    const ended = new Promise(resolve => scheduler.once('exit', resolve));
    scheduler.kill();
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** What its file says, or null while there is none or half of one. */
function written(): ISchedulerFile | null {
  const path = join(folder, 'scheduler.json');
  try {
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  } catch {
    return null;
  }
}

test('a plain scheduler is attached by its address, and lives on when detached', async ({
  page
}) => {
  await expect.poll(written, { timeout: 60_000 }).not.toBeNull();
  const { address, services } = written()!;
  const region = await openPanel(page, 'Clusters');
  await region
    .getByRole('button', { name: 'Attach a scheduler', exact: true })
    .click();
  const dialog = page.getByRole('dialog', { name: 'Attach a scheduler' });
  const field = (name: string) =>
    dialog.getByRole('textbox', { name, exact: true });
  const attach = dialog.getByRole('button', { name: 'Attach' });
  await field('Address').fill('127.0.0.1');
  await expect(field('Address')).toHaveAccessibleDescription(/An address/);
  await expect(attach).toBeDisabled();
  await field('Address').fill(address);
  await field('Dashboard port').fill(String(services.dashboard));
  await field('Name').fill('theirs');
  await attach.click();

  const theirs = card(page, 'theirs');
  await expect(theirs).toHaveAccessibleName(/running/);
  await expect(theirs).toContainText('attached');
  await expect(theirs).toContainText(address);
  await expect(theirs).toContainText('is not encrypted');
  await expect(
    theirs.getByRole('button', { name: 'Insert client code' })
  ).toBeEnabled();
  await expect(theirs.getByRole('button', { name: 'Scale' })).toHaveCount(0);
  await expect(theirs.getByRole('button', { name: 'Shut down' })).toHaveCount(
    0
  );

  await theirs.getByRole('button', { name: 'Detach' }).click();
  const sure = page.getByRole('dialog');
  await expect(sure).toContainText('Its scheduler and workers go on');
  await sure.getByRole('button', { name: 'Detach' }).click();
  await expect(theirs).toBeHidden();
  const health = await page.request.get(
    `http://127.0.0.1:${services.dashboard}/health`
  );
  expect(await health.text()).toBe('ok');
  expect(scheduler.exitCode).toBeNull();
});
