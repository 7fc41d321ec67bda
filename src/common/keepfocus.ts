/** Sees to it that the keyboard stays in use where what had the focus goes away. */
import type { Menu } from '@lumino/widgets';

/**
 * Keep the focus in a dialog while buttons in it are disabled or replaced: on nothing, neither
 * Escape nor Tab would reach it. What is enabled again gets it back.
 *
 * @param node - Holds all that can have the focus; may get it itself.
 * @returns Ends it.
 */
export function keepFocus(node: HTMLElement): () => void {
  let last: HTMLElement | null = null;
  let isAway = false;
  const onFocus = (event: FocusEvent): void => {
    if (event.target !== node) {
      last = event.target as HTMLElement;
      isAway = false;
    }
  };
  const look = (): void => {
    if (!last) {
      return;
    }
    const active = document.activeElement;
    const isUsable = node.contains(last) && !last.matches(':disabled');
    // A browser takes the focus from what is disabled only when it draws next.
    if (!isUsable && [last, document.body, null].includes(active as never)) {
      isAway = true;
      node.focus({ preventScroll: true });
    } else if (isUsable && isAway && active === node) {
      last.focus({ preventScroll: true });
    }
  };
  if (!node.hasAttribute('tabindex')) {
    node.tabIndex = -1;
  }
  node.addEventListener('focusin', onFocus);
  const observer = new MutationObserver(look);
  observer.observe(node, {
    attributes: true,
    attributeFilter: ['disabled'],
    childList: true,
    subtree: true
  });
  return () => {
    observer.disconnect();
    node.removeEventListener('focusin', onFocus);
  };
}

/**
 * Give the focus back to what in `node` had it when Lab's context menu was opened there: the menu
 * leaves it on nothing.
 */
export function returnFocus(menu: Menu, node: HTMLElement): void {
  let from: Element | null = null;
  node.addEventListener('contextmenu', () => {
    const active = document.activeElement;
    from = node.contains(active) ? active : null;
  });
  menu.aboutToClose.connect(() => {
    const to = from as HTMLElement | null;
    from = null;
    // After the command that was chosen, which may move the focus elsewhere.
    setTimeout(() => {
      if (to?.isConnected && document.activeElement === document.body) {
        to.focus({ preventScroll: true });
      }
    });
  });
}
