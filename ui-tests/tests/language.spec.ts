/** In another language nothing of ours stays English, but names and what servers say. */
import { expect, galata, test } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { run, waitForLab } from './lab';
import {
  CATALOG,
  CLUSTER_DIALOGS,
  DIALOG,
  FILES,
  SIDE,
  STATUS,
  begin,
  unfold
} from './looks';
import { LANGUAGE, Words, english, speak } from './pseudolanguage';
import {
  ORDERS,
  PAST,
  TRANSFERS,
  answer,
  everyCluster,
  pulses
} from './samples';
import { putFile } from './storage';

test.use({
  autoGoto: false,
  mockSettings: {
    ...galata.DEFAULT_SETTINGS,
    '@jupyterlab/translation-extension:plugin': { locale: LANGUAGE }
  }
});

/** Units, keys of the keyboard, and names that are the same in every language. */
const SAME = [
  'B kB KiB MiB GiB TiB min core h s d',
  'Ctrl Shift Alt Left Right Up Enter',
  'Dask Slurm dCache STAC rsdat rclone ada IPv4 JSON CSV',
  // Times are told as the browser does.
  'Jan AM PM',
  // Lab's own, of panels, tabs and the corner of dialogs.
  'Section side panel main area notebook content Cancel'
];
/** Of Dask: src/dashboards/plots.ts. */
const PLOTS = 'Status Tasks System Info Task Stream Progress Memory CPU Graph';

/** What is read in a state, but for the words that servers said. */
async function look(
  page: Page,
  words: Words,
  include: readonly string[],
  exclude?: readonly string[]
): Promise<void> {
  const left = await english(page, include, exclude);
  // All that is left is told at once.
  expect.soft(await words.unknown(left), include.join()).toEqual([]);
}

test('panels, dialogs, tabs, commands and menus are in Lab’s language', async ({
  page
}) => {
  const [own] = page.context().pages();
  const words = new Words(own, [...SAME, PLOTS]);
  await answer(page, 'clusters', everyCluster());
  await answer(page, 'clusters/pulse', pulses());
  await answer(page, 'clusters/past', { clusters: [PAST] });
  await answer(page, 'transfers', { transfers: TRANSFERS });
  await answer(page, 'tape', { requests: ORDERS });
  await speak(page);
  await own.goto('/lab/workspaces/language?reset');
  await waitForLab(page);

  await look(own, words, ['.jp-LauncherCard[data-category^="⟦"]']);
  const labels = await own.evaluate(() => {
    const { commands } = (
      window as unknown as {
        jupyterapp: {
          commands: {
            listCommands(): string[];
            label(id: string): string;
            caption(id: string): string;
          };
        };
      }
    ).jupyterapp;
    return commands
      .listCommands()
      .filter(id => id.startsWith('rsdat'))
      .map(id => [id, commands.label(id), commands.caption(id)] as const);
  });
  expect(labels.length).toBeGreaterThan(60);
  const plain = labels.filter(
    ([, label, caption]) => !/^⟦/.test(label) || !/^(⟦|$)/.test(caption)
  );
  expect(plain).toEqual([]);

  await own.locator('.jp-SideBar [data-id="jp-rsdat-sidebar"]').click();
  // Read of the cards in sight.
  const activity = own.locator('.jp-rsdat-Overview').first();
  await activity.scrollIntoViewIfNeeded();
  await expect(activity).toContainText('mean_chunk');
  await unfold(own.locator(SIDE[0]));
  await expect(own.locator(SIDE[0])).toContainText('Shut down by itself');
  await look(own, words, [...SIDE, ...STATUS]);
  await run(page, 'rsdat:open-jobs', { cluster: 'c-1' });
  await own.locator('.jp-rsdat-JobsTab [data-job]').first().click();
  await look(own, words, ['.jp-rsdat-JobsTab']);

  for (const [command, args] of [
    ...CLUSTER_DIALOGS,
    ['rsdat-dcache:endpoints', {}],
    ['rsdat-dcache:token', {}],
    ['rsdat-stac:open', {}]
  ] as const) {
    const dialog = await begin(page, command, args);
    await unfold(dialog);
    // Cancel and Close are Lab's own words.
    await look(own, words, DIALOG, ['.jp-Dialog-footer']);
    // Lab listens to it a moment after a dialog is there.
    await expect(async () => {
      await own.keyboard.press('Escape');
      await expect(own.getByRole('dialog')).toHaveCount(0, { timeout: 1_000 });
    }).toPass({ timeout: 60_000 });
  }

  await putFile('/language/a.txt', 'a\n');
  await own.locator('.jp-SideBar [data-id="jp-rsdat-dcache"]').click();
  await run(page, 'rsdat-dcache:open', { endpoint: 'demo', path: '/language' });
  await own.locator('.jp-rsdat-Files [data-row]').first().click();
  await unfold(own.locator(FILES[0]));
  await look(own, words, FILES);

  await run(page, 'rsdat-stac:open', {
    href: 'dcache:///demo/radar/catalog.json'
  });
  await own.locator('.jp-rsdat-StacItems-row').first().click();
  // What properties are called is the catalog's.
  const names = '.jp-rsdat-StacDetails-properties th';
  await expect(own.locator(names).first()).toBeVisible();
  await look(own, words, CATALOG, [names]);
  await run(page, 'rsdat-stac:search');
  await expect(own.locator('.jp-rsdat-Stac')).toHaveCount(2);
  await look(own, words, CATALOG, [names]);
});
