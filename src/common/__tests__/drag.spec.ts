/** When a press becomes a drag. */
import type { Drag } from '@lumino/dragdrop';
import { DRAG_THRESHOLD_PX, startDragOnMove } from '../drag';

describe('startDragOnMove', () => {
  const start = jest.fn(() => Promise.resolve());
  const dispose = jest.fn();
  const make = jest.fn(() => ({ start, dispose }) as unknown as Drag);
  let element: HTMLElement;

  // jsdom has no PointerEvent; a mouse event carries what is used of it.
  const pointer = (type: string, x: number, init: MouseEventInit = {}): Event =>
    new MouseEvent(type, { bubbles: true, clientX: x, clientY: 0, ...init });
  const press = (init: MouseEventInit = {}): void => {
    element.addEventListener(
      'pointerdown',
      event => startDragOnMove(event as PointerEvent, make),
      { once: true }
    );
    element.dispatchEvent(pointer('pointerdown', 0, init));
  };

  beforeEach(() => {
    jest.clearAllMocks();
    element = document.body.appendChild(document.createElement('div'));
    element.setPointerCapture = jest.fn();
    element.hasPointerCapture = jest.fn(() => true);
    element.releasePointerCapture = jest.fn();
  });

  afterEach(() => {
    element.remove();
  });

  it('a small move is still a click', () => {
    press();
    document.dispatchEvent(pointer('pointermove', DRAG_THRESHOLD_PX - 1));
    document.dispatchEvent(pointer('pointerup', DRAG_THRESHOLD_PX - 1));
    document.dispatchEvent(pointer('pointermove', 100));
    expect(make).not.toHaveBeenCalled();
    expect(element.releasePointerCapture).toHaveBeenCalledTimes(1);
  });

  it('a fast move that left the element starts one drag, where the pointer is', async () => {
    press();
    expect(element.setPointerCapture).toHaveBeenCalledTimes(1);
    document.dispatchEvent(pointer('pointermove', 300));
    document.dispatchEvent(pointer('pointermove', 400));
    expect(make).toHaveBeenCalledTimes(1);
    expect(start).toHaveBeenCalledWith(300, 0);
    expect(element.releasePointerCapture).toHaveBeenCalledTimes(1);
    await Promise.resolve();
    await Promise.resolve();
    expect(dispose).toHaveBeenCalledTimes(1);
  });

  it('no text is selected from press to release, and again after', () => {
    const select = (): boolean =>
      document.dispatchEvent(new Event('selectstart', { cancelable: true }));
    press();
    document.dispatchEvent(pointer('pointermove', 300));
    expect(select()).toBe(false);
    document.dispatchEvent(pointer('pointerup', 400));
    expect(select()).toBe(true);
  });

  it('other buttons do not drag', () => {
    press({ button: 2 });
    document.dispatchEvent(pointer('pointermove', 300));
    expect(make).not.toHaveBeenCalled();
  });
});
