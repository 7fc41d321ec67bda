/** No panel, dialog or state of ours keeps anybody out, in any of Lab's themes or a narrow window. */
import { test } from '@jupyterlab/galata';
import { expectAccessible, prepareAxe } from './axe';
import { expectFits } from './narrow';
import * as states from './states';

test.use({ autoGoto: false });

const eye: states.ILook = {
  prepare: prepareAxe,
  look: async (page, state, include, exclude) => {
    await expectAccessible(page, state, include, exclude);
    await expectFits(page, state, include, exclude);
  }
};

test('clusters, their dialogs and tabs', async ({ page }) => {
  await states.walkClusters(page, eye);
});

test('dashboards', async ({ page }) => {
  await states.walkDashboards(page, eye);
});

test('dCache and its dialogs', async ({ page }) => {
  await states.walkFiles(page, eye);
});

test('transfers and orders for tape', async ({ page }) => {
  await states.walkTransfers(page, eye);
});

test('no dCache at all', async ({ page }) => {
  await states.walkNoFiles(page, eye);
});

test('catalogs and searches', async ({ page }) => {
  await states.walkCatalogs(page, eye);
});
