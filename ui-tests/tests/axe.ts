/** axe over parts of the page that are ours, in each of Lab's themes. */
import { expect } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { source as AXE, type AxeResults } from 'axe-core';

/** Lab's themes: name, path of their styles, and whether they are light. */
export const THEMES = [
  ['JupyterLab Light', 'theme-light-extension', true],
  ['JupyterLab Dark', 'theme-dark-extension', false],
  ['JupyterLab Dark High Contrast', 'theme-dark-high-contrast-extension', false]
] as const;

/** Rules that a theme can break; all others are the same in each. */
const OF_COLOR = ['color-contrast', 'link-in-text-block'];

/** What is in the window of the page. */
interface IAxeWindow {
  axe: { run(context: object, options: object): Promise<AxeResults> };
}

/**
 * Put axe and the styles of all themes into the page, each to be switched on by its name.
 *
 * What Lab does when a theme is chosen takes a second, for each of many states and themes; for what
 * is seen it is this: other styles, and the attributes of the body.
 */
export async function prepareAxe(page: Page): Promise<void> {
  const styles = [];
  for (const [name, folder, isLight] of THEMES) {
    const answer = await page.request.get(
      `/lab/api/themes/@jupyterlab/${folder}/index.css`
    );
    expect(answer.ok(), name).toBe(true);
    styles.push({ name, isLight, css: await answer.text() });
  }
  await page.evaluate(AXE);
  await page.evaluate(styles => {
    for (const { name, isLight, css } of styles) {
      const style = document.createElement('style');
      style.dataset.theme = name;
      style.dataset.light = String(isLight);
      style.textContent = css;
      style.media = 'not all';
      // Lab's own theme is in the body too, and what comes later counts.
      document.body.append(style);
    }
  }, styles);
}

export async function wear(page: Page, theme: string): Promise<void> {
  await page.evaluate(theme => {
    for (const style of document.querySelectorAll<HTMLStyleElement>(
      'style[data-theme]'
    )) {
      const isWorn = style.dataset.theme === theme;
      style.media = isWorn ? '' : 'not all';
      if (isWorn) {
        document.body.dataset.jpThemeName = theme;
        document.body.dataset.jpThemeLight = style.dataset.light;
      }
    }
    // Colours that change gradually have changed.
    for (const animation of document.getAnimations()) {
      if (animation instanceof CSSTransition) {
        animation.finish();
      }
    }
  }, theme);
}

/**
 * Find nothing that keeps anybody out of a part of the page, in any theme.
 *
 * @param include - CSS selectors of the parts; each must be there.
 * @param exclude - Of what isn't ours inside them.
 */
export async function expectAccessible(
  page: Page,
  state: string,
  include: readonly string[],
  exclude: readonly string[] = []
): Promise<void> {
  const told: string[] = [];
  for (const [theme] of THEMES) {
    await wear(page, theme);
    const rules = theme === THEMES[0][0] ? null : OF_COLOR;
    const { violations } = await page.evaluate(
      ([include, exclude, rules]) =>
        (window as unknown as IAxeWindow).axe.run(
          { include, exclude },
          {
            // What is in a frame is Dask's.
            iframes: false,
            resultTypes: ['violations'],
            ...(rules ? { runOnly: { type: 'rule', values: rules } } : {})
          }
        ),
      [include, exclude, rules] as const
    );
    for (const { id, nodes } of violations) {
      for (const { html, failureSummary } of nodes) {
        told.push(`${theme}: ${id}: ${html.slice(0, 200)} ${failureSummary}`);
      }
    }
  }
  expect.soft(told, state).toEqual([]);
}
