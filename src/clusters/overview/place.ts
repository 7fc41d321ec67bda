/** Where a box goes beside another one, so that all of it can be seen. Pure. */

interface IBox {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface ISize {
  readonly width: number;
  readonly height: number;
}

const GAP = 8;

/**
 * Right of the anchor, else left of it, else below or above; all in pixels.
 *
 * @param anchor - What it belongs to.
 * @param size - Of the box.
 * @param page - Of all that can be seen.
 */
export function place(
  anchor: IBox,
  size: ISize,
  page: ISize
): { left: number; top: number } {
  const into = (value: number, length: number, whole: number): number =>
    Math.max(0, Math.min(value, whole - length));
  const beside = into(anchor.top, size.height, page.height);
  if (anchor.right + GAP + size.width <= page.width) {
    return { left: anchor.right + GAP, top: beside };
  }
  if (anchor.left - GAP - size.width >= 0) {
    return { left: anchor.left - GAP - size.width, top: beside };
  }
  const left = into(anchor.left, size.width, page.width);
  const isRoomBelow = anchor.bottom + GAP + size.height <= page.height;
  return {
    left,
    top: isRoomBelow
      ? anchor.bottom + GAP
      : Math.max(0, anchor.top - GAP - size.height)
  };
}
