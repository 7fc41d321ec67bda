/** Reading the panel's model from React. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Drag } from '@lumino/dragdrop';
import React from 'react';
import type { IEntry } from '../../common/types';
import type { DCacheModel } from '../model';

/** What every part of the panel gets. */
export interface IPanelContext {
  model: DCacheModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Lab's icon for a kind of file. */
  iconOf: (entry: IEntry) => LabIcon;
  /** Files were dropped, to go into the folder shown, and folders of these names. */
  upload: (files: readonly File[], folders: readonly string[]) => void;
  /** Open what is selected. */
  open: () => void;
  /** A drag of the selected entries to a notebook or the main area. */
  makeDrag: () => Drag;
}

/** Draw again whenever the model changes. */
export function useModel(model: DCacheModel): DCacheModel {
  const subscribe = React.useCallback(
    (draw: () => void) => {
      model.stateChanged.connect(draw);
      return () => void model.stateChanged.disconnect(draw);
    },
    [model]
  );
  React.useSyncExternalStore(subscribe, () => model.version);
  return model;
}
