/** Steps 2 and 4: a cluster from the panel, scaled, used from a notebook, shut down. */
import { expect, test } from './galata';
import {
  card,
  drag,
  newCluster,
  openPanel,
  queuedJobs,
  scale,
  shutDown,
  stack
} from './support';

test('a cluster is made, scaled up and down, and leaves nothing behind', async ({
  page
}) => {
  const before = queuedJobs();
  const name = await newCluster(page);
  await expect(card(page, name)).toContainText('tls://');

  await scale(page, name, 4);
  await expect(card(page, name)).toContainText(/4\s*connected/i, {
    timeout: 60_000
  });
  if (stack().queue === 'slurm') {
    // Four tasks of exactly one array.
    const arrays = queuedJobs()
      .filter(id => !before.includes(id))
      .map(id => id.split('_')[0]);
    expect(new Set(arrays).size).toBe(1);
    expect(arrays).toHaveLength(4);
  }

  await scale(page, name, 1);
  await expect(card(page, name)).toContainText(/1\s*connected/i, {
    timeout: 60_000
  });
  await expect
    .poll(() => queuedJobs().filter(id => !before.includes(id)).length)
    .toBe(stack().queue === 'slurm' ? 1 : 0);

  await shutDown(page, name);
  await expect
    .poll(() => queuedJobs().filter(id => !before.includes(id)))
    .toEqual([]);
});

test('client code runs as it is, by button and by drag', async ({ page }) => {
  const name = await newCluster(page);
  await scale(page, name, 1);
  await page.notebook.createNew();
  await openPanel(page, 'Clusters');
  await card(page, name)
    .getByRole('button', { name: 'Insert client code' })
    .click();
  await expect
    .poll(async () => await page.notebook.getCellTextInput(0))
    .toContain('= Client(');
  await page.notebook.runCell(0, true);
  await expect
    .poll(
      async () => ((await page.notebook.getCellTextOutput(0)) ?? []).join(''),
      {
        timeout: 60_000
      }
    )
    .toContain('tls://');

  await page.notebook.addCell('code', '');
  await drag(
    page,
    card(page, name),
    page.locator('.jp-Notebook .jp-CodeCell').last()
  );
  await expect(page.locator('.jp-Notebook')).toContainText(
    new RegExp(`= Client[\\s\\S]*# Dask cluster: ${name}`)
  );
  await page.notebook.close(true);
  await shutDown(page, name);
});

test('what Slurm refuses stands on the card in its own words', async ({
  page
}) => {
  test.skip(
    stack().queue === 'local',
    'the local queue has no partitions to refuse'
  );
  const region = await openPanel(page, 'Clusters');
  const xsrf = (await page.context().cookies()).find(
    cookie => cookie.name === '_xsrf'
  )?.value;
  const made = await page.request.post('/rsdat/api/clusters', {
    headers: { 'X-XSRFToken': xsrf ?? '' },
    data: { name: 'refused', workers: 1, options: { partition: 'nosuch' } }
  });
  expect(made.status()).toBe(201);
  await expect(card(page, 'refused')).toContainText(
    'invalid partition specified'
  );
  await shutDown(page, 'refused');
  await expect(region).toBeVisible();
});
