/** What of ours is cut off in a window as narrow as 320 CSS pixels. */
import { expect } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';

const NARROW = { width: 320, height: 640 };
const USUAL = { width: 1280, height: 720 };

/** Controls that can't be seen whole, and parts that scroll sideways. */
async function cutOff(
  page: Page,
  include: readonly string[],
  exclude: readonly string[]
): Promise<string[]> {
  return await page.evaluate(
    ([include, exclude]) => {
      const found: string[] = [];
      const told = (node: Element): string =>
        node.outerHTML.replace(/\s+/g, ' ').slice(0, 160);
      const within = include.flatMap(selector => [
        ...document.querySelectorAll<HTMLElement>(`${selector} *`)
      ]);
      for (const node of within) {
        if (
          !node.checkVisibility({ visibilityProperty: true }) ||
          node.closest(['pre', ...exclude].join()) !== null
        ) {
          continue;
        }
        const { overflowX } = getComputedStyle(node);
        if (
          ['auto', 'scroll'].includes(overflowX) &&
          node.scrollWidth > node.clientWidth + 1
        ) {
          found.push(`scrolls sideways: ${told(node)}`);
        }
        if (!node.matches('button, input, select, textarea, summary, a')) {
          continue;
        }
        const { left, right } = node.getBoundingClientRect();
        let [least, most] = [0, window.innerWidth];
        for (let each = node.parentElement; each; each = each.parentElement) {
          if (getComputedStyle(each).overflowX !== 'visible') {
            const box = each.getBoundingClientRect();
            least = Math.max(least, box.left);
            most = Math.min(most, box.right);
          }
        }
        if (left < least - 1 || right > most + 1) {
          found.push(`is cut off: ${told(node)}`);
        }
      }
      return found;
    },
    [include, exclude] as const
  );
}

/**
 * Find nothing that is cut off in a narrow window, and make the window wide again.
 *
 * @param include - CSS selectors of the parts.
 * @param exclude - Of what isn't ours inside them.
 */
export async function expectFits(
  page: Page,
  state: string,
  include: readonly string[],
  exclude: readonly string[] = []
): Promise<void> {
  const [own] = page.context().pages();
  await own.setViewportSize(NARROW);
  // Lab lays its widgets out some time after.
  await expect
    .configure({ soft: true })
    .poll(() => cutOff(own, include, exclude), {
      message: `${state}, ${NARROW.width} px wide`,
      timeout: 5_000
    })
    .toEqual([]);
  await own.setViewportSize(USUAL);
}
