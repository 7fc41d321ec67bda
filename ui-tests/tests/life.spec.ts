/** A cluster's whole life in the panel: form, jobs, logs, worker groups, past, and made again. */
import { expect, test } from './galata';
import type { Locator, Page } from '@playwright/test';
import {
  card,
  newCluster,
  openPanel,
  queuedJobs,
  scale,
  shutDown,
  stack
} from './support';

/** Until the queue has started a job, and what runs in it has come up. */
const JOB_MS = 60_000;

/** The tabs of the main area. */
function main(page: Page): Locator {
  return page.locator('#jp-main-dock-panel');
}

/** Choose from the menu behind the "…" of a card. */
async function choose(page: Page, name: string, item: string): Promise<void> {
  await card(page, name).getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

/** Ids of the jobs in the rows of a grid, from top to bottom. */
async function jobIds(grid: Locator): Promise<string[]> {
  return await grid
    .locator('[data-job]')
    .evaluateAll(rows => rows.map(row => row.getAttribute('data-job')!));
}

test.beforeEach(() => {
  test.skip(stack().queue === 'local', 'the local queue has no jobs to show');
});

test('a cluster whose scheduler is a job: its jobs, its logs, its past, and again', async ({
  page
}) => {
  test.setTimeout(420_000);
  const before = queuedJobs();
  const region = await openPanel(page, 'Clusters');

  await test.step('made by the form', async () => {
    await region.getByRole('button', { name: 'Cluster options' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cluster options' });
    const field = (name: string) =>
      dialog.getByRole('textbox', { name, exact: true });
    await field('Name').fill('life');
    await field('Workers').fill('0');
    await field('Walltime').fill('00:40:00');
    await dialog.getByRole('radio', { name: 'As its own Slurm job' }).check();
    await field("Scheduler's memory").fill('1GiB');
    await dialog.getByRole('button', { name: 'Start cluster' }).click();
    await expect(dialog).toBeHidden();
    await expect(card(page, 'life')).toHaveAccessibleName(/running/, {
      timeout: JOB_MS
    });
    await expect(card(page, 'life')).toContainText(/own job [\d_]+, until/);
    await scale(page, 'life', 2);
    await expect(card(page, 'life')).toContainText(/2\s*connected/, {
      timeout: JOB_MS
    });
  });

  const [scheduler, ended, living] = await test.step('its jobs', async () => {
    await choose(page, 'life', 'Open Jobs in a Tab');
    const grid = main(page).getByRole('grid', { name: 'Jobs of life' });
    const header = grid.getByRole('columnheader', { name: 'Job', exact: true });
    await expect(header).toHaveAttribute('aria-sort', 'ascending');
    await expect(grid.locator('[data-job]')).toHaveCount(3);
    const ids = await jobIds(grid);
    await header.getByRole('button').click();
    await expect(header).toHaveAttribute('aria-sort', 'descending');
    expect(await jobIds(grid)).toEqual([...ids].reverse());
    await header.getByRole('button').click();

    const [scheduler, first, second] = ids;
    const filter = main(page).getByRole('searchbox', { name: 'Filter jobs' });
    await filter.fill(second);
    await expect.poll(() => jobIds(grid)).toEqual([second]);
    await expect(main(page).getByText('1 of 3', { exact: true })).toBeVisible();
    await filter.fill('');

    // With the scheduler's job everything would go.
    const cancel = main(page).getByRole('button', { name: 'Cancel job' });
    await grid.locator(`[data-job="${scheduler}"]`).click();
    await expect(
      main(page).getByRole('group', { name: `Job ${scheduler}`, exact: true })
    ).toContainText('scheduler');
    await expect(cancel).toHaveCount(0);

    // Nothing is lost with an idle worker: it is not asked about.
    await grid.locator(`[data-job="${first}"]`).click();
    await cancel.click();
    await expect(card(page, 'life')).toContainText(
      /1\s*wanted\W+1\s*connected/,
      { timeout: JOB_MS }
    );
    await expect(grid.locator(`[data-job="${first}"]`)).toHaveAccessibleName(
      /CANCELLED|COMPLETED/,
      { timeout: JOB_MS }
    );
    return [scheduler, first, second];
  });
  await expect
    .poll(() => queuedJobs().filter(id => !before.includes(id)), {
      timeout: JOB_MS
    })
    .toEqual(expect.arrayContaining([scheduler, living]));

  await test.step('its logs', async () => {
    const row = main(page).locator(`[data-job="${living}"]`);
    await row.click();
    await row.press('Enter');
    const log = main(page).getByRole('log', { name: 'Log' });
    const chooser = main(page).getByRole('combobox', { name: 'Log of' });
    await expect(chooser).toHaveValue(living);
    await expect(log).toContainText('Start worker at');

    await main(page)
      .getByRole('searchbox', { name: 'Find in logs' })
      .fill('start WORKER at');
    await main(page).getByRole('button', { name: 'Find', exact: true }).click();
    const found = main(page).getByRole('list', { name: 'Lines found' });
    await expect(
      found.getByRole('button', { name: `job ${living}` })
    ).not.toHaveCount(0);
    // In the log of another job, and one that has ended.
    await found
      .getByRole('button', { name: `job ${ended}` })
      .first()
      .click();
    await expect(chooser).toHaveValue(ended);
    await expect(log.locator('mark')).toHaveText('Start worker at');
    await expect(log.locator('mark')).toBeInViewport();
    await expect(
      main(page).getByRole('checkbox', { name: 'Follow' })
    ).not.toBeChecked();
  });

  await shutDown(page, 'life');
  await expect
    .poll(() => queuedJobs().filter(id => !before.includes(id)), {
      timeout: JOB_MS
    })
    .toEqual([]);
  await page.activity.closeAll();

  const past = region.getByRole('group', { name: 'life, Shut down by you' });
  await test.step('its past', async () => {
    await region.getByText('Past clusters', { exact: true }).click();
    await expect(past).toContainText('2 jobs');
    await expect(past).toContainText(/(< )?0\.\d+ core-hours/);
    await past.getByRole('button', { name: 'Logs: life' }).click();
    const chooser = main(page).getByRole('combobox', { name: 'Log of' });
    await chooser.selectOption(living);
    await expect(main(page).getByRole('log', { name: 'Log' })).toContainText(
      'Start worker at'
    );
  });

  await past.getByRole('button', { name: 'Start again: life' }).click();
  await expect(card(page, 'life')).toHaveAccessibleName(/running/, {
    timeout: JOB_MS
  });
  await expect(card(page, 'life')).toContainText(/own job [\d_]+, until/);
  // As many workers as it had in the end.
  await expect(card(page, 'life')).toContainText(/1\s*wanted\W+1\s*connected/, {
    timeout: JOB_MS
  });

  await past.getByRole('button', { name: 'Delete: life' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Delete life?');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(past).toBeHidden();
  await shutDown(page, 'life');
  await expect(past).toContainText('1 job ');
});

test('workers of another kind: added, scaled, removed', async ({ page }) => {
  const before = queuedJobs();
  const name = await newCluster(page);
  await choose(page, name, 'Add Workers of Another Kind');
  const form = page.getByRole('dialog', { name: /^Workers of another kind/ });
  const field = (label: string) =>
    form.getByRole('textbox', { name: label, exact: true });
  await field('Name').fill('brief');
  await field('Workers').fill('1');
  await field('Walltime').fill('00:20:00');
  await form
    .getByRole('combobox', { name: 'Partition', exact: true })
    .selectOption('short');
  await form.getByRole('button', { name: 'Add workers' }).click();
  await expect(form).toBeHidden();

  const group = card(page, name).getByRole('group', {
    name: 'brief',
    exact: true
  });
  await expect(group).toContainText('on short');
  await expect(group).toContainText(/1\s*connected/, { timeout: JOB_MS });

  await group.getByRole('button', { name: 'Scale brief' }).click();
  const dialog = page.getByRole('dialog', { name: `Scale ${name}` });
  await expect(
    dialog.getByRole('combobox', { name: 'Worker group' })
  ).toHaveValue('brief');
  await dialog
    .getByRole('spinbutton', { name: 'Workers', exact: true })
    .fill('2');
  await dialog.getByRole('button', { name: 'Scale' }).click();
  await expect(group).toContainText(/2\s*connected/, { timeout: JOB_MS });
  expect(queuedJobs().filter(id => !before.includes(id))).toHaveLength(2);

  await group.getByRole('button', { name: 'Remove brief' }).click();
  const sure = page.getByRole('dialog');
  await expect(sure).toContainText('2 workers hand their data over and leave');
  await sure.getByRole('button', { name: 'Remove' }).click();
  await expect(group).toBeHidden({ timeout: JOB_MS });
  await expect
    .poll(() => queuedJobs().filter(id => !before.includes(id)), {
      timeout: JOB_MS
    })
    .toEqual([]);
  await expect(card(page, name)).toHaveAccessibleName(/running/);
  await shutDown(page, name);
});
