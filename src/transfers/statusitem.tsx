/** What goes on, in Lab's status bar. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { CommandIDs } from './ids';
import type { TransfersModel } from './model';
import { progressOf, type IShownTransfer } from './view';

/** `2 transfers, 45 %`, or that one asks something. */
export function statusWords(
  moving: readonly IShownTransfer[],
  trans: TranslationBundle
): string {
  const count = trans._n('%1 transfer', '%1 transfers', moving.length);
  const asking = moving.filter(({ state }) => state === 'asking').length;
  if (asking > 0) {
    return trans._n('⚠ %2, %1 asks', '⚠ %2, %1 ask', asking, count);
  }
  // Of several the whole: a small one that is nearly done says little.
  const known = moving.filter(({ bytes }) => bytes.total !== null);
  const total = known.reduce((sum, { bytes }) => sum + (bytes.total ?? 0), 0);
  if (total > 0) {
    const done = known.reduce((sum, { bytes }) => sum + bytes.done, 0);
    return trans.__('%1, %2 %', count, Math.floor((done / total) * 100));
  }
  const part = moving.length === 1 ? progressOf(moving[0]) : null;
  return part === null
    ? count
    : trans.__('%1, %2 %', count, Math.floor(part * 100));
}

export class TransfersStatus extends ReactWidget {
  constructor(options: TransfersStatus.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-rsdat-Status');
  }

  protected render(): JSX.Element {
    const { commands, model, trans } = this._options;
    return (
      <UseSignal signal={model.changed}>
        {() => (
          <button
            type="button"
            className="jp-rsdat-Status-button"
            title={[
              trans.__('Show the transfers'),
              ...model.moving.map(({ title }) => title)
            ].join('\n')}
            onClick={() => void commands.execute(CommandIDs.show)}
          >
            {statusWords(model.moving, trans)}
          </button>
        )}
      </UseSignal>
    );
  }

  private _options: TransfersStatus.IOptions;
}

export namespace TransfersStatus {
  export interface IOptions {
    model: TransfersModel;
    commands: CommandRegistry;
    trans: TranslationBundle;
  }
}
