// Scrolling the dCache panel through very many entries. Called by panel_scroll.py.
//
//   node bench/panel_scroll.mjs ADDRESS ENTRIES ROUNDS
//
// ADDRESS is Lab's with its token. Prints one JSON line: the main thread's milliseconds of work in each
// frame, frames a second, and the panel's elements.
import { LIMIT_MS, inChromium, openPanel } from './page.mjs';

const [address, entries, rounds] = process.argv.slice(2);
const total = Number(entries);
/** Of one round: half by the wheel, half by the scroll bar. */
const FRAMES = 120;
const LOCALITIES = ['NEARLINE', 'ONLINE_AND_NEARLINE', 'ONLINE', 'NEARLINE'];

function entryAt(number) {
  const name = `S2B_MSIL2A_20260102T030405_N0511_R051_T31UFU_${String(number).padStart(6, '0')}.tif`;
  return {
    name,
    path: `/data/${name}`,
    type: 'file',
    size: 1_000_000 + number * 17,
    modified: new Date(1.7e12 + number * 1000).toISOString(),
    created: null,
    locality: LOCALITIES[number % LOCALITIES.length],
    mime: 'image/tiff'
  };
}

await inChromium(async browser => {
  const page = await browser.newPage({
    viewport: { width: 1400, height: 1080 }
  });
  const json = body => ({
    contentType: 'application/json',
    body: JSON.stringify(body)
  });
  await page.route(/\/rsdat\/api\/dcache\//, route => {
    const url = new URL(route.request().url());
    if (url.pathname.endsWith('/endpoints')) {
      const endpoint = {
        name: 'made-up',
        api_url: 'https://api.example.org/',
        webdav_url: 'https://dav.example.org/',
        home: '/data',
        own: false,
        credential: 'none'
      };
      return route.fulfill(json({ endpoints: [endpoint] }));
    }
    if (url.pathname.endsWith('/list')) {
      const offset = Number(url.searchParams.get('offset'));
      const limit = Number(url.searchParams.get('limit'));
      const count = Math.max(0, Math.min(limit, total - offset));
      return route.fulfill(
        json({
          path: '/data',
          total,
          complete: true,
          offset,
          entries: Array.from({ length: count }, (_, n) => entryAt(offset + n)),
          listed: '2026-01-02T03:04:05Z'
        })
      );
    }
    return route.fulfill(json({ live: true }));
  });
  await openPanel(page, address, 'jp-rsdat-dcache');
  const panel = page.getByRole('region', { name: 'dCache', exact: true });
  await panel
    .getByRole('row', { name: entryAt(0).name, exact: true })
    .waitFor({ timeout: LIMIT_MS });
  await page.waitForTimeout(2000);

  const devtools = await page.context().newCDPSession(page);
  const traced = [];
  devtools.on('Tracing.dataCollected', ({ value }) => traced.push(...value));
  await devtools.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: [
        'blink.user_timing',
        'devtools.timeline',
        'disabled-by-default-devtools.timeline'
      ]
    }
  });
  const scrolled = await page.evaluate(
    async ({ frames, rounds }) => {
      const body = document.querySelector('.jp-rsdat-Files-body');
      const next = () =>
        new Promise(resolve => requestAnimationFrame(() => resolve()));
      let nodes = 0;
      let drawn = 0;
      const panel = document.querySelector('#jp-rsdat-dcache');
      const count = () => {
        nodes = Math.max(nodes, panel.querySelectorAll('*').length);
      };
      const start = performance.now();
      for (let round = 0; round < rounds; round++) {
        for (let frame = 0; frame < frames; frame++, drawn++) {
          performance.mark('rsdat-frame');
          // By the wheel: three rows and more a frame; then by the bar: thousands of rows a frame.
          body.scrollTop += frame < frames / 2 ? 80 : 40_000;
          await next();
          if (frame % 20 === 0) {
            count();
          }
        }
        // The rows in view come: their drawing is part of it.
        for (let frame = 0; frame < 30; frame++, drawn++) {
          performance.mark('rsdat-frame');
          await next();
        }
        count();
        body.scrollTop = 0;
        await next();
      }
      const seconds = (performance.now() - start) / 1000;
      return { nodes, fps: drawn / seconds };
    },
    { frames: FRAMES, rounds: Number(rounds) }
  );
  const ended = new Promise(resolve =>
    devtools.once('Tracing.tracingComplete', resolve)
  );
  await devtools.send('Tracing.end');
  await ended;

  // Tasks of the thread that ran our marks, summed between one mark and the next.
  const marks = traced
    .filter(
      event =>
        event.name === 'rsdat-frame' || event.args?.data?.name === 'rsdat-frame'
    )
    .sort((one, other) => one.ts - other.ts);
  const thread = marks[0].tid;
  const tasks = traced
    .filter(
      event =>
        event.tid === thread &&
        event.pid === marks[0].pid &&
        event.ph === 'X' &&
        event.name === 'RunTask'
    )
    .sort((one, other) => one.ts - other.ts);
  const work_ms = [];
  let at = 0;
  for (let index = 0; index + 1 < marks.length; index++) {
    const end = marks[index + 1].ts;
    let sum_us = 0;
    while (at < tasks.length && tasks[at].ts < end) {
      sum_us += tasks[at].tdur ?? tasks[at].dur;
      at++;
    }
    work_ms.push(sum_us / 1000);
  }
  return { work_ms, ...scrolled };
});
