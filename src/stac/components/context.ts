/** What the parts of a viewer get, and how they read its models. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Drag } from '@lumino/dragdrop';
import type { ISignal } from '@lumino/signaling';
import React from 'react';
import type { ITiles, MakeMap } from '../map/interface';
import type { ItemsModel } from '../model';

/** What the maps of all tabs share: where tiles come from, and when the theme changed. */
export interface IMapSettings {
  readonly tiles: ITiles;
  /** Emitted when tiles or theme changed. */
  readonly changed: ISignal<unknown, void>;
  makeMap: MakeMap;
}

export interface IStacContext {
  items: ItemsModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  map: IMapSettings;
  /** A drag of what is selected, as code. */
  makeDrag: () => Drag;
}

/** Draw again at each signal of something that counts its versions. */
export function useVersion<
  T extends {
    readonly changed: ISignal<unknown, unknown>;
    readonly version: number;
  }
>(model: T): T {
  const subscribe = React.useCallback(
    (draw: () => void) => {
      const onSignal = (): void => draw();
      model.changed.connect(onSignal);
      return () => void model.changed.disconnect(onSignal);
    },
    [model]
  );
  React.useSyncExternalStore(subscribe, () => model.version);
  return model;
}
