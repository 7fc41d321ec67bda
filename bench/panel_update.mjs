// One update of the Clusters panel: what the page's main thread does for it. Called by panel_update.py.
//
//   node bench/panel_update.mjs ADDRESS ANSWERS MEASURED UPDATES
//
// ADDRESS is Lab's with its token, ANSWERS a file with the companion's answers of `clusters` and of
// `pulse`: the page gets the first one first, and then the others in turn. MEASURED is one of these
// words. Prints one JSON line: milliseconds for each update.
import { readFileSync } from 'node:fs';
import { LIMIT_MS, inChromium, openPanel } from './page.mjs';

const [address, file, measured, count] = process.argv.slice(2);
const answers = JSON.parse(readFileSync(file, 'utf8'));
const routes = {
  clusters: /\/rsdat\/api\/clusters(\?|$)/,
  pulse: /\/rsdat\/api\/clusters\/pulse(\?|$)/
};
/** After so long an update is over, and as long nothing else is expected. */
const WINDOW_MS = 700;

await inChromium(async browser => {
  const page = await browser.newPage({
    viewport: { width: 1400, height: 860 }
  });
  const devtools = await page.context().newCDPSession(page);
  // What the thread works, and not how long others kept it from that.
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });

  async function busyMs() {
    const { metrics } = await devtools.send('Performance.getMetrics');
    const value = name => metrics.find(metric => metric.name === name).value;
    return (
      1000 *
      (value('ScriptDuration') +
        value('LayoutDuration') +
        value('RecalcStyleDuration'))
    );
  }

  const took = [];
  let isMeasuring = false;
  let done;
  const finished = new Promise(resolve => {
    done = resolve;
  });

  async function answer(route, body, isMeasured) {
    const json = { contentType: 'application/json', body };
    if (!isMeasuring || !isMeasured) {
      await route.fulfill(json);
      return;
    }
    const before = await busyMs();
    await route.fulfill(json);
    await page.waitForTimeout(WINDOW_MS);
    const between = await busyMs();
    await page.waitForTimeout(WINDOW_MS);
    const after = await busyMs();
    // Less what the page does anyway.
    took.push(between - before - (after - between));
    if (took.length >= Number(count)) {
      isMeasuring = false;
      done();
    }
  }

  for (const [name, path] of Object.entries(routes)) {
    const [first, ...others] = answers[name].map(each => JSON.stringify(each));
    let asked = 0;
    await page.route(path, route => {
      const body = asked === 0 ? first : others[(asked - 1) % others.length];
      asked++;
      return answer(route, body, name === measured);
    });
  }
  await openPanel(page, address, 'jp-rsdat-sidebar');
  await page
    .getByRole('region', { name: 'Clusters' })
    .getByRole('listitem')
    .first()
    .waitFor({ timeout: LIMIT_MS });
  await page.waitForTimeout(5 * WINDOW_MS);
  isMeasuring = true;
  await finished;
  return took;
});
