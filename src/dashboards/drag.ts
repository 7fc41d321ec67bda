/** Dragging a plot into the workspace, where it becomes a tab. */
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import type { Widget } from '@lumino/widgets';
import { startDragOnMove } from '../common/drag';

export interface IPlotDrag {
  /** Shown beside the pointer. */
  label: string;
  /** What an editor or a console gets: the page's address. */
  url: string;
  /** Makes the tab, or gives the one that is open. */
  factory: () => Widget;
}

/** Drag the plot once the pressed pointer moves. */
export function startPlotDrag(pressed: PointerEvent, plot: IPlotDrag): void {
  startDragOnMove(pressed, () => {
    const mimeData = new MimeData();
    mimeData.setData('application/vnd.lumino.widget-factory', plot.factory);
    mimeData.setData('text/plain', plot.url);
    const dragImage = document.createElement('div');
    dragImage.className = 'jp-rsdat-DragImage';
    dragImage.textContent = plot.label;
    return new Drag({
      mimeData,
      dragImage,
      // Code editors take nothing but copies.
      proposedAction: 'copy',
      supportedActions: 'copy'
    });
  });
}
