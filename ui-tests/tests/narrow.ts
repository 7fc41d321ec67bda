/** What of ours is cut off in small windows: 320 CSS pixels wide, or at a zoom of 200 %. */
import { expect } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';

const USUAL = { width: 1280, height: 720 };
const SMALL = [
  { width: 320, height: 640 },
  // What is left of the usual window at 200 %.
  { width: USUAL.width / 2, height: USUAL.height / 2 }
] as const;

/**
 * Controls that can't be seen whole, text that ends without a sign, and parts that scroll sideways.
 *
 * @param include - CSS selectors of the parts.
 * @param exclude - Of what isn't ours inside them.
 */
export async function cutOff(
  page: Page,
  include: readonly string[],
  exclude: readonly string[]
): Promise<string[]> {
  return await page.evaluate(
    ([include, exclude]) => {
      const found: string[] = [];
      const told = (node: Element): string =>
        node.outerHTML.replace(/\s+/g, ' ').slice(0, 160);
      const scrolls = (overflow: string): boolean =>
        ['auto', 'scroll'].includes(overflow);
      const page = document.documentElement;
      /** What keeps one from seeing all of it, at once or by scrolling down; null for nothing. */
      const cutBy = (node: Element): Element | null => {
        const { left, right, top, bottom } = node.getBoundingClientRect();
        const part = { left, right, top, bottom };
        let isFixed = false;
        for (
          let each = node.parentElement;
          // What the body can't hold is the window's to show.
          each && each !== document.body && !isFixed;
          each = each.parentElement
        ) {
          const { overflowX, overflowY, position } = getComputedStyle(each);
          // What is around it does not hold it.
          isFixed = position === 'fixed';
          const box = each.getBoundingClientRect();
          if (overflowX !== 'visible') {
            if (part.left < box.left - 1 || part.right > box.right + 1) {
              return each;
            }
          }
          if (scrolls(overflowY) && each.scrollHeight > each.clientHeight) {
            // It can be scrolled to: then this is what is to be seen.
            part.top = box.top;
            part.bottom = Math.min(box.bottom, box.top + bottom - top);
          } else if (overflowY !== 'visible') {
            if (part.top < box.top - 1 || part.bottom > box.bottom + 1) {
              return each;
            }
          }
        }
        const isInWindow =
          part.left >= -1 &&
          part.right <= window.innerWidth + 1 &&
          part.top >= -1 &&
          part.bottom <= window.innerHeight + 1;
        return isInWindow ? null : page;
      };
      /** Lab 4.2 leaves more in a notebook's toolbar than has room there: its own items are cut off, too. */
      const isCrowded = (toolbar: Element): boolean => {
        const { right } = toolbar.getBoundingClientRect();
        return (
          toolbar.matches('.jp-NotebookPanel-toolbar') &&
          [...toolbar.children].some(
            each =>
              each.matches(':not(:has([class*="jp-rsdat-"]))') &&
              each.getBoundingClientRect().right > right + 1
          )
        );
      };
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
        const { overflowX, textOverflow } = getComputedStyle(node);
        if (node.scrollWidth > node.clientWidth + 1) {
          if (scrolls(overflowX)) {
            found.push(`scrolls sideways: ${told(node)}`);
          } else if (
            ['hidden', 'clip'].includes(overflowX) &&
            textOverflow !== 'ellipsis' &&
            // Not what is there for screen readers alone.
            node.clientWidth > 1 &&
            [...node.childNodes].some(
              child => child.nodeType === 3 && child.textContent?.trim()
            )
          ) {
            found.push(`its text is cut off: ${told(node)}`);
          }
        }
        if (node.matches('button, input, select, textarea, summary, a')) {
          const by = cutBy(node);
          if (by !== null && !isCrowded(by)) {
            found.push(
              `is cut off: ${told(node)} by ${by.localName} ${by.className}`
            );
          }
        }
      }
      return found;
    },
    [include, exclude] as const
  );
}

/** Find nothing that is cut off in small windows, and make the window large again. */
export async function expectFits(
  page: Page,
  state: string,
  include: readonly string[],
  exclude: readonly string[] = []
): Promise<void> {
  const [own] = page.context().pages();
  for (const size of SMALL) {
    await own.setViewportSize(size);
    // Lab lays its widgets out some time after, and those of the status bar when they next change.
    await expect
      .configure({ soft: true })
      .poll(() => cutOff(own, include, exclude), {
        message: `${state}, ${size.width} px wide`
      })
      .toEqual([]);
  }
  await own.setViewportSize(USUAL);
}
