import {
  pagesOf,
  rowsPerPage,
  rowsToRender,
  scrollTopToShow,
  type IViewport
} from '../windowed';

function view(overrides: Partial<IViewport> = {}): IViewport {
  return {
    scrollTop: 0,
    height: 240,
    rowHeight: 24,
    total: 200_000,
    ...overrides
  };
}

describe('rowsToRender', () => {
  it.each([
    ['top', {}, 5, [0, 15]],
    ['rows seen in part count', { scrollTop: 12 }, 0, [0, 11]],
    ['exactly between rows', { scrollTop: 24 }, 0, [1, 11]],
    ['middle', { scrollTop: 24 * 100_000 }, 5, [99_995, 100_015]],
    ['end', { scrollTop: 24 * 199_990 }, 5, [199_985, 200_000]],
    ['bounced above the top', { scrollTop: -80 }, 0, [0, 10]],
    ['bounced below the end', { scrollTop: 1e9 }, 0, [199_990, 200_000]],
    ['empty list', { total: 0 }, 5, [0, 0]],
    ['shorter than the view', { total: 3 }, 5, [0, 3]],
    ['no height yet', { height: 0 }, 5, [0, 5]],
    ['hidden: negative height', { height: -3, scrollTop: 48 }, 0, [2, 2]],
    [
      'list shrank under the scroll',
      { total: 20, scrollTop: 9999 },
      0,
      [10, 20]
    ]
  ])('%s', (_, overrides, overscan, [first, end]) => {
    expect(rowsToRender(view(overrides), overscan)).toEqual({ first, end });
  });

  it('never renders more than the view and its overscan, wherever it is', () => {
    for (let scrollTop = 0; scrollTop < 24 * 200_000; scrollTop += 99_991) {
      const { first, end } = rowsToRender(view({ scrollTop }), 5);
      expect(end - first).toBeLessThanOrEqual(10 + 1 + 2 * 5);
      expect(end - first).toBeGreaterThanOrEqual(10);
    }
  });
});

describe('scrollTopToShow', () => {
  it.each([
    ['seen already', { scrollTop: 48 }, 5, 48],
    ['just above', { scrollTop: 48 }, 1, 24],
    ['in part above', { scrollTop: 30 }, 1, 24],
    ['just below', { scrollTop: 0 }, 10, 24],
    ['last row', {}, 199_999, 200_000 * 24 - 240],
    ['view lower than a row', { height: 10 }, 7, 168]
  ])('%s', (_, overrides, row, expected) => {
    expect(scrollTopToShow(view(overrides), row)).toBe(expected);
  });
});

test.each([
  [240, 9],
  [250, 9],
  [30, 1],
  [0, 1]
])('a page of a view of %d pixels moves by %d rows', (height, rows) => {
  expect(rowsPerPage(view({ height }))).toBe(rows);
});

test.each([
  [0, 0, []],
  [0, 1, [0]],
  [0, 200, [0]],
  [199, 201, [0, 1]],
  [400, 1001, [2, 3, 4, 5]]
])('rows %d to %d lie on pages %p', (first, end, pages) => {
  expect(pagesOf({ first, end }, 200)).toEqual(pages);
});
