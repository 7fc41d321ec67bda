/** Sees to it that the keyboard stays in use where what had the focus goes away. */
import type { Menu } from '@lumino/widgets';

/** What may have the focus for a while instead of something inside it: things that have a name. */
const PARTS = '[tabindex], li, form, section, [role=group], [role=listitem]';

/**
 * Keep the focus in a part of the page while buttons in it are disabled or replaced: on nothing,
 * neither Escape nor Tab would go on from there. The nearest thing around that is left gets it, at
 * last `node`; what is enabled again gets it back.
 *
 * @param node - Holds all that can have the focus; may get it itself.
 * @returns Ends it.
 */
export function keepFocus(node: HTMLElement): () => void {
  let last: HTMLElement | null = null;
  /** Around it, from the inside out: it may be asked for when it is out of the document. */
  let around: HTMLElement[] = [];
  /** Has the focus instead. */
  let stand: HTMLElement | null = null;
  let isMoving = false;
  const move = (to: HTMLElement): void => {
    isMoving = true;
    to.focus({ preventScroll: true });
    isMoving = false;
  };
  const forget = (): void => {
    last = stand = null;
    around = [];
  };
  const isUsable = (): boolean =>
    last !== null && node.contains(last) && !last.matches(':disabled');
  const onFocus = (event: FocusEvent): void => {
    if (isMoving || event.target === node) {
      return;
    }
    last = event.target as HTMLElement;
    stand = null;
    around = [];
    for (let each = last.parentElement; each && each !== node;) {
      if (each.matches(PARTS)) {
        around.push(each);
      }
      each = each.parentElement;
    }
  };
  const onBlur = (event: FocusEvent): void => {
    const to = event.relatedTarget as Node | null;
    if (to !== null && !node.contains(to)) {
      forget();
    } else if (to === null && document.hasFocus()) {
      // Left for nothing, by a press beside all; or it goes away or is put in another place, which
      // is known only afterwards.
      queueMicrotask(() => {
        look(observer.takeRecords());
        if (isUsable() && document.activeElement !== last) {
          forget();
        }
      });
    }
  };
  const look = (records: readonly MutationRecord[]): void => {
    if (!last) {
      return;
    }
    const active = document.activeElement;
    const has = stand ?? last;
    if (
      active === document.body &&
      node.contains(has) &&
      records.some(({ addedNodes }) =>
        [...addedNodes].some(each => each.contains(has))
      )
    ) {
      // Items of a list changed places: a browser takes the focus from those that it moves.
      move(has);
      return;
    }
    // A browser takes the focus from what is disabled only when it draws next.
    if (
      !isUsable() &&
      [last, stand, document.body, null].includes(active as never) &&
      !(stand !== null && stand === active && node.contains(stand))
    ) {
      stand = around.find(each => node.contains(each)) ?? node;
      if (!stand.hasAttribute('tabindex')) {
        stand.tabIndex = -1;
      }
      move(stand);
    } else if (isUsable() && stand !== null && active === stand) {
      stand = null;
      move(last);
    }
  };
  if (!node.hasAttribute('tabindex')) {
    node.tabIndex = -1;
  }
  node.addEventListener('focusin', onFocus);
  node.addEventListener('focusout', onBlur);
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
    node.removeEventListener('focusout', onBlur);
    forget();
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
