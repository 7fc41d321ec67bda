/** Starting a Lumino drag from a pressed element. */
import type { Drag } from '@lumino/dragdrop';

/** Pixels the pointer may move before a press becomes a drag; as in Lab's own lists. */
export const DRAG_THRESHOLD_PX = 5;

/**
 * Watch a press, and start the drag that `make` returns once the pointer has moved.
 *
 * The pointer is captured until then: a fast one leaves the pressed element before its first
 * move event, and an iframe under it would keep that event to itself.
 */
export function startDragOnMove(pressed: PointerEvent, make: () => Drag): void {
  if (pressed.button !== 0 || pressed.pointerType === 'touch') {
    return;
  }
  const target = pressed.target as Element;
  target.setPointerCapture(pressed.pointerId);
  const stop = (): void => {
    // The drag has a backdrop of its own, which needs the pointer.
    if (target.hasPointerCapture(pressed.pointerId)) {
      target.releasePointerCapture(pressed.pointerId);
    }
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
