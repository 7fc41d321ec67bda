/** The order of rows, as the companion has it. */
import { orderOf } from '../order';
import { aRow } from './fake';

it.each(['cloud_cover', '-cloud_cover'] as const)(
  'rows without a value are the last by %s',
  sort => {
    const rows = [3, null, 1].map(cloud => aRow(0, { cloud_cover: cloud }));
    const sorted = [...rows].sort(orderOf(sort));
    const values = sort === 'cloud_cover' ? [1, 3, null] : [3, 1, null];
    expect(sorted.map(({ cloud_cover }) => cloud_cover)).toEqual(values);
  }
);

it('times are compared as such, however they are written', () => {
  const whole = aRow(0, { datetime: '2024-01-01T00:00:00Z' });
  const parts = aRow(0, { datetime: '2024-01-01T00:00:00.000000Z' });
  expect(orderOf('datetime')(whole, parts)).toBe(0);
  expect(orderOf('-datetime')(whole, aRow(9))).toBeGreaterThan(0);
});
