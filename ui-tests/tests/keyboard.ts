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

/** Press a key that opens a menu, and wait until keys go there. */
export async function openMenu(page: Page, key: string): Promise<void> {
  await page.keyboard.press(key);
  await expect(page.locator('.lm-Menu')).toBeFocused();
}

/** Go down the open menu to an item of that name, and choose it. */
export async function chooseItem(page: Page, name: string): Promise<void> {
  const labels = page.locator('.lm-Menu-item:visible .lm-Menu-itemLabel');
  await expect(labels.getByText(name, { exact: true })).toBeVisible();
  const active = page.locator('.lm-Menu-item.lm-mod-active .lm-Menu-itemLabel');
  const drawn = async (): Promise<string> =>
    (await active.allInnerTexts()).join();
  let left = await labels.count();
  for (let at = await drawn(); at !== name; at = await drawn()) {
    expect(left--, `${name} is not reached`).toBeGreaterThan(0);
    await page.keyboard.press('ArrowDown');
    // It is drawn some time after the key; Enter chooses what is not drawn yet.
    await expect.poll(drawn).not.toBe(at);
  }
  await page.keyboard.press('Enter');
}
