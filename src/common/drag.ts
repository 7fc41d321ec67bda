/** Starting a Lumino drag from a pressed element. */
import type { Drag } from '@lumino/dragdrop';

/** Pixels the pointer may move before a press becomes a drag; as in Lab's own lists. */
export const DRAG_THRESHOLD_PX = 5;

/**
 * Watch a press, and start the drag that `make` returns once the pointer has moved.
 *
 * The listeners are the document's: a fast pointer leaves the pressed element before its
 * first move event, which the element would never see.
 */
export function startDragOnMove(pressed: PointerEvent, make: () => Drag): void {
  if (pressed.button !== 0 || pressed.pointerType === 'touch') {
    return;
  }
  const stop = (): void => {
    document.removeEventListener('pointermove', onMove, true);
    document.removeEventListener('pointerup', stop, true);
    document.removeEventListener('pointercancel', stop, true);
  };
  const onMove = (moved: PointerEvent): void => {
    const dx = Math.abs(moved.clientX - pressed.clientX);
    const dy = Math.abs(moved.clientY - pressed.clientY);
    if (dx < DRAG_THRESHOLD_PX && dy < DRAG_THRESHOLD_PX) {
      return;
    }
    stop();
    const drag = make();
    void drag.start(moved.clientX, moved.clientY).then(() => drag.dispose());
  };
  document.addEventListener('pointermove', onMove, true);
  document.addEventListener('pointerup', stop, true);
  document.addEventListener('pointercancel', stop, true);
}
