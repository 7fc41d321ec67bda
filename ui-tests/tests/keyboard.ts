/** Hands that have only a keyboard. */
import { expect } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';

/** Presses of Tab after which what was looked for is out of reach. */
const FAR = 120;

/** Press Tab, or another key, until an element has the focus. */
export async function tabTo(
  page: Page,
  target: Locator,
  key = 'Tab'
): Promise<void> {
  await expect(target).toBeVisible();
  const hasFocus = (): Promise<boolean> =>
    target.evaluate(node => node === document.activeElement);
  for (let presses = 0; !(await hasFocus()); presses++) {
    expect(presses, `${target} is not reached by ${key}`).toBeLessThan(FAR);
    await page.keyboard.press(key);
  }
}

/** Press what is reached by Tab. */
export async function pressButton(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

/** Show one of the panels at the left by its tab, without a mouse. */
export async function showPanel(page: Page, id: string): Promise<void> {
  const tab = page.locator(`.jp-SideBar.jp-mod-left [data-id="${id}"]`);
  await tabTo(
    page,
    page.locator('.jp-SideBar.jp-mod-left .lm-TabBar-tab[tabindex="0"]').first()
  );
  await tabTo(page, tab, 'ArrowDown');
  await page.keyboard.press('Enter');
}
