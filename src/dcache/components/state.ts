/** Reading the panel's models from React. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Drag } from '@lumino/dragdrop';
import type { ISignal } from '@lumino/signaling';
import React from 'react';
import type { IEntry } from '../../common/types';
import type { ICompanion } from '../../tokens';
import type { Bookmarks } from '../bookmarks';
import type { ColumnsModel, IColumnChoice } from '../columns';
import type { DetailsModel } from '../details';
import type { DCacheModel } from '../model';
import type { IPlace } from '../paths';

/** What every part of the panel gets. */
export interface IPanelContext {
  model: DCacheModel;
  details: DetailsModel;
  columns: ColumnsModel;
  bookmarks: Bookmarks;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Says when page and server do not fit; not everywhere there. */
  companion?: ICompanion | null;
  /** Lab's icon for a kind of file. */
  iconOf: (entry: IEntry) => LabIcon;
  /** Folders that complete what is typed as a path. */
  complete: (typed: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Files or folders of the computer were dropped, to go into the folder shown. */
  drop: (data: DataTransfer) => void;
  /** Open what is selected. */
  open: () => void;
  /** A drag of the selected entries to a notebook or the main area. */
  makeDrag: () => Drag;
}

/** Draw again at each signal; `read` gives what must be the same object while nothing changed. */
function useSignal<T>(signal: ISignal<unknown, unknown>, read: () => T): T {
  const subscribe = React.useCallback(
    (draw: () => void) => {
      const onSignal = (): void => draw();
      signal.connect(onSignal);
      return () => void signal.disconnect(onSignal);
    },
    [signal]
  );
  return React.useSyncExternalStore(subscribe, read);
}

/** Draw again whenever the model changes. */
export function useModel(model: DCacheModel): DCacheModel {
  useSignal(model.stateChanged, () => model.version);
  return model;
}

/** Draw again whenever the details change. */
export function useDetails(details: DetailsModel): DetailsModel {
  useSignal(details.changed, () => details.version);
  return details;
}

export function useColumns(columns: ColumnsModel): IColumnChoice {
  return useSignal(columns.changed, () => columns.choice);
}

export function useBookmarks(bookmarks: Bookmarks): readonly IPlace[] {
  return useSignal(bookmarks.changed, () => bookmarks.places);
}
