/** Which of Lab's paths lie in the folder that Jupyter serves. */
import type { Contents } from '@jupyterlab/services';

/**
 * Drives whose files are Jupyter's own: the nameless one, and the one that jupyter-collaboration
 * before 4.0 shows the same files by.
 */
const OWN_DRIVES: readonly string[] = ['', 'RTC'];

/** A path below Jupyter's root; null for what lies on another drive. */
export function workspacePath(
  path: string,
  contents: Pick<Contents.IManager, 'driveName' | 'localPath'>
): string | null {
  return OWN_DRIVES.includes(contents.driveName(path))
    ? contents.localPath(path)
    : null;
}

/**
 * A path below Jupyter's root as Lab opens it beside another one: on the drive of `neighbour`, if
 * that is Jupyter's own, so that collaboration before 4.0 shares both.
 */
export function besidePath(
  local: string,
  neighbour: string,
  contents: Pick<Contents.IManager, 'driveName'>
): string {
  const drive = contents.driveName(neighbour);
  return drive && OWN_DRIVES.includes(drive) ? `${drive}:${local}` : local;
}
