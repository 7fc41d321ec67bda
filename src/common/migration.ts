/** Settings of earlier days under their present names. Pure; what is registered with Lab is in plugin.ts. */
import type {
  JSONObject,
  ReadonlyPartialJSONObject,
  ReadonlyPartialJSONValue
} from '@lumino/coreutils';

/** How the settings of one plugin were called, or what they looked like, before. */
export interface IMigration {
  /** The plugin's id. */
  readonly plugin: string;
  /** Present names by earlier ones. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Present values of settings that looked otherwise, by present name; what is as it should be is given back. */
  readonly changed?: Readonly<
    Record<
      string,
      (value: ReadonlyPartialJSONValue) => ReadonlyPartialJSONValue
    >
  >;
}

/** What the user wrote, under present names; the same object where nothing is old. */
export function migrate(
  user: ReadonlyPartialJSONObject,
  { changed = {}, renamed = {} }: IMigration
): ReadonlyPartialJSONObject {
  const entries = Object.entries(user);
  const isOld = entries.some(
    ([key, value]) =>
      key in renamed ||
      (key in changed && value !== undefined && changed[key](value) !== value)
  );
  if (!isOld) {
    return user;
  }
  const now: Record<string, ReadonlyPartialJSONValue | undefined> = {};
  for (const [key, value] of entries) {
    const name = renamed[key] ?? key;
    // What stands there under its present name was said later.
    if (name === key || !(name in user)) {
      now[name] =
        value !== undefined && name in changed ? changed[name](value) : value;
    }
  }
  return now;
}

/** The text of a settings file, migrated; as it was where nothing is old or it can't be read. */
export function migrateText(raw: string, migration: IMigration): string {
  const user = parseSettings(raw);
  const now = user && migrate(user, migration);
  return now === null || now === user ? raw : JSON.stringify(now, null, 4);
}

/** A settings file: JSON with comments and with commas after the last; null where it is something else. */
export function parseSettings(raw: string): JSONObject | null {
  const strings = /"(?:[^"\\]|\\.)*"/.source;
  const plain = raw
    .replace(
      new RegExp(`(${strings})|//[^\\n]*|/\\*[^]*?\\*/`, 'g'),
      (_, text?: string) => text ?? ''
    )
    .replace(
      new RegExp(`(${strings})|,(?=\\s*[}\\]])`, 'g'),
      (_, text?: string) => text ?? ''
    );
  try {
    const parsed: unknown = JSON.parse(plain);
    return typeof parsed === 'object' &&
      parsed !== null &&
      !Array.isArray(parsed)
      ? (parsed as JSONObject)
      : null;
  } catch {
    return null;
  }
}

/**
 * The plots of a layout of dask-labextension, in its order, as the Dashboards panel calls them.
 *
 * Its settings name them by the last part of their address: `individual-task-stream`
 * (dask-labextension 7, README, "Default layout"). Where they were put is left out: ours stand one
 * below the other.
 */
export function plotsOfTheirs(
  layout: ReadonlyPartialJSONValue | undefined
): string[] {
  return typeof layout === 'object' && layout !== null && !Array.isArray(layout)
    ? Object.keys(layout).map(key =>
        key
          .replace(/^individual-/, '')
          .split('-')
          .map(word =>
            /^(cpu|gpu|rmm)$/.test(word)
              ? word.toUpperCase()
              : word.charAt(0).toUpperCase() + word.slice(1)
          )
          .join(' ')
      )
    : [];
}

/** All that is known to have been otherwise. */
export const MIGRATIONS: readonly IMigration[] = [
  {
    plugin: 'jupyterlab-rsdat:dashboards',
    // As in dask-labextension, from whose settings people copy.
    renamed: { defaultLayout: 'layout' },
    changed: {
      layout: value => (Array.isArray(value) ? value : plotsOfTheirs(value))
    }
  }
];
