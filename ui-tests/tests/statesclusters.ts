/** Walks through the Clusters panel with its dialogs and tabs, and through dashboards that are away. */
import { expect } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { run } from './lab';
import {
  CLUSTER_DIALOGS,
  DIALOG,
  SIDE,
  STATUS,
  TAB,
  TOASTS,
  begin,
  dismiss,
  leave,
  open,
  unfold,
  withoutSide,
  type ILook
} from './looks';
import { PAST, aCluster, answer, api, everyCluster, pulses } from './samples';
import { card, openPanel } from './support';

/** No cluster at all, and a queue that answers. */
function noCluster(): object {
  return {
    ...everyCluster(),
    clusters: [],
    damaged: [],
    queue_problem: null
  };
}

export async function walkClusters(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'clusters', noCluster());
  await answer(page, 'clusters/past', { clusters: [PAST] });
  await open(page, eye);
  const region = await openPanel(page, 'Clusters');
  await expect(region).toContainText('No cluster yet');
  await eye.look(page, 'no clusters', SIDE);

  await answer(page, 'clusters', everyCluster());
  await answer(page, 'clusters/pulse', pulses());
  await page.route(/dashboard\/individual-plots\.json/, route =>
    route.fulfill({
      json: {
        'Individual Task Stream': '/individual-task-stream',
        'Individual Progress': '/individual-progress',
        'Individual Cpu': '/individual-cpu'
      }
    })
  );
  await open(page, eye);
  await openPanel(page, 'Clusters');
  await expect(card(page, 'broken')).toBeVisible();
  await dismiss(page);
  // Activity is read of the cards in sight.
  await card(page, 'spider-1')
    .locator('.jp-rsdat-Overview')
    .scrollIntoViewIfNeeded();
  await expect(
    card(page, 'spider-1').locator('.jp-rsdat-Overview')
  ).toContainText('mean_chunk');
  await unfold(page.locator(SIDE[0]));
  await expect(region.getByText('Shut down by itself')).toBeVisible();
  await eye.look(page, 'every cluster', SIDE);
  await eye.look(page, 'status bar', STATUS);

  const main = page.locator('#jp-main-dock-panel');
  await withoutSide(page);
  await run(page, 'rsdat:open-jobs', { cluster: 'c-1' });
  await main.locator('[data-job="671_0"]').click();
  await eye.look(page, 'jobs', ['.jp-rsdat-JobsTab']);

  await answer(page, 'clusters/c-1/logs', {
    name: 'spider-1',
    logs: [{ source: 'scheduler', size: 23, node: null, state: null }]
  });
  const text = 'first line\nsecond line\n';
  await page.route(/clusters\/c-1\/logs\/scheduler/, route => {
    const { searchParams } = new URL(route.request().url());
    return route.fulfill({
      body: text.slice(Number(searchParams.get('offset') ?? 0)),
      headers: {
        'X-Rsdat-Size': String(text.length),
        'X-Rsdat-Next-Offset': String(text.length)
      }
    });
  });
  await answer(page, 'clusters/c-1/search-logs', {
    matches: [{ source: 'scheduler', line: 1, offset: 0, text: 'first line' }],
    more: false
  });
  await run(page, 'rsdat:open-logs', { cluster: 'c-1' });
  await main.getByRole('searchbox', { name: 'Find in logs' }).fill('first');
  await main.getByRole('button', { name: 'Find', exact: true }).click();
  await main.getByRole('button', { name: 'scheduler, line 1' }).click();
  await expect(main.locator('mark')).toHaveText('first');
  await eye.look(page, 'log', ['.jp-rsdat-Log']);

  for (const [command, args] of CLUSTER_DIALOGS) {
    const dialog = await begin(page, command, args);
    await unfold(dialog);
    await eye.look(page, command, DIALOG);
    await leave(page);
  }
}

/** What the queue says of a job that asks for too much. */
const REFUSAL = {
  message:
    'Slurm refused the job: Requested time limit is invalid (missing or exceeds some limit).',
  hint: 'The partition short allows 1 h, you asked for 24 h.',
  details: { code: 'refused' }
};

/** A site that has no room for it, in its preview. */
const PREVIEW = {
  script:
    '#!/usr/bin/env bash\n\n#SBATCH -J dask-worker\n#SBATCH -p short\n#SBATCH -n 1\n#SBATCH --cpus-per-task=4\n#SBATCH --mem=8G\n#SBATCH -t 24:00:00\n',
  start_estimate: null,
  core_hours: 96,
  core_hours_per_hour: 4,
  problems: ['short allows 1 h, you asked for 24 h.'],
  notes: ['Nodes here are billed whole: 16 cores for each worker.']
};

