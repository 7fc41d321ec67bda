/** Answers that keep the identity of what did not change, so that only what changed is drawn anew. */

/**
 * `after`, with every part that equals its counterpart in `before` replaced by that counterpart.
 *
 * Both are JSON values. Objects in arrays are matched by their `id` (else by their place), so that a
 * row stays the same object when others come or go. `before` itself is returned when nothing changed.
 */
export function share<T>(before: T | undefined, after: T): T {
  if (Object.is(before, after)) {
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
  after: readonly unknown[]
): readonly unknown[] {
  let byId: Map<unknown, unknown> | null = null;
  let isSame = before.length === after.length;
  const shared = after.map((value, index) => {
    const id = idOf(value);
    let old = before[index];
    if (id !== undefined && idOf(old) !== id) {
      byId ??= new Map(before.map(item => [idOf(item), item]));
      old = byId.get(id);
    }
    const part = share(old, value);
    isSame &&= part === before[index];
    return part;
  });
  return isSame ? before : shared;
}

function shareRecord(
  before: Record<string, unknown>,
  after: Record<string, unknown>
): Record<string, unknown> {
  const keys = Object.keys(after);
  let isSame = keys.length === Object.keys(before).length;
  const shared: Record<string, unknown> = {};
  for (const key of keys) {
    shared[key] = share(before[key], after[key]);
    isSame &&= shared[key] === before[key] && key in before;
  }
  return isSame ? before : shared;
}

function idOf(value: unknown): unknown {
  return isRecord(value) ? value.id : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
