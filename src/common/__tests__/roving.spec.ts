/** Arrow keys at the ends of a list. */
import { nextIndex } from '../roving';

it.each([
  ['ArrowDown', 0, 1],
  ['ArrowDown', 2, 2],
  ['ArrowUp', 2, 1],
  ['ArrowUp', 0, 0],
  ['Home', 2, 0],
  ['End', 0, 2],
  ['Enter', 1, null]
])('%s at %d of 3 goes to %j', (key, index, next) => {
  expect(nextIndex(key, index, 3)).toBe(next);
});
