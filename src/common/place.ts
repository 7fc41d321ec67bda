/** Where our tabs go in the application that the page is. */
import type { JupyterFrontEnd } from '@jupyterlab/application';

/**
 * The area for a tab.
 *
 * Notebook 7 shows one document in its main area and leaves out, without a word, what is added
 * there besides; it has tabs below the document. Only Lab's shell has modes.
 */
export function areaOfTabs(shell: JupyterFrontEnd.IShell): 'main' | 'down' {
  return 'mode' in shell ? 'main' : 'down';
}
