/** Names of folders that complete a path as it is typed. Knows no DOM. */
import type { IDCacheApi } from './api';
import { folderOf, inFolder, isHidden, nameOf, typedPath } from './paths';

/** Names offered at once. */
export const MAX_OFFERED = 50;

/**
 * Folders whose path begins with what was typed, as absolute paths.
 *
 * Names that begin with it come before those that only contain it; a folder that can't be listed
 * completes nothing.
 */
export async function completePath(
  api: Pick<IDCacheApi, 'list'>,
  endpoint: string,
  typed: string,
  signal: AbortSignal
): Promise<readonly string[]> {
  if (!typed.startsWith('/')) {
    return [];
  }
  const folder = typedPath(folderOf(typed), '/');
  const start = nameOf(typed).toLocaleLowerCase();
  try {
    const { entries } = await api.list(
      {
        endpoint,
        path: folder,
        offset: 0,
        limit: 200,
        sort: 'name',
        filter: nameOf(typed),
        // As shells do: hidden ones are offered to who has typed their dot.
        hidden: isHidden(nameOf(typed))
      },
      signal
    );
    const names = entries
      .filter(({ type }) => type === 'directory')
      .map(({ name }) => name);
    const begins = (name: string): boolean =>
      name.toLocaleLowerCase().startsWith(start);
    return [...names.filter(begins), ...names.filter(name => !begins(name))]
      .slice(0, MAX_OFFERED)
      .map(name => inFolder(folder, name));
  } catch {
    // Not worth a message: what is typed may not exist yet.
    return [];
  }
}
