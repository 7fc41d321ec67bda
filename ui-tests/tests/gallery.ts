/**
 * Pictures of every state for review: npm run gallery. No test, as nobody could say what is right.
 *
 * The states are those of the accessibility tests. Each is shown in each of Lab's themes, panels as
 * wide as they are at first and 320 px wide, in the folder that RSDAT_GALLERY names.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { INDICATOR, STATUS, type ILook } from './looks';
import { inEachTheme, type Theme } from './themes';
import { WALKS } from './walks';

const FOLDER = process.env.RSDAT_GALLERY!;
/** Of the side panel, and of the window for what isn't in it. */
const WIDTHS = { wide: [480, 1400], narrow: [320, 320] } as const;
/** Of these Lab shows no more than there is room for. */
const MAY_HIDE: readonly string[] = [STATUS[0], INDICATOR];
/** Cards below one another are longer than any screen. */
const HEIGHT = 1400;

interface IPicture {
  walk: string;
  state: string;
  theme: string;
  width: string;
  file: string;
}

const pictures: IPicture[] = [];

/** Drag the side panel's edge until it is so wide. */
async function widen(page: Page, width_px: number): Promise<void> {
  const stack = await page.locator('#jp-left-stack').boundingBox();
  if (stack === null) {
    return;
  }
  const edge = stack.x + stack.width + 1;
  await page.mouse.move(edge, HEIGHT / 2);
  await page.mouse.down();
  await page.mouse.move(stack.x + width_px, HEIGHT / 2, { steps: 3 });
  await page.mouse.up();
}

function slug(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** A picture of all that a selector finds, if any of it is in the window: of one element, or of what is around several. */
async function shoot(
  page: Page,
  selector: string,
  path: string
): Promise<boolean> {
  const parts = page.locator(`${selector}:visible`);
  const all = await parts.all();
  if (all.length < 2) {
    await parts.screenshot({ path, animations: 'disabled' });
    return true;
  }
  await all[0].scrollIntoViewIfNeeded();
  const boxes = await Promise.all(all.map(part => part.boundingBox()));
  const seen = boxes.filter(box => box !== null);
  const window = page.viewportSize()!;
  const x = Math.max(0, Math.min(...seen.map(box => box.x)));
  const y = Math.max(0, Math.min(...seen.map(box => box.y)));
  const right = Math.max(...seen.map(box => box.x + box.width));
  const bottom = Math.max(...seen.map(box => box.y + box.height));
  const width = Math.min(window.width, right) - x;
  const height = Math.min(window.height, bottom) - y;
  if (width <= 0 || height <= 0) {
    return false;
  }
  await page.screenshot({
    path,
    animations: 'disabled',
    clip: { x, y, width, height }
  });
  return true;
}

/** An eye that keeps what it sees. */
function camera(walk: string): ILook {
  const seen = new Map<string, number>();
  return {
    prepare: async () => undefined,
    look: async (page, state, include, _exclude, again) => {
      const times = (seen.get(state) ?? 0) + 1;
      seen.set(state, times);
      const title = times > 1 ? `${state} (${times})` : state;
      const [selector] = include;
      const isPanel = selector.startsWith('#jp-rsdat');
      for (const [width, [panel_px, window_px]] of Object.entries(WIDTHS)) {
        if (width === 'narrow' && MAY_HIDE.includes(selector)) {
          continue;
        }
        await page.setViewportSize({
          width: isPanel ? WIDTHS.wide[1] : window_px,
          height: HEIGHT
        });
        if (isPanel) {
          await widen(page, panel_px);
        }
        await again?.();
        const take = async (theme: Theme): Promise<void> => {
          const file = `${slug([walk, title, width, theme].join(' '))}.png`;
          if (await shoot(page, selector, join(FOLDER, file))) {
            pictures.push({ walk, state: title, theme, width, file });
          }
        };
        await inEachTheme(page, take, again);
      }
      await page.setViewportSize({ width: WIDTHS.wide[1], height: HEIGHT });
    }
  };
}

test.use({
  autoGoto: false,
  viewport: { width: WIDTHS.wide[1], height: HEIGHT }
});

test.beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
});

for (const [name, walk] of Object.entries(WALKS)) {
  test(name, async ({ page }) => {
    // Not galata's own object, which has an idea of its own of addresses.
    const [own] = page.context().pages();
    try {
      await walk(own, camera(name));
    } finally {
      writeFileSync(
        join(FOLDER, `${slug(name)}.json`),
        JSON.stringify(pictures.splice(0))
      );
    }
  });
}
