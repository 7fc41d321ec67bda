/** What did not change stays the same object; what did is new. */
import { share } from '../share';

describe('share', () => {
  it('gives back the old value when nothing changed', () => {
    const before = { id: 'a', list: [{ id: 1, n: null }], deep: { x: [1, 2] } };
    expect(share(before, JSON.parse(JSON.stringify(before)))).toBe(before);
  });

  it('keeps every part that is equal', () => {
    const before = { a: { x: 1 }, b: { y: [1] } };
    const after = share(before, { a: { x: 2 }, b: { y: [1] } });
    expect(after).toEqual({ a: { x: 2 }, b: { y: [1] } });
    expect(after.b).toBe(before.b);
    expect(after.a).not.toBe(before.a);
  });

  it('finds rows by their id when others came, went or moved', () => {
    const before = [
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
      { id: 'c', n: 3 }
    ];
    const after = share(before, [
      { id: 'c', n: 3 },
      { id: 'b', n: 4 },
      { id: 'd', n: 5 }
    ]);
    expect(after[0]).toBe(before[2]);
    expect(after.slice(1)).toEqual([
      { id: 'b', n: 4 },
      { id: 'd', n: 5 }
    ]);
  });

  it.each([
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: undefined }, { b: undefined }],
    [[1], [1, 2]],
    [[1, 2], [1]],
    [{ a: [] }, { a: {} }],
    [{ a: null }, { a: {} }],
    [{ a: 0 }, { a: '0' }]
  ] as [unknown, unknown][])('tells %j from %j', (before, after) => {
    const shared = share(before, after);
    expect(shared).not.toBe(before);
    expect(shared).toStrictEqual(after);
  });
});
