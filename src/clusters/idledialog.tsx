/** The dialog that asks after how long without work a cluster shuts itself down. */
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { CheckField, TextField } from '../common/fields';
import { Form } from '../common/form';
import { FormDialog } from '../common/formdialog';
import type { ICluster, IClusterChange } from '../common/types';

/** Filled in for a cluster that never shut itself down. */
const USUAL_MIN = 60;
/** A week: longer is the same as never. */
const MOST_MIN = 7 * 24 * 60;

interface IFields {
  isOn: boolean;
  minutes: string;
}

export class IdleForm extends Form<IFields, IClusterChange> {
  constructor(after_s: number | null, trans: TranslationBundle) {
    super({
      isOn: after_s !== null,
      minutes: String(
        after_s === null ? USUAL_MIN : Math.max(1, Math.round(after_s / 60))
      )
    });
    this._trans = trans;
  }

  getValue(): IClusterChange | null {
    if (!this.fields.isOn) {
      return { idle_after: null };
    }
    const minutes = /^\d+$/.test(this.fields.minutes.trim())
      ? Number(this.fields.minutes)
      : 0;
    return minutes >= 1 && minutes <= MOST_MIN
      ? { idle_after: minutes * 60 }
      : null;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    return (
      <div className="jp-rsdat-Form-grid">
        <CheckField
          label={trans.__('Shut down when idle')}
          isChecked={this.fields.isOn}
          onChange={isOn => this.set({ isOn })}
        />
        <TextField
          label={trans.__('Minutes without work')}
          number={{ least: 1, most: MOST_MIN }}
          value={this.fields.minutes}
          isDisabled={!this.fields.isOn}
          problem={
            this.isValid
              ? undefined
              : trans.__('A whole number from 1 to %1', MOST_MIN)
          }
          onChange={minutes => this.set({ minutes })}
        />
        <p className="jp-rsdat-Form-hint">
          {trans.__(
            'Before it does, the card counts down, with a button to keep it.'
          )}
        </p>
      </div>
    );
  }

  private _trans: TranslationBundle;
}

/** Ask; null when cancelled. */
export async function askIdle(
  cluster: ICluster,
  translator: ITranslator
): Promise<IClusterChange | null> {
  const trans = translator.load('jupyterlab_rsdat');
  const result = await new FormDialog<IClusterChange | null>({
    title: trans.__('Idle shutdown of %1', cluster.name),
    body: new IdleForm(cluster.idle.after, trans),
    accept: trans.__('Apply'),
    cancel: trans.__('Cancel'),
    focus: 'input'
  }).launch();
  return result.button.accept ? result.value : null;
}
