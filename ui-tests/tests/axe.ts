/** axe over parts of the page that are ours, in each of Lab's themes. */
import { expect } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { source as AXE, type AxeResults } from 'axe-core';
import { THEMES, inEachTheme } from './themes';

/** Rules that a theme can break; all others are the same in each. */
const OF_COLOR = ['color-contrast', 'link-in-text-block'];

/** What is in the window of the page. */
interface IAxeWindow {
  axe: { run(context: object, options: object): Promise<AxeResults> };
}

/** Put axe into the page. */
export async function prepareAxe(page: Page): Promise<void> {
  await page.evaluate(AXE);
}

/**
 * Find nothing that keeps anybody out of a part of the page, in any theme.
 *
 * @param include - CSS selectors of the parts; each must be there.
 * @param exclude - Of what isn't ours inside them.
 * @param again - Brings the state about once more, where it ends with the focus.
 */
export async function expectAccessible(
  page: Page,
  state: string,
  include: readonly string[],
  exclude: readonly string[] = [],
  again?: () => Promise<void>
): Promise<void> {
  const told: string[] = [];
  await inEachTheme(
    page,
    async theme => {
      const rules = theme === THEMES[0] ? null : OF_COLOR;
      const violations = await page.evaluate(
        async ([include, exclude, rules]) => {
          const { axe } = window as unknown as IAxeWindow;
          const { violations } = await axe.run(
            { include, exclude },
            {
              // What is in a frame is Dask's.
              iframes: false,
              resultTypes: ['violations'],
              ...(rules ? { runOnly: { type: 'rule', values: rules } } : {})
            }
          );
          // The grid has the focus in place of its rows, and its keys scroll them.
          const isScrolledByGrid = (target: unknown[]): boolean =>
            Boolean(
              document
                .querySelector(String(target[0]))
                ?.closest('[role="grid"][tabindex="0"]')
            );
          return violations.map(({ id, nodes }) => ({
            id,
            nodes: nodes.filter(
              ({ target }) =>
                id !== 'scrollable-region-focusable' ||
                !isScrolledByGrid(target)
            )
          }));
        },
        [include, exclude, rules] as const
      );
      for (const { id, nodes } of violations) {
        for (const { html, failureSummary } of nodes) {
          told.push(`${theme}: ${id}: ${html.slice(0, 200)} ${failureSummary}`);
        }
      }
    },
    again
  );
  expect.soft(told, state).toEqual([]);
}
