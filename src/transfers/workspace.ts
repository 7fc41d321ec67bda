/** Lab's own file browser as a source of copies: what is selected in it, and drags from it. */
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Drag } from '@lumino/dragdrop';
import { tell } from '../common/notice';
import { workspacePath } from '../common/workspace';

/** What Lab's file browser puts into its drags: paths, with their drive (filebrowser 4.6, listing.ts). */
const CONTENTS_MIME = 'application/x-jupyter-icontents';

/** Paths below Jupyter's root; what lies on another drive is none of it. */
export function workspacePaths(
  paths: readonly string[],
  contents: Pick<Contents.IManager, 'driveName' | 'localPath'>
): string[] {
  return paths
    .map(path => workspacePath(path, contents))
    .filter(path => path !== null);
}

/** As `workspacePaths`, to be copied: what lies on another drive is told. */
export function copiedPaths(
  paths: readonly string[],
  contents: Pick<Contents.IManager, 'driveName' | 'localPath'>,
  trans: TranslationBundle
): string[] {
  const found = workspacePaths(paths, contents);
  if (found.length < paths.length) {
    tell(
      trans.__(
        'Only Jupyter’s own files can be copied from the file browser; what is on other drives is left out.'
      ),
      'warning',
      { autoClose: false }
    );
  }
  return found;
}

/** What is selected in the file browser that was used last. */
export function selectedPaths(factory: IFileBrowserFactory | null): string[] {
  const browser = factory?.tracker.currentWidget;
  return browser ? Array.from(browser.selectedItems(), ({ path }) => path) : [];
}

/**
 * Let files be dropped on an element from Lab's file browser, for as long as the page lives.
 *
 * @param drop - Takes their paths, with drive.
 */
export function acceptDrags(
  node: HTMLElement,
  options: { canDrop: () => boolean; drop: (paths: readonly string[]) => void }
): void {
  const takes = (event: Drag.Event): boolean =>
    event.mimeData.hasData(CONTENTS_MIME) && options.canDrop();
  const accept = (event: Drag.Event): void => {
    if (!takes(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    // Lab's browser offers only `move`; nothing leaves it all the same.
    event.dropAction = event.proposedAction;
    node.classList.add('jp-mod-drop');
  };
  const leave = (): void => node.classList.remove('jp-mod-drop');
  const listen = (
    type: string,
    listener: (event: Drag.Event) => void
  ): void => {
    node.addEventListener(type, event => listener(event as Drag.Event));
  };
  listen('lm-dragenter', accept);
  listen('lm-dragover', accept);
  listen('lm-dragleave', leave);
  listen('lm-drop', event => {
    leave();
    if (takes(event)) {
      event.preventDefault();
      event.stopPropagation();
      event.dropAction = event.proposedAction;
      options.drop(event.mimeData.getData(CONTENTS_MIME) as string[]);
    }
  });
}
