/** galata's test, in which Lab may take its time to come up: galata itself waits 15 s for the launcher. */
import { expect, galata, test as base } from '@jupyterlab/galata';
import { waitForLab } from './lab';

/** On two cores, one of which does something else. */
const START_MS = 60_000;

export const test = base.extend({
  waitForApplication: async ({}, use) => {
    await use(async (page, helpers) => {
      await waitForLab(page);
      await helpers.waitForCondition(
        () => helpers.activity.isTabActive('Launcher'),
        START_MS
      );
    });
  }
});
export { expect, galata };