export async function walkRefused(page: Page, eye: ILook): Promise<void> {
  let isAnswering = false;
  await page.route(api('clusters'), async route => {
    if (route.request().method() !== 'POST') {
      await route.fulfill({ json: noCluster() });
    } else if (isAnswering) {
      await route.fulfill({ json: REFUSAL, status: 422 });
    }
    // The first one is on its way for ever.
  });
  await answer(page, 'clusters/preview', PREVIEW);
  await open(page, eye);
  const region = await openPanel(page, 'Clusters');

  const form = await begin(page, 'rsdat:new-cluster', { form: true });
  const cores = form.getByRole('textbox', { name: 'Cores per worker' });
  const usual = await cores.inputValue();
  await cores.fill('many');
  await expect(cores).toHaveAttribute('aria-invalid', 'true');
  await eye.look(page, 'a form that is filled in wrongly', DIALOG);
  await cores.fill(usual);
  await form.getByRole('textbox', { name: 'Walltime' }).fill('24:00:00');
  const preview = form.getByRole('region', { name: 'Preview' });
  await expect(preview).toContainText('short allows 1 h');
  await eye.look(page, 'a form that asks for too much', DIALOG);
  await form.getByRole('button', { name: 'Start cluster' }).click();
  await expect(form.getByRole('alertdialog')).toBeVisible();
  await eye.look(page, 'a form that asks for too much, confirmed', DIALOG);
  await form.getByRole('button', { name: 'Create anyway' }).click();
  await expect(form).toHaveCount(0);
  await expect(region.getByText('starting')).toBeVisible();
  await eye.look(page, 'a cluster that is asked for', SIDE);

  isAnswering = true;
  await open(page, eye);
  await openPanel(page, 'Clusters');
  await region.getByRole('button', { name: 'New SLURMCluster' }).click();
  await expect(region).toContainText('Slurm refused the job');
  await eye.look(page, 'a cluster that was refused', SIDE);

  await page.unroute(api('clusters'));
  await answer(page, 'clusters', { ...noCluster(), clusters: [aCluster()] });
  await answer(page, 'clusters/c-1', REFUSAL, 422);
  await open(page, eye);
  await openPanel(page, 'Clusters');
  await expect(card(page, 'spider-1')).toBeVisible();
  const scale = await begin(page, 'rsdat:scale-cluster', { cluster: 'c-1' });
  await scale
    .getByRole('spinbutton', { name: 'Workers', exact: true })
    .fill('-1');
  await eye.look(page, 'a size that can’t be', DIALOG);
  await scale
    .getByRole('spinbutton', { name: 'Workers', exact: true })
    .fill('7');
  await scale.getByRole('button', { name: 'Scale' }).click();
  await expect(page.locator(TOASTS)).toContainText('Slurm refused the job');
  await eye.look(page, 'a size that is refused', [TOASTS]);

  // Nobody answers.
  await page.unroute(api('clusters'));
  await answer(
    page,
    'clusters',
    { message: 'The companion is busy.', details: { code: 'busy' } },
    503
  );
  await open(page, eye);
  await openPanel(page, 'Clusters');
  await expect(region.getByRole('button', { name: 'Try again' })).toBeVisible();
  await eye.look(page, 'clusters that can’t be read', SIDE);
}

export async function walkDashboards(page: Page, eye: ILook): Promise<void> {
  await answer(page, 'clusters', everyCluster());
  await answer(
    page,
    'clusters/c-1/dashboard-key',
    { message: 'The scheduler does not answer.', details: { code: 'door' } },
    502
  );
  await open(page, eye);
  await openPanel(page, 'Clusters');
  await withoutSide(page);
  const message = page.locator('.jp-rsdat-Dashboard-message:visible');
  await run(page, 'rsdat:open-dashboard', {
    cluster: 'c-3',
    plot: 'Progress',
    page: 'individual-progress'
  });
  await expect(message).toContainText('has failed');
  await eye.look(page, 'no dashboard', TAB);
  await run(page, 'rsdat:open-dashboard', {
    cluster: 'c-1',
    plot: 'Progress',
    page: 'individual-progress'
  });
  await expect(message.getByRole('button')).toHaveText('Try again');
  await eye.look(page, 'a dashboard that is away', TAB);
}
