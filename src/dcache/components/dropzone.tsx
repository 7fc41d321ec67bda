/** Where files from the computer's desktop are dropped. */
import React from 'react';
import type { IPanelContext } from './state';

/** Takes files dropped from the computer's desktop. */
export function DropZone(
  props: IPanelContext & { children: React.ReactNode }
): JSX.Element {
  const [isOver, setIsOver] = React.useState(false);
  const hasFiles = (event: React.DragEvent): boolean =>
    event.dataTransfer.types.includes('Files');
  return (
    <div
      className={`jp-rsdat-DCache-content${isOver ? ' jp-mod-drop' : ''}`}
      onDragOver={event => {
        if (hasFiles(event)) {
          event.preventDefault();
          event.dataTransfer.dropEffect = 'copy';
          setIsOver(true);
        }
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={event => {
        setIsOver(false);
        if (hasFiles(event)) {
          event.preventDefault();
          event.stopPropagation();
          props.drop(event.dataTransfer);
        }
      }}
    >
      {props.children}
    </div>
  );
}
