// Changes at the door until they are seen in the dCache panel. Called by panel_live.py.
//
//   RSDAT_BENCH_DOOR={url, token, folder} node bench/panel_live.mjs ADDRESS CHANGES
//
// ADDRESS is Lab's with its token; the folder is what the panel begins with. Prints one JSON line:
// milliseconds for each change.
import { LIMIT_MS, inChromium, openPanel } from './page.mjs';

const [address, changes] = process.argv.slice(2);
const { url, token, folder } = JSON.parse(process.env.RSDAT_BENCH_DOOR);
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 2_500;

await inChromium(async browser => {
  const page = await browser.newPage({
    viewport: { width: 1400, height: 1080 }
  });
  const watched = page.waitForResponse(
    response => /\/watch(\?|$)/.test(response.url()) && response.ok(),
    { timeout: LIMIT_MS }
  );
  await openPanel(page, address, 'jp-rsdat-dcache');
  await page
    .getByRole('row', { name: 'scene-00.tif', exact: true })
    .waitFor({ timeout: LIMIT_MS });
  if (!(await (await watched).json()).live) {
    throw new Error('dCache does not tell changes of the folder');
  }
  await page.waitForTimeout(MOST_PAUSE_MS);

  /** When the row is drawn, or gone: milliseconds since the epoch, as this process counts them. */
  const drawn = (name, isThere) =>
    page.evaluate(
      ([name, isThere, limit_ms]) =>
        new Promise((resolve, reject) => {
          const rows = document.querySelector('.jp-rsdat-Files-rows');
          const selector = `[role=row][aria-label="${name}"]`;
          const look = () => {
            if ((rows.querySelector(selector) !== null) === isThere) {
              observer.disconnect();
              clearTimeout(timer);
              requestAnimationFrame(() => resolve(Date.now()));
            }
          };
          const observer = new MutationObserver(look);
          const timer = setTimeout(
            () => reject(new Error(`${name} did not change`)),
            limit_ms
          );
          observer.observe(rows, {
            attributes: true,
            childList: true,
            subtree: true
          });
          look();
        }),
      [name, isThere, LIMIT_MS]
    );

  const took = [];
  for (let change = 0; change < Number(changes); change++) {
    const isMade = change % 2 === 0;
    // The first of the list: in view.
    const name = `a-${String(change >> 1).padStart(3, '0')}.txt`;
    const seen = drawn(name, isMade);
    // The page looks before anything happens.
    await page.evaluate(() => undefined);
    const start = Date.now();
    const answer = await fetch(new URL(`${folder}/${name}`, `${url}/`), {
      method: isMade ? 'PUT' : 'DELETE',
      body: isMade ? 'new' : undefined,
      headers: { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(LIMIT_MS)
    });
    if (!answer.ok) {
      throw new Error(`the door answered ${answer.status}`);
    }
    took.push((await seen) - start);
    await page.waitForTimeout(
      LEAST_PAUSE_MS + Math.random() * (MOST_PAUSE_MS - LEAST_PAUSE_MS)
    );
  }
  return took;
});
