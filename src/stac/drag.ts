/** Dragging the selected items into a cell or an editor: as code. */
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

/** @param label - What is shown beside the pointer. */
export function makeDrag(code: string, label: string): Drag {
  const mimeData = new MimeData();
  mimeData.setData('application/vnd.jupyter.cells', [
    {
      cell_type: 'code',
      source: code,
      metadata: { trusted: true },
      outputs: [],
      execution_count: null
    }
  ]);
  mimeData.setData('text/plain', code);
  const dragImage = document.createElement('div');
  dragImage.className = 'jp-rsdat-DragImage';
  dragImage.textContent = label;
  // An editor takes a drop only when it may copy (codeeditor 4.6, `CodeEditorWrapper`).
  return new Drag({
    mimeData,
    dragImage,
    supportedActions: 'copy',
    proposedAction: 'copy'
  });
}
