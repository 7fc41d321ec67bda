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

/** One stop of Tab: what it is called, and whether one sees that it has the focus. */
interface IStop {
  name: string;
  isSeen: boolean;
}

/** What has the focus, if it is inside of `root`. */
async function stop(page: Page, root: string): Promise<IStop | null> {
  return await page.evaluate(root => {
    const node = document.activeElement as HTMLElement | null;
    if (!node?.closest(root)) {
      return null;
    }
    const active = node.getAttribute('aria-activedescendant');
    const marked = [
      node,
      active ? document.getElementById(active) : null
    ].filter(each => each !== null);
    return {
      name: `${node.getAttribute('role') ?? node.localName} ${
        node.getAttribute('aria-label') || node.innerText || node.title
      }`
        .replace(/\s+/g, ' ')
        .slice(0, 60),
      isSeen: marked.some(each => {
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
      })
    };
  }, root);
}

/**
 * Go by Tab through a part of the page, from its first stop until the focus has left it.
 *
 * Fails where one is caught, or can't see where one is.
 *
 * @returns The names of the stops.
 */
export async function tabThrough(page: Page, root: string): Promise<string[]> {
  // A stop just before, so that Tab is what gives the focus.
  await page.evaluate(root => {
    const before = document.createElement('button');
    before.id = 'before';
    document.querySelector(root)!.before(before);
    before.focus();
    before.addEventListener('blur', () => before.remove());
  }, root);
  const stops: string[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const here = await stop(page, root);
    if (here === null) {
      return stops;
    }
    expect(here.isSeen, `one sees that “${here.name}” has the focus`).toBe(
      true
    );
    stops.push(here.name);
    expect(stops.length, `one gets out after ${stops.slice(-3)}`).toBeLessThan(
      FAR
    );
  }
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
