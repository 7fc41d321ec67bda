/** Puts the code that connects into a notebook, and runs it. */
import {
  NotebookActions,
  type Notebook,
  type NotebookPanel
} from '@jupyterlab/notebook';
import type { ITranslator } from '@jupyterlab/translation';
import { clientCode, isClientCode } from '../common/clientcode';
import { insertCode } from '../common/insert';
import type { ICluster } from '../common/types';

/**
 * Connect a notebook to a cluster by a cell of it: one that did so before, else a new one below the
 * active cell.
 *
 * @returns Whether there is such a cell; not in a notebook that is read-only or still loading, nor
 * for a cluster that has ended.
 */
export function putClient(
  panel: NotebookPanel,
  cluster: ICluster,
  options: { run: boolean; translator: ITranslator }
): boolean {
  const code = clientCode(cluster);
  const notebook = panel.content;
  if (
    code === null ||
    !(replaceCode(notebook, code) || insertCode(notebook, code))
  ) {
    return false;
  }
  if (options.run) {
    void NotebookActions.run(
      notebook,
      panel.sessionContext,
      undefined,
      options.translator
    );
  }
  return true;
}

/** Put the code in the place of code that connects, and make that cell the active one. */
function replaceCode(notebook: Notebook, code: string): boolean {
  if (notebook.model?.readOnly) {
    return false;
  }
  const index = notebook.widgets.findIndex(
    ({ model, readOnly }) =>
      !readOnly &&
      model.type === 'code' &&
      isClientCode(model.sharedModel.getSource())
  );
  if (index < 0) {
    return false;
  }
  const { sharedModel } = notebook.widgets[index].model;
  if (sharedModel.getSource() !== code) {
    sharedModel.setSource(code);
  }
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  return true;
}
