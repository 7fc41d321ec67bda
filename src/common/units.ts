/** Bytes, seconds and times as people read them. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes with a binary unit and at most one decimal: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  // 1023.95 would be printed as 1024.0: it belongs to the next unit.
  return inBytes(bytes, 1023.95, () => 1);
}

/** The same in seven characters at most, for where there is little room: `1.5 KiB`, `123 MiB`. */
export function formatBytesShort(bytes: number): string {
  // 999.5 would be printed as 1000.
  return inBytes(bytes, 999.5, value => (value >= 9.95 ? 0 : 1));
}

/** Bytes in the first unit in which they are below a limit; `decimals` of what is no longer in bytes. */
function inBytes(
  bytes: number,
  limit: number,
  decimals: (value: number) => number
): string {
  let value = bytes;
  let unit = 0;
  while (value >= limit && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 ? String(value) : value.toFixed(decimals(value));
  return `${text.replace(/\.0$/, '')} ${BYTE_UNITS[unit]}`;
}

/** A span of seconds in its two largest units: `2 d 3 h`, `59 min 30 s`. */
export function formatSpan(seconds_s: number): string {
  const whole = Math.max(0, Math.round(seconds_s));
  const parts: [number, string][] = [
    [Math.floor(whole / 86400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's']
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) {
    return '0 s';
  }
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** An ISO time as local clock time, `14:02`; with its date when that is not today's. */
export function formatClock(iso: string, now: Date = new Date()): string {
  const time = new Date(iso);
  const clock: Intl.DateTimeFormatOptions = {
    hour: '2-digit',
    minute: '2-digit',
    // Not `hour12`: with it midnight is 24:00 in some languages.
    hourCycle: 'h23'
  };
  return time.toDateString() === now.toDateString()
    ? time.toLocaleTimeString(undefined, clock)
    : time.toLocaleString(undefined, {
        day: 'numeric',
        month: 'short',
        ...clock
      });
}

/** Factors of rsdat/base/units.py, which reads `8G` as Slurm does: binary. */
const BYTE_FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kb: 1e3,
  kib: 2 ** 10,
  m: 2 ** 20,
  mb: 1e6,
  mib: 2 ** 20,
  g: 2 ** 30,
  gb: 1e9,
  gib: 2 ** 30,
  t: 2 ** 40,
  tb: 1e12,
  tib: 2 ** 40
};

/** Bytes of `30GiB`, `8G` or a plain number; null for what is no size. */
export function parseBytes(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const factor = match ? BYTE_FACTORS[match[2].toLowerCase()] : undefined;
  return match && factor !== undefined
    ? Math.floor(Number(match[1]) * factor)
    : null;
}

/**
 * Seconds of sbatch's time formats: `MM`, `MM:SS`, `HH:MM:SS`, `D-HH`, `D-HH:MM`, `D-HH:MM:SS`.
 *
 * @returns Infinity for `UNLIMITED`, null for what is no time.
 */
export function parseWalltime(text: string): number | null {
  const trimmed = text.trim();
  if (/^(unlimited|infinite)$/i.test(trimmed)) {
    return Infinity;
  }
  const match = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(trimmed);
  if (!match) {
    return null;
  }
  const parts = match[2].split(':').map(Number);
  if (match[1] !== undefined) {
    const [hours, minutes = 0, seconds = 0] = parts;
    return ((Number(match[1]) * 24 + hours) * 60 + minutes) * 60 + seconds;
  }
  if (parts.length === 1) {
    return parts[0] * 60;
  }
  return parts.reduce((sum, part) => sum * 60 + part, 0);
}
