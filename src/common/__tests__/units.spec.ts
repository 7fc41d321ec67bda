/** Numbers as people read them, at the borders between units. */
import { formatBytes, formatClock, formatSpan } from '../units';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [1023.97 * 1024, '1 MiB'],
  [8 * 2 ** 30, '8 GiB'],
  [5000 * 2 ** 50, '5000 PiB']
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [-5, '0 s'],
  [0, '0 s'],
  [59.6, '1 min'],
  [3599, '59 min 59 s'],
  [3600, '1 h'],
  [3601, '1 h'],
  [90061, '1 d 1 h']
])('%d seconds are %s', (seconds, text) => {
  expect(formatSpan(seconds)).toBe(text);
});

it('a time of today is a clock time, another has its date', () => {
  const now = new Date(2026, 2, 4, 23, 59);
  const today = new Date(2026, 2, 4, 0, 2).toISOString();
  const yesterday = new Date(2026, 2, 3, 14, 2).toISOString();
  expect(formatClock(today, now)).toMatch(/^(00|24):02$/);
  expect(formatClock(yesterday, now)).toMatch(/3.*14:02/);
});
