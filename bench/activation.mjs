// What the extension costs while Lab starts. Called by activation.py.
//
//   node bench/activation.mjs ADDRESS ROUNDS
//
// ADDRESS is Lab's with its token. Prints one JSON line with lists of milliseconds, one for each
// round: `activate`, what our plugins' functions took together; `evaluate`, what running their
// modules took before; `withUs` and `without`, until Lab had restored its layout, in turn.
import { LIMIT_MS, inChromium } from './page.mjs';

const [address, count] = process.argv.slice(2);
const NAME = 'jupyterlab-rsdat';

/** Runs in the page before all else: times what Lab calls of our bundle. */
function watch(name) {
  const taken = { activate: 0, evaluate: 0, plugins: [] };
  window.taken = taken;

  function timed(kind, call) {
    const began = performance.now();
    try {
      return call();
    } finally {
      taken[kind] += performance.now() - began;
    }
  }

  function watchPlugin(plugin) {
    const { activate } = plugin;
    plugin.activate = (...services) => {
      taken.plugins.push(plugin.id);
      return timed('activate', () => activate(...services));
    };
  }

  let container;
  window._JUPYTERLAB = Object.defineProperty({}, name, {
    enumerable: true,
    get: () => container,
    set: given => {
      container = {
        init: scope => given.init(scope),
        get: async module => {
          const factory = await given.get(module);
          return () => {
            const instance = timed('evaluate', factory);
            if (Array.isArray(instance.default)) {
              instance.default.forEach(watchPlugin);
            }
            return instance;
          };
        }
      };
    }
  });
}

/** Open Lab in a profile of its own that has loaded everything once; what was taken, and how long all took. */
async function open(browser, isWithUs) {
  const context = await browser.newContext({
    viewport: { width: 1400, height: 860 }
  });
  try {
    const page = await context.newPage();
    await page.addInitScript(watch, NAME);
    await page.route(
      url => /\/lab(\/|$)/.test(url.pathname),
      async route => {
        if (route.request().resourceType() !== 'document') {
          await route.continue();
          return;
        }
        const response = await route.fetch();
        // What the start is measured by: Lab's own switch for tests.
        const body = (await response.text()).replace(
          /"exposeAppInBrowser":\s*false/,
          '"exposeAppInBrowser": true'
        );
        // Lab loads the bundles that its page names.
        await route.fulfill({
          response,
          body: isWithUs ? body : body.replaceAll(NAME, 'absent')
        });
      }
    );
    let result;
    // Twice: the second time from the browser's cache, as every day.
    for (let time = 0; time < 2; time++) {
      await page.goto(address);
      await page.waitForFunction(() => window.jupyterapp, undefined, {
        timeout: LIMIT_MS
      });
      result = await page.evaluate(async () => {
        await window.jupyterapp.restored;
        return { ...window.taken, restored: performance.now() };
      });
    }
    if (isWithUs !== result.plugins.length > 0) {
      throw new Error(`${result.plugins.length} of our plugins were activated`);
    }
    return result;
  } finally {
    await context.close();
  }
}

await inChromium(async browser => {
  const taken = { activate: [], evaluate: [], withUs: [], without: [] };
  for (let round = 0; round < Number(count); round++) {
    const ours = await open(browser, true);
    taken.activate.push(ours.activate);
    taken.evaluate.push(ours.evaluate);
    taken.withUs.push(ours.restored);
    taken.without.push((await open(browser, false)).restored);
  }
  return taken;
});
