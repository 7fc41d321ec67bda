/** The dialog that asks how many workers a cluster should have. */
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import { FormDialog, type IFormBody } from '../common/formdialog';
import type { ICluster, IClusterChange } from '../common/types';
import {
  MAX_WORKERS,
  scaleChange,
  scaleFields,
  scaleProblems,
  type IScaleFields
} from './scale';

interface INumberFieldProps {
  label: string;
  value: string;
  problem: string | undefined;
  isDisabled: boolean;
  onChange: (value: string) => void;
}

function NumberField(props: INumberFieldProps): JSX.Element {
  const id = React.useId();
  return (
    <>
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        className="jp-mod-styled"
        type="number"
        inputMode="numeric"
        min={0}
        max={MAX_WORKERS}
        step={1}
        value={props.value}
        disabled={props.isDisabled}
        aria-invalid={props.problem !== undefined}
        aria-describedby={`${id}-problem`}
        onChange={event => props.onChange(event.target.value)}
      />
      <span
        id={`${id}-problem`}
        className="jp-rsdat-Form-problem"
        aria-live="polite"
      >
        {props.problem}
      </span>
    </>
  );
}

/** The form; `getValue` gives null while it is invalid. */
export class ScaleForm
  extends ReactWidget
  implements IFormBody<IClusterChange | null>
{
  constructor(cluster: ICluster, trans: TranslationBundle) {
    super();
    this.addClass('jp-rsdat-Form');
    this._trans = trans;
    this._fields = scaleFields(cluster);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isValid(): boolean {
    return scaleChange(this._fields) !== null;
  }

  getValue(): IClusterChange | null {
    return scaleChange(this._fields);
  }

  dispose(): void {
    super.dispose();
    Signal.clearData(this);
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const fields = this._fields;
    const problems = scaleProblems(fields, trans);
    const set = (part: Partial<IScaleFields>): void => {
      this._fields = { ...this._fields, ...part };
      this.update();
      this._changed.emit();
    };
    return (
      <div className="jp-rsdat-Form-grid">
        <NumberField
          label={trans.__('Workers')}
          value={fields.workers}
          problem={problems.workers}
          isDisabled={fields.adaptive}
          onChange={workers => set({ workers })}
        />
        <label className="jp-rsdat-Form-check">
          <input
            type="checkbox"
            checked={fields.adaptive}
            onChange={event => set({ adaptive: event.target.checked })}
          />
          {trans.__('Adaptive')}
        </label>
        <NumberField
          label={trans.__('Minimum workers')}
          value={fields.minimum}
          problem={problems.minimum}
          isDisabled={!fields.adaptive}
          onChange={minimum => set({ minimum })}
        />
        <NumberField
          label={trans.__('Maximum workers')}
          value={fields.maximum}
          problem={problems.maximum}
          isDisabled={!fields.adaptive}
          onChange={maximum => set({ maximum })}
        />
        <p className="jp-rsdat-Form-hint">
          {fields.adaptive
            ? trans.__(
                'Workers come and go with the load, between both numbers.'
              )
            : trans.__(
                'Surplus workers hand their data over before they leave.'
              )}
        </p>
      </div>
    );
  }

  private _trans: TranslationBundle;
  private _fields: IScaleFields;
  private _changed = new Signal<this, void>(this);
}

/** Ask; null when cancelled. */
export async function askScale(
  cluster: ICluster,
  translator: ITranslator
): Promise<IClusterChange | null> {
  const trans = translator.load('jupyterlab_rsdat');
  const result = await new FormDialog<IClusterChange | null>({
    title: trans.__('Scale %1', cluster.name),
    body: new ScaleForm(cluster, trans),
    accept: trans.__('Scale'),
    cancel: trans.__('Cancel'),
    focus: 'input:enabled'
  }).launch();
  return result.button.accept ? result.value : null;
}
