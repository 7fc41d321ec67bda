/** galata's test, which begins when Lab has its plugins and its layout: galata looks at the splash alone. */
import { expect, galata, test as base } from '@jupyterlab/galata';
import { waitForLab } from './lab';

export const test = base.extend({
  waitForApplication: async ({}, use) => {
    await use(async (page, helpers) => {
      await waitForLab(page);
      await helpers.waitForCondition(() =>
        helpers.activity.isTabActive('Launcher')
      );
    });
  }
});
export { expect, galata };
