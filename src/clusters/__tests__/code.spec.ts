/** The client code, and where it goes in a real notebook. */
import { NotebookModel, type Notebook } from '@jupyterlab/notebook';
import { NBTestUtils } from '@jupyterlab/notebook/lib/testutils';
import { clientCode } from '../code';
import { clusterMimeData } from '../drag';
import { insertCode } from '../../common/insert';

const CODE = 'import rsdat\n\nclient = rsdat.connect("SLURMCluster 1")\nclient';

describe('clientCode', () => {
  it('is what the notebook runs', () => {
    expect(clientCode('SLURMCluster 1')).toBe(CODE);
  });

  it('escapes the name for Python', () => {
    expect(clientCode('a "b" \\ é\n')).toContain('("a \\"b\\" \\\\ é\\n")');
  });
});

it('a dragged cluster is a cell for notebooks and text for editors', () => {
  const data = clusterMimeData('SLURMCluster 1');
  expect(data.getData('text/plain')).toBe(CODE);
  expect(data.getData('application/vnd.jupyter.cells')).toEqual([
    expect.objectContaining({ cell_type: 'code', source: CODE })
  ]);
});

describe('insertCode', () => {
  let notebook: Notebook;
  const sources = (): string[] =>
    notebook.widgets.map(cell => cell.model.sharedModel.getSource());

  beforeEach(() => {
    notebook = NBTestUtils.createNotebook();
    const model = new NotebookModel();
    notebook.model = model;
    model.sharedModel.insertCells(0, [
      { cell_type: 'code', source: 'a = 1' },
      { cell_type: 'code', source: ' \n' },
      { cell_type: 'markdown', source: '' }
    ]);
  });

  afterEach(() => {
    notebook.dispose();
  });

  it('goes below the active cell, which it becomes', () => {
    notebook.activeCellIndex = 0;
    expect(insertCode(notebook, CODE)).toBe(true);
    expect(sources().slice(0, 3)).toEqual(['a = 1', CODE, ' \n']);
    expect(notebook.activeCellIndex).toBe(1);
  });

  it('replaces an empty active code cell', () => {
    notebook.activeCellIndex = 1;
    expect(insertCode(notebook, CODE)).toBe(true);
    expect(sources().slice(0, 3)).toEqual(['a = 1', CODE, '']);
  });

  it('does not become prose in an empty Markdown cell', () => {
    notebook.activeCellIndex = 2;
    insertCode(notebook, CODE);
    expect(notebook.widgets[3].model.type).toBe('code');
    expect(sources().slice(2, 4)).toEqual(['', CODE]);
  });

  it('leaves a notebook alone that has no model yet', () => {
    notebook.model = null;
    expect(insertCode(notebook, CODE)).toBe(false);
  });
});
