/** Arrow keys at the ends of a list. */
import '@testing-library/jest-dom';
import type { KeyboardEvent } from 'react';
import { moveFocus, nextIndex } from '../roving';

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

describe('the focus', () => {
  const list = document.createElement('ul');
  list.innerHTML = '<button>a</button><button>b</button>';
  const [first, second] = list.querySelectorAll('button');

  const press = (keys: Partial<KeyboardEvent>): number | null => {
    first.focus();
    const event = {
      key: 'ArrowDown',
      currentTarget: list,
      target: first,
      preventDefault: jest.fn(),
      stopPropagation: jest.fn(),
      ...keys
    };
    const moved = moveFocus(event as never, 'button');
    expect(event.preventDefault).toHaveBeenCalledTimes(moved === null ? 0 : 1);
    return moved;
  };

  beforeEach(() => document.body.append(list));
  afterEach(() => list.remove());

  it('is moved by arrows', () => {
    expect(press({})).toBe(1);
    expect(second).toHaveFocus();
  });

  it.each(['altKey', 'ctrlKey', 'metaKey'])('stays for shortcuts: %s', held => {
    expect(press({ [held]: true })).toBeNull();
    expect(first).toHaveFocus();
  });
});
