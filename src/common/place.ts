/** Where our tabs and panels show in the application that the page is. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Widget } from '@lumino/widgets';

/**
 * Add a tab to the main area of Lab, and to the right side of other applications.
 *
 * Notebook 7 shows one document in its main area and leaves out, without a word, what is added
 * there besides. Only Lab's shell has modes.
 *
 * @param options - Place beside which other tab, for Lab.
 */
export function placeTab(
  shell: JupyterFrontEnd.IShell,
  tab: Widget,
  options?: DocumentRegistry.IOpenOptions
): void {
  if ('mode' in shell) {
    shell.add(tab, 'main', options);
    return;
  }
  shell.add(tab, 'right');
}

/**
 * Bring a tab or panel of ours to the front.
 *
 * Notebook 7 hides a panel at its side that is activated while it is in view.
 */
export function reveal(shell: JupyterFrontEnd.IShell, widget: Widget): void {
  if ('mode' in shell || !widget.isVisible) {
    shell.activateById(widget.id);
  }
}
