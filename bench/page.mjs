// What the measurements in the page have in common: a Chromium, and Lab with one of our panels open.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(join(root, 'ui-tests', 'package.json'));
const { chromium } = require('@playwright/test');

/** For whatever Lab does before something is measured. */
export const LIMIT_MS = 120_000;

/** Work with a Chromium, which is closed afterwards; prints one JSON line: what came of it. */
export async function inChromium(work) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run']
  });
  try {
    console.log(JSON.stringify(await work(browser)));
  } finally {
    await browser.close();
  }
}

/**
 * Open Lab and one of its side panels.
 *
 * @param address Lab's with its token.
 * @param id The panel's: `jp-rsdat-sidebar`, `jp-rsdat-dcache`.
 */
export async function openPanel(page, address, id) {
  await page.goto(address);
  const tab = page.locator(`.jp-SideBar [data-id="${id}"]`);
  await tab.waitFor({ timeout: LIMIT_MS });
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
  if ((await tab.getAttribute('aria-selected')) !== 'true') {
    await tab.click();
  }
}
