/** Dragging a cluster into a notebook, where it becomes client code. */
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import { clientCode } from '../common/clientcode';
import { startDragOnMove } from '../common/drag';
import type { ICluster } from '../common/types';
import { clientCell } from './code';

/** What the drag carries: a cell for notebooks, text for editors and consoles. */
export function clusterMimeData(cluster: ICluster): MimeData {
  const data = new MimeData();
  const cell = clientCell(cluster);
  // One that has ended can be dragged and makes nothing.
  if (cell !== null) {
    data.setData('application/vnd.jupyter.cells', [cell]);
    data.setData('text/plain', clientCode(cluster) ?? '');
  }
  return data;
}

/** Drag the cluster once the pressed pointer moves. */
export function startClusterDrag(
  pressed: PointerEvent,
  cluster: ICluster
): void {
  startDragOnMove(pressed, () => {
    const image = document.createElement('div');
    image.className = 'jp-rsdat-DragImage';
    image.textContent = cluster.name;
    return new Drag({
      mimeData: clusterMimeData(cluster),
      dragImage: image,
      // Code editors take nothing but copies.
      proposedAction: 'copy',
      supportedActions: 'copy'
    });
  });
}
