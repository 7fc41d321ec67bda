// npm run screenshot: starts the demo and takes the pictures of the documentation (docs/images).
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setup, setupBrowserTests, venv } from './setup.mjs';

setup();
setupBrowserTests();
const require = createRequire(join(root, 'ui-tests', 'package.json'));
const { chromium } = require('@playwright/test');
const images = join(root, 'docs', 'images');
mkdirSync(images, { recursive: true });

const home = mkdtempSync(join(tmpdir(), 'rsdat-picture-'));
const demo = spawn(
  join(venv, 'bin', 'rsdat'),
  ['demo', '--no-browser', '--home', home],
  {
    cwd: root,
    env: {
      ...process.env,
      RSDAT_QUEUE: 'local',
      PATH: `${join(venv, 'bin')}:${process.env.PATH}`
    }
  }
);

/** The address with token that Lab prints when it is up. */
const address = await new Promise((resolve, reject) => {
  let text = '';
  const read = chunk => {
    text += chunk;
    const match = text.match(/http:\/\/127\.0\.0\.1:\d+\/lab\S*token=\w+/);
    if (match) {
      resolve(match[0]);
    }
  };
  demo.stdout.on('data', read);
  demo.stderr.on('data', read);
  demo.on('exit', code =>
    reject(new Error(`rsdat demo ended with ${code}:\n${text}`))
  );
});

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--no-first-run'
  ]
});
try {
  const page = await browser.newPage({
    viewport: { width: 1400, height: 860 }
  });
  await page.goto(address);
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
  await page
    .locator('.jp-DirListing-item', { hasText: 'mean-reflectance.ipynb' })
    .dblclick();
  await page.locator('#jp-main-statusbar').getByText('Idle').waitFor();

  await page.locator('.jp-SideBar [data-id="jp-rsdat-sidebar"]').click();
  const clusters = page.getByRole('region', { name: 'Clusters', exact: true });
  await clusters.getByRole('button', { name: 'New SLURMCluster' }).click();
  const card = clusters.getByRole('listitem', {
    name: /^SLURMCluster 1, running/
  });
  await card.getByRole('button', { name: 'Scale' }).click();
  const dialog = page.getByRole('dialog', { name: /^Scale / });
  await dialog
    .getByRole('spinbutton', { name: 'Workers', exact: true })
    .fill('2');
  await dialog.getByRole('button', { name: 'Scale' }).click();
  await card.getByText(/2\s*connected/).waitFor({ timeout: 60_000 });

  await page.locator('.jp-Notebook .jp-MarkdownCell').first().click();
  for (let cell = 0; cell < 16; cell++) {
    await page.keyboard.press('Shift+Enter');
  }
  const map = page.locator('.jp-Notebook .jp-RenderedImage img').first();
  await map.waitFor({ timeout: 120_000 });
  await map.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(images, 'lab.png') });
} finally {
  await browser.close();
  demo.removeAllListeners('exit');
  const ended = new Promise(resolve => demo.on('exit', resolve));
  demo.kill('SIGTERM');
  await ended;
  rmSync(home, { recursive: true, force: true });
}
