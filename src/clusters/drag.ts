/** Dragging a cluster into a notebook, where it becomes client code. */
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import { startDragOnMove } from '../common/drag';
import { clientCell, clientCode } from './code';

/** What the drag carries: a cell for notebooks, text for editors and consoles. */
export function clusterMimeData(clusterName: string): MimeData {
  const data = new MimeData();
  data.setData('application/vnd.jupyter.cells', [clientCell(clusterName)]);
  data.setData('text/plain', clientCode(clusterName));
  return data;
}

/** Drag the cluster once the pressed pointer moves. */
export function startClusterDrag(
  pressed: PointerEvent,
  clusterName: string
): void {
  startDragOnMove(pressed, () => {
    const image = document.createElement('div');
    image.className = 'jp-rsdat-DragImage';
    image.textContent = clusterName;
    return new Drag({
      mimeData: clusterMimeData(clusterName),
      dragImage: image,
      // Code editors take nothing but copies.
      proposedAction: 'copy',
      supportedActions: 'copy'
    });
  });
}
