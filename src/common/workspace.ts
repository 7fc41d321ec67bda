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
