/** Lab's themes, put on as a user does, by Lab's theme manager: whatever follows the theme follows. */
import type { Page } from '@playwright/test';

export const THEMES = [
  'JupyterLab Light',
  'JupyterLab Dark',
  'JupyterLab Dark High Contrast'
] as const;

export type Theme = (typeof THEMES)[number];

/** What Lab leaves in the window of the page, as this file uses it. */
interface ILabWindow {
  jupyterapp: {
    commands: { execute(id: string, args: object): Promise<unknown> };
  };
}

/** The theme that the page has on. */
async function worn(page: Page): Promise<string> {
  return page.evaluate(() => document.body.dataset.jpThemeName ?? '');
}

/**
 * Put a theme on, and resolve when all that is seen has its colours.
 *
 * What had the focus has it afterwards, though Lab hides itself for a moment meanwhile.
 */
export async function wear(page: Page, theme: Theme): Promise<void> {
  if ((await worn(page)) === theme) {
    return;
  }
  await page.evaluate(async theme => {
    const { body } = document;
    const focused = document.activeElement;
    const isOn = new Promise<void>(resolve => {
      const observer = new MutationObserver(() => {
        const isSplashGone =
          document.getElementById('jupyterlab-splash') === null;
        if (body.dataset.jpThemeName === theme && isSplashGone) {
          observer.disconnect();
          resolve();
        }
      });
      observer.observe(body, { attributes: true, childList: true });
    });
    const { commands } = (window as unknown as ILabWindow).jupyterapp;
    await commands.execute('apputils:change-theme', { theme });
    await isOn;
    if (document.activeElement === body && focused instanceof HTMLElement) {
      focused.focus({ preventScroll: true });
    }
    // What is drawn by scripts, as the map, asks for its colours in one frame and has them in the next.
    for (let frame = 0; frame < 3; frame++) {
      await new Promise(resolve => requestAnimationFrame(resolve));
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
 * Do something in each theme, beginning with the one that is on: a walk through many states changes
 * the theme twice for each of them.
 *
 * @param again - Brings the state about once more, where it ends when Lab loses the focus.
 */
export async function inEachTheme(
  page: Page,
  look: (theme: Theme) => Promise<void>,
  again?: () => Promise<void>
): Promise<void> {
  const first = await worn(page);
  const order = first === THEMES[0] ? THEMES : [...THEMES].reverse();
  for (const theme of order) {
    const isOther = (await worn(page)) !== theme;
    await wear(page, theme);
    if (isOther) {
      await again?.();
    }
    await look(theme);
  }
}
