/** What several browser tests do: read the stack's state, ask Slurm, work the panels. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  expect,
  type IJupyterLabPageFixture,
  type JupyterLabPage
} from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import { waitForLab } from './lab';

/** What ui-tests/stack.py wrote about what it started. */
export interface IStack {
  queue: 'slurm' | 'local';
  folder: string;
  home: string;
  slurm_conf: string | null;
  door: {
    pid: number;
    root: string;
    webdav_url: string;
    /** Sets up files and faults: rsdat/demo/door/control.py. */
    control_url: string;
    token: string;
  };
  /** The folder that Lab shows. */
  root: string;
  /** Process ids. */
  labs: { galata: number; hub?: number };
  /** A JupyterHub: ui-tests/hub_config.py. Null where none is installed. */
  hub: {
    url: string;
    /** Lets anybody in under any name. */
    password: string;
    /** May stop people's servers by the hub's REST interface. */
    token: string;
  } | null;
}

/** The stack as it is now; pids change when a Lab server was killed. */
export function stack(): IStack {
  return JSON.parse(readFileSync(process.env.RSDAT_UI_STATE!, 'utf8'));
}

/** Ids of this user's jobs that wait or run, as squeue prints them; [] on the local queue. */
export function queuedJobs(): string[] {
  const { slurm_conf } = stack();
  if (!slurm_conf) {
    return [];
  }
  return execFileSync('squeue', ['--me', '-h', '-r', '-o', '%i'], {
    encoding: 'utf8',
    env: { ...process.env, SLURM_CONF: slurm_conf },
    timeout: 20_000
  })
    .split('\n')
    .filter(line => line);
}

/** Reveal one of our panels in the left sidebar and return its region. */
export async function openPanel(
  page: Page,
  name: 'Clusters' | 'dCache'
): Promise<Locator> {
  const region = page.getByRole('region', { name, exact: true });
  if (!(await region.isVisible())) {
    const id = name === 'Clusters' ? 'jp-rsdat-sidebar' : 'jp-rsdat-dcache';
    await page.locator(`.jp-SideBar [data-id="${id}"]`).click();
  }
  await expect(region).toBeVisible();
  return region;
}

/** The card of a cluster, by the beginning of its accessible name. */
export function card(page: Page, name: string): Locator {
  return page
    .getByRole('region', { name: 'Clusters', exact: true })
    .getByRole('listitem', { name: new RegExp(`^${name}(\\W|$)`) });
}

/** Press "New SLURMCluster" and wait until its card says running; returns its name. */
export async function newCluster(page: Page): Promise<string> {
  const region = await openPanel(page, 'Clusters');
  const before = await names(region);
  await region.getByRole('button', { name: 'New SLURMCluster' }).click();
  await expect
    .poll(async () => (await names(region)).length)
    .toBe(before.length + 1);
  const name = (await names(region)).find(
    candidate => !before.includes(candidate)
  )!;
  await expect(card(page, name)).toContainText(/running/i, { timeout: 60_000 });
  return name;
}

async function names(region: Locator): Promise<string[]> {
  const labels = await region
    .getByRole('listitem')
    .evaluateAll(items =>
      items.map(item => item.getAttribute('aria-label') ?? '')
    );
  return labels
    .map(label => label.match(/^SLURMCluster \d+/)?.[0] ?? '')
    .filter(name => name);
}

/** Set the number of workers in the dialog of the card. */
export async function scale(
  page: Page,
  name: string,
  workers: number
): Promise<void> {
  await card(page, name).getByRole('button', { name: 'Scale' }).click();
  const dialog = page.getByRole('dialog', { name: /^Scale / });
  await dialog
    .getByRole('spinbutton', { name: 'Workers', exact: true })
    .fill(String(workers));
  await dialog.getByRole('button', { name: 'Scale' }).click();
  await expect(dialog).toBeHidden();
}

/** Shut down a cluster from its card, confirm, and wait until the card is gone. */
export async function shutDown(page: Page, name: string): Promise<void> {
  await card(page, name).getByRole('button', { name: 'Shut down' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(name);
  await dialog.getByRole('button', { name: 'Shut down' }).click();
  await expect(card(page, name)).toBeHidden({ timeout: 60_000 });
}

/** Drag from one element to a place in another, its middle if left out, as a hand does. */
export async function drag(
  page: Page,
  from: Locator,
  to: Locator,
  at?: { x: number; y: number }
): Promise<void> {
  const start = (await from.boundingBox())!;
  const end = (await to.boundingBox())!;
  const { x, y } = at ?? { x: end.width / 2, y: end.height / 2 };
  await page.mouse.move(start.x + 12, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(start.x + 40, start.y + start.height / 2 + 20, {
    steps: 5
  });
  await expect(page.locator('.lm-mod-drag-image')).toBeVisible();
  await page.mouse.move(end.x + x, end.y + y, { steps: 10 });
  await page.mouse.up();
}

/** Reload a page whose restored tab hides the launcher galata would wait for. */
export async function reload(page: IJupyterLabPageFixture): Promise<void> {
  // To TypeScript the fixture has Playwright's `reload`; it is galata's.
  const labPage = page as unknown as JupyterLabPage;
  await labPage.reload({ waitForIsReady: false });
  await waitForLab(page);
}
