/** Sees to it that the keyboard stays in use where what had the focus goes away. */
import type { Menu } from '@lumino/widgets';

/** What may have the focus for a while instead of something inside it: things that have a name. */
const PARTS = '[tabindex], li, form, section, [role=group], [role=listitem]';
/** Of which one follows another: where one goes, the next has its place. */
const ITEMS = 'li, [role=group], [role=listitem]';

/** Something around what has the focus, and where it stands. */
interface IAround {
  node: HTMLElement;
  parent: Element;
  /** Among the parent's items; -1 where it is none. */
  index: number;
}

/**
 * Keep the focus in a part of the page while buttons in it are disabled, moved or replaced: on
 * nothing, neither Escape nor Tab would go on from there.
 *
 * The nearest thing around that is left gets it, or the item that took the place of one that is
 * gone, at last `node`. What is enabled again gets it back, and so does what has the same names
 * when all of it was drawn anew, unless the user has gone on meanwhile.
 *
 * @param node - Holds all that can have the focus; may get it itself.
 * @returns Ends it.
 */
export function keepFocus(node: HTMLElement): () => void {
  let last: HTMLElement | null = null;
  /** Around it, from the inside out: it may be asked for when it is out of the document. */
  let around: IAround[] = [];
  /** The names of it and of what is around it. */
  let names = '';
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
  const take = (to: HTMLElement): void => {
    last = to;
    stand = null;
    around = partsAround(to, node);
    names = namesOf(to, node);
  };
  const onFocus = (event: FocusEvent): void => {
    if (!isMoving && event.target !== node) {
      take(event.target as HTMLElement);
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
    if (active === document.body && node.contains(has) && isIn(records, has)) {
      // Items of a list changed places: a browser takes the focus from those that it moves.
      move(has);
      return;
    }
    const isHere = stand !== null && stand === active && node.contains(stand);
    // A browser takes the focus from what is disabled only when it draws next.
    if (
      !isUsable() &&
      [last, stand, document.body, null].includes(active as never) &&
      !isHere
    ) {
      if (
        stand === null &&
        !node.contains(last) &&
        findAnew(last, names, node)
      ) {
        // Others are called the same: none of them may be taken for it.
        names = '';
      }
      stand = standIn(around, node);
      if (!stand.hasAttribute('tabindex')) {
        stand.tabIndex = -1;
      }
      move(stand);
    } else if (isUsable() && isHere) {
      stand = null;
      move(last);
    } else if (isHere && !node.contains(last)) {
      const again = findAnew(last, names, node);
      if (again) {
        take(again);
        move(again);
      }
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

/** Whether an element was put where it is by one of these changes. */
function isIn(records: readonly MutationRecord[], node: HTMLElement): boolean {
  return records.some(({ addedNodes }) =>
    Array.from(addedNodes).some(added => added.contains(node))
  );
}

function itemsOf(parent: Element): HTMLElement[] {
  return Array.from(parent.children).filter((child): child is HTMLElement =>
    child.matches(ITEMS)
  );
}

function partsAround(of: HTMLElement, root: HTMLElement): IAround[] {
  const parts: IAround[] = [];
  let each = of.parentElement;
  // An item may have had the focus itself.
  if (of.matches(ITEMS)) {
    each = of;
  }
  for (; each && each !== root; each = each.parentElement) {
    const parent = each.parentElement;
    if (parent && each.matches(PARTS)) {
      parts.push({ node: each, parent, index: itemsOf(parent).indexOf(each) });
    }
  }
  return parts;
}

/** What gets the focus instead of something in these parts. */
function standIn(around: readonly IAround[], root: HTMLElement): HTMLElement {
  for (const { node, parent, index } of around) {
    if (root.contains(node)) {
      return node;
    }
    if (index >= 0 && root.contains(parent)) {
      const items = itemsOf(parent);
      if (items.length > 0) {
        return items[Math.min(index, items.length - 1)];
      }
    }
  }
  return root;
}

/** The names of an element and of what is around it, from the inside out. */
function namesOf(of: HTMLElement, root: HTMLElement): string {
  const names = [of.getAttribute('aria-label') ?? of.textContent];
  for (const { node } of partsAround(of, root)) {
    names.push(node.getAttribute('aria-label') ?? '');
  }
  return JSON.stringify(names);
}

/** What was drawn anew for something that is gone. */
function findAnew(
  gone: HTMLElement,
  names: string,
  root: HTMLElement
): HTMLElement | undefined {
  return Array.from(root.querySelectorAll<HTMLElement>(gone.localName)).find(
    each => !each.matches(':disabled') && namesOf(each, root) === names
  );
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
    const active = document.activeElement;
    const isFree = active === document.body || menu.node.contains(active);
    from = null;
    // Before the command that was chosen: a dialog gives the focus back to what it took it from.
    if (to?.isConnected && isFree) {
      to.focus({ preventScroll: true });
    }
  });
}
