/** Putting code into a notebook. */
import type { Notebook } from '@jupyterlab/notebook';

/**
 * Put code into an empty active code cell, or into a new one below the active cell.
 *
 * @returns Whether the notebook could take it; not while it is loading or read-only.
 */
export function insertCode(notebook: Notebook, code: string): boolean {
  const shared = notebook.model?.sharedModel;
  if (!shared || notebook.model?.readOnly) {
    return false;
  }
  const active = notebook.activeCell;
  if (
    active?.model.type === 'code' &&
    !active.readOnly &&
    active.model.sharedModel.getSource().trim() === ''
  ) {
    active.model.sharedModel.setSource(code);
    return true;
  }
  const index = notebook.activeCell ? notebook.activeCellIndex + 1 : 0;
  shared.insertCell(index, {
    cell_type: 'code',
    source: code,
    metadata: { trusted: true }
  });
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  return true;
}
