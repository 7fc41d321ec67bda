/** The client code, and where it goes in a real notebook. */
import { NotebookModel, type Notebook } from '@jupyterlab/notebook';
import { NBTestUtils } from '@jupyterlab/notebook/lib/testutils';
import { clientCode, isClientCode } from '../../common/clientcode';
import { insertCode } from '../../common/insert';
import { clusterMimeData } from '../drag';
import { aCluster } from './samples';

/** tests/clusters/test_clients.py runs it in a Python that has no rsdat. */
const CODE: string = jest
  .requireActual('fs')
  .readFileSync('tests/clusters/golden/client_code.txt', 'utf8')
  .trimEnd();
const NONE = { ca_file: null, cert_file: null, key_file: null };

describe('clientCode', () => {
  it('is what the notebook runs', () => {
    expect(clientCode(aCluster({ name: 'maps' }))).toBe(CODE);
  });

  it('of a scheduler without TLS is an address', () => {
    const address = 'tcp://10.0.0.1:8786';
    const connection = { ...NONE, address, scheduler_file: null };
    expect(clientCode({ name: 'theirs', connection })).toBe(
      'from dask.distributed import Client\n\n# Dask cluster: theirs\n' +
        'client = Client("tcp://10.0.0.1:8786")\nclient'
    );
  });

  it('escapes paths for Python', () => {
    const connection = {
      ...NONE,
      address: null,
      scheduler_file: '/a "b" \\ é'
    };
    expect(clientCode({ name: '', connection })).toContain(
      'scheduler_file="/a \\"b\\" \\\\ é"'
    );
  });

  it('there is none for a cluster that has ended', () => {
    expect(clientCode({ name: 'gone', connection: null })).toBeNull();
  });

  it('is known again, whichever the cluster, until somebody changes it', () => {
    const connection = {
      ...NONE,
      address: null,
      scheduler_file: '/a "b" \\ é'
    };
    expect(isClientCode(CODE)).toBe(true);
    expect(isClientCode(clientCode({ name: 'x', connection })! + '\n')).toBe(
      true
    );
    expect(isClientCode(CODE + '\nclient.restart()')).toBe(false);
    expect(isClientCode('client = Client("tcp://10.0.0.1:8786")')).toBe(false);
  });
});

it('a dragged cluster is a cell for notebooks and text for editors', () => {
  const data = clusterMimeData(aCluster({ name: 'maps' }));
  expect(data.getData('text/plain')).toBe(CODE);
  expect(data.getData('application/vnd.jupyter.cells')).toEqual([
    expect.objectContaining({ cell_type: 'code', source: CODE })
  ]);
  const ended = clusterMimeData(aCluster({ connection: null }));
  expect(ended.types()).toEqual([]);
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
