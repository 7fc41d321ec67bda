/** Addresses of STAC files: `dcache:///pnfs/…`, `workspace:/…`, `https://…`, `search:<id>`. Pure. */

/** Name of the drive that Lab's contents manager knows files of dCache by. */
const DRIVE = 'dcache:';

/** What is shown: an address, and the endpoint that `dcache:` addresses mean (null: the default one). */
export interface ISource {
  href: string;
  endpoint: string | null;
}

/** The address of a literal absolute path of dCache; nothing in it is encoded. */
export function dcacheHref(path: string): string {
  return `dcache://${path}`;
}

/** The literal path of a `dcache:` address; null for other addresses. */
export function dcachePath(href: string): string | null {
  const match = /^dcache:\/*([^/].*|)$/s.exec(href);
  return match ? `/${match[1]}` : null;
}

/** What a path of Lab's contents manager stands for; null for a drive that is not known here. */
export function sourceOfLabPath(path: string): ISource | null {
  if (path.startsWith(DRIVE)) {
    const inside = path.slice(DRIVE.length).replace(/^\/+/, '');
    const slash = inside.indexOf('/');
    return slash > 0
      ? {
          href: dcacheHref(inside.slice(slash)),
          endpoint: inside.slice(0, slash)
        }
      : null;
  }
  // Collaboration has a drive of its own for the same files.
  const local = path.replace(/^RTC:/, '');
  return /^[A-Za-z][\w-]*:/.test(local)
    ? null
    : { href: `workspace:/${local.replace(/^\/+/, '')}`, endpoint: null };
}

/** The path by which Lab opens a file of the workspace. */
export function workspacePath(href: string): string | null {
  return href.startsWith('workspace:/') ? href.slice(11) : null;
}

export function isSearch(href: string): boolean {
  return href.startsWith('search:');
}

/** The last part of an address, for titles. */
export function nameOfHref(href: string): string {
  const parts = href.replace(/[?#].*$/s, '').split('/');
  return parts.filter(part => part !== '').pop() ?? href;
}

/** Whether a file of that name may be a catalog, a collection or an item. */
export function mayBeStac(path: string): boolean {
  return /\.(geo)?json$/i.test(path);
}
