/** Dragging files out of the panel: as code into a notebook, as a document into the main area. */
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import type { Widget } from '@lumino/widgets';

export interface IDragOptions {
  /** Code that reads what is dragged. */
  code: string;
  /** What is shown beside the pointer. */
  label: string;
  /** Opens the dragged file; null when it can't be one tab. */
  openDocument: (() => Widget | undefined) | null;
}

/**
 * A drag that code cells, editors and the main area take.
 *
 * It carries no cell as clusters do: a notebook would then keep the whole main area from taking it.
 */
export function makeDrag(options: IDragOptions): Drag {
  const { code, label, openDocument } = options;
  const mimeData = new MimeData();
  mimeData.setData('text/plain', code);
  if (openDocument) {
    mimeData.setData('application/vnd.lumino.widget-factory', openDocument);
  }
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
