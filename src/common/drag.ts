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
    document.removeEventListener('pointermove', onMove, true);
    // The drag has a backdrop of its own, which needs the pointer.
    if (target.hasPointerCapture(pressed.pointerId)) {
      target.releasePointerCapture(pressed.pointerId);
    }
  };
  const end = (): void => {
    stop();
    document.removeEventListener('selectstart', preventDefault, true);
    document.removeEventListener('pointerup', end, true);
    document.removeEventListener('pointercancel', end, true);
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
  // A press that may become a drag selects no text on its way, however far that is.
  document.addEventListener('selectstart', preventDefault, true);
  document.addEventListener('pointerup', end, true);
  document.addEventListener('pointercancel', end, true);
}

function preventDefault(event: Event): void {
  event.preventDefault();
}
