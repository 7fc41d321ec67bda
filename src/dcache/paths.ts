/** Paths of dCache, literal and absolute, and how Lab names the same files. */

/** Name of the drive that Lab's contents manager knows our files by. */
export const DRIVE = 'dcache';

/** A file or folder of one endpoint. */
export interface IPlace {
  endpoint: string;
  /** Literal absolute path, `/` for the root, no slash at the end otherwise. */
  path: string;
}

/** The last part of a path; empty for `/`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The folder that holds a path; `/` holds itself. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** The path of a name in a folder. */
export function inFolder(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** Whether a path is a folder itself or something in it, at any depth. */
export function isWithin(path: string, folder: string): boolean {
  return (
    path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
  );
}

/**
 * What a user typed, as an absolute path: relative to `folder`, without `.`, `..`, double or
 * trailing slashes. Only for typed text: a listing's path is literal and stays as it is.
 */
export function typedPath(text: string, folder: string): string {
  const parts: string[] = [];
  const whole = text.startsWith('/') ? text : inFolder(folder, text);
  for (const part of whole.split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return `/${parts.join('/')}`;
}

/** Why a text can't be a name in a folder, or null when it can. */
export function nameProblem(name: string): 'empty' | 'slash' | 'dots' | null {
  if (name === '') {
    return 'empty';
  }
  if (name.includes('/')) {
    return 'slash';
  }
  return name === '.' || name === '..' ? 'dots' : null;
}

/**
 * The path by which Lab opens a file of ours: `dcache:<endpoint>/<path without its first slash>`.
 *
 * Nothing is encoded. Lab's contents manager splits the drive's name off at the first colon and
 * hands the rest on literally (services 7.6, `ContentsManager.normalize` and `localPath`); it only
 * reduces `.` and `..`, which no path of a listing holds.
 */
export function toLabPath({ endpoint, path }: IPlace): string {
  return `${DRIVE}:${toDrivePath({ endpoint, path })}`;
}

/** The same without the drive's name, as the drive itself gets and gives it. */
export function toDrivePath({ endpoint, path }: IPlace): string {
  return path === '/' ? endpoint : `${endpoint}${path}`;
}

/** What a path inside the drive stands for; null is the drive's own root, above all endpoints. */
export function fromDrivePath(drivePath: string): IPlace | null {
  const path = drivePath.replace(/^\/+/, '').replace(/\/+$/, '');
  if (path === '') {
    return null;
  }
  const slash = path.indexOf('/');
  return slash === -1
    ? { endpoint: path, path: '/' }
    : { endpoint: path.slice(0, slash), path: path.slice(slash) };
}

/** One step of the way from the root to a folder. */
export interface ICrumb {
  name: string;
  path: string;
}

/** The folders on the way to a path, the root left out, the path itself last. */
export function crumbsOf(path: string): ICrumb[] {
  const crumbs: ICrumb[] = [];
  for (const name of path.split('/').filter(part => part !== '')) {
    const folder = crumbs.length ? crumbs[crumbs.length - 1].path : '/';
    crumbs.push({ name, path: inFolder(folder, name) });
  }
  return crumbs;
}

/** `data.tar` as `data (2).tar`: the name a copy gets beside the first. */
export function numberedName(name: string, number: number): string {
  const dot = name.lastIndexOf('.');
  // A leading dot begins a hidden file's name, not an extension.
  return dot > 0
    ? `${name.slice(0, dot)} (${number})${name.slice(dot)}`
    : `${name} (${number})`;
}

/** Whether a name is one of those that are not shown unless asked for; `.rsdat-…` is one. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

/** The two halves of an event's id, `endpoint:path`; an endpoint's name has no colon. */
export function splitId(id: string): [string, string] {
  const colon = id.indexOf(':');
  return colon === -1 ? [id, '/'] : [id.slice(0, colon), id.slice(colon + 1)];
}
