/** Numbers as people read them, at the borders between units. */
import {
  formatBytes,
  formatBytesShort,
  formatClock,
  formatSpan,
  parseBytes,
  parseWalltime
} from '../units';

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
  [999, '999 B'],
  [1000, '1 KiB'],
  [1536, '1.5 KiB'],
  [9.97 * 1024, '10 KiB'],
  [123.4 * 2 ** 20, '123 MiB'],
  [1010 * 2 ** 20, '1 GiB']
])('%d bytes in short are %s', (bytes, text) => {
  expect(formatBytesShort(bytes)).toBe(text);
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
  expect(formatClock(today, now)).toBe('00:02');
  expect(formatClock(yesterday, now)).toMatch(/3.*14:02/);
});

it.each([
  ['30GiB', 30 * 2 ** 30],
  // Slurm's own letters are binary.
  ['8G', 8 * 2 ** 30],
  ['1.5 tb', 1.5e12],
  ['1024', 1024],
  ['GiB', null],
  ['8 apples', null],
  ['-1G', null],
  ['', null]
])('the size %j is %j bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

it.each([
  ['90', 5400],
  ['01:30', 90],
  ['01:30:00', 5400],
  ['1-12', 129600],
  ['1-00:30', 88200],
  ['2-01:00:01', 176401],
  [' UNLIMITED ', Infinity],
  ['1:2:3:4', null],
  ['1-', null],
  ['24 h', null],
  ['', null]
])('the walltime %j is %j seconds', (text, seconds) => {
  expect(parseWalltime(text)).toBe(seconds);
});
