/** What every part of the section gets, and how it follows the model. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { TransfersModel } from '../model';
import type { Reading } from '../upload/reading';

export interface ITransfersContext {
  model: TransfersModel;
  reading: Reading;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Whether the section is unfolded; kept by the page, as Lab unmounts components. */
  fold: IFoldState;
}

/** Whether the section is unfolded. */
export interface IFoldState {
  isOpen: boolean;
}
