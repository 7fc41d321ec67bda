/** Answers that keep the identity of what did not change, so that only what changed is drawn anew. */

/**
 * `after`, with every part that equals its counterpart in `before` replaced by that counterpart.
 *
 * Both are JSON values. Objects in arrays are matched by their `id` (else by their place), so that a
 * row stays the same object when others come or go. `before` itself is returned when nothing changed.
 * Parts are replaced in `after` itself: copies of thousands of jobs cost more than all the rest.
 */
export function share<T>(before: T | undefined, after: T): T {
  if (before === after) {
    return after;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    return shareArray(before, after) as T;
  }
  if (isRecord(before) && isRecord(after)) {
    return shareRecord(before, after) as T;
  }
  return after;
}

function shareArray(
  before: readonly unknown[],
  after: unknown[]
): readonly unknown[] {
  let byId: Map<unknown, unknown> | null = null;
  let isSame = before.length === after.length;
  for (let index = 0; index < after.length; index++) {
    const value = after[index];
    const id = idOf(value);
    let old = before[index];
    if (id !== undefined && idOf(old) !== id) {
      byId ??= new Map(before.map(item => [idOf(item), item]));
      old = byId.get(id);
    }
    const part = share(old, value);
    after[index] = part;
    isSame &&= part === before[index];
  }
  return isSame ? before : after;
}

function shareRecord(
  before: Record<string, unknown>,
  after: Record<string, unknown>
): Record<string, unknown> {
  const keys = Object.keys(after);
  let isSame = keys.length === Object.keys(before).length;
  for (const key of keys) {
    const old = before[key];
    const value = after[key];
    if (value === old) {
      isSame &&= value !== undefined || key in before;
      continue;
    }
    const part = share(old, value);
    if (part === old) {
      after[key] = part;
    } else {
      isSame = false;
    }
  }
  return isSame ? before : after;
}

function idOf(value: unknown): unknown {
  return isRecord(value) ? value.id : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
