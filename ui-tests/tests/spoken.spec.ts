/** What a screen reader says by itself: regions that are there before something is put into them. */
import { expect, test } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import { run } from './lab';
import { aCluster, answer, everyCluster } from './samples';
import { choose, show } from './storage';
import { openPanel } from './support';

/** Live regions that say this; what is hidden from screen readers has no role. */
function said(page: Page, words: RegExp): Locator {
  return page.getByRole('status').filter({ hasText: words });
}

test('clusters that run or fail are told', async ({ page }) => {
  const none = { ...everyCluster(), damaged: [], queue_problem: null };
  const [one, two] = [
    { id: 'c-1', name: 'first' },
    { id: 'c-2', name: 'second' }
  ];
  await answer(page, 'clusters', {
    ...none,
    clusters: [
      aCluster({ ...one, state: 'starting' }),
      aCluster({ ...two, state: 'starting' })
    ]
  });
  const region = await openPanel(page, 'Clusters');
  await expect(
    region.getByRole('listitem', { name: 'second, starting' })
  ).toBeVisible();
  const spoken = region.locator('.jp-rsdat-Spoken');
  await expect(spoken).not.toContainText('running');
  await spoken.evaluate(node => node.setAttribute('data-early', ''));
  const diagnosis = { message: 'It ran out of memory.', hint: 'Ask for more.' };
  await answer(page, 'clusters', {
    ...none,
    clusters: [aCluster(one), aCluster({ ...two, state: 'failed', diagnosis })]
  });
  // Those that start are looked at every few seconds.
  await expect(
    said(page, /^first is running\. second is failed: It ran out of memory\.$/)
  ).toHaveAttribute('data-early', '');
});

test('a transfer that ends is told', async ({ page }) => {
  const panel = await show(page, '/');
  const name = `spoken-${test.info().repeatEachIndex}.txt`;
  const section = page.getByRole('region', { name: 'Transfers', exact: true });
  await expect(section.getByRole('status')).toHaveText('');
  await choose(
    page,
    () => panel.getByRole('button', { name: 'Upload' }).click(),
    [{ name, mimeType: 'text/plain', buffer: Buffer.from('up') }]
  );
  await expect(section.getByRole('status')).toContainText(
    `Upload of “${name}” is done`
  );
  await run(page, 'rsdat-transfers:clear-finished');
});
