/** Arrow keys in a list of which one item at a time is reachable by Tab. */
import type { KeyboardEvent } from 'react';

/** Index the key moves to, or null when the key does not move. */
export function nextIndex(
  key: string,
  index: number,
  count: number
): number | null {
  switch (key) {
    case 'ArrowDown':
      return Math.min(index + 1, count - 1);
    case 'ArrowUp':
      return Math.max(index - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}

/**
 * Move the focus among the elements that match `selector` inside the list.
 *
 * @returns The index that has the focus now; null when the key was none of ours.
 */
export function moveFocus(
  event: KeyboardEvent<HTMLElement>,
  selector: string
): number | null {
  if (event.altKey || event.ctrlKey || event.metaKey) {
    // A shortcut, perhaps: Lab's come after what the elements do.
    return null;
  }
  const items = Array.from(
    event.currentTarget.querySelectorAll<HTMLElement>(selector)
  );
  const index = items.indexOf(event.target as HTMLElement);
  if (index < 0) {
    return null;
  }
  const next = nextIndex(event.key, index, items.length);
  if (next === null) {
    return null;
  }
  event.preventDefault();
  event.stopPropagation();
  items[next].focus();
  return next;
}
