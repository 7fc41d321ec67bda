/** Bytes, seconds and times as people read them. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes with a binary unit and at most one decimal: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be printed as 1024.0: it belongs to the next unit.
  while (value >= 1023.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 ? String(value) : value.toFixed(1);
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
    hour12: false
  };
  return time.toDateString() === now.toDateString()
    ? time.toLocaleTimeString(undefined, clock)
    : time.toLocaleString(undefined, {
        day: 'numeric',
        month: 'short',
        ...clock
      });
}
