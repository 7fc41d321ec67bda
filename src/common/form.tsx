/** A form for a `FormDialog` that keeps what was typed, as Lab may draw it anew at any time. */
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IFormBody } from './formdialog';

export abstract class Form<F, T>
  extends ReactWidget
  implements IFormBody<T | null>
{
  constructor(fields: F) {
    super();
    this.addClass('jp-rsdat-Form');
    this.fields = fields;
  }

  /** Emitted when something was filled in. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isValid(): boolean {
    return this.getValue() !== null;
  }

  /** What the fields stand for; null while they are invalid. */
  abstract getValue(): T | null;

  dispose(): void {
    super.dispose();
    Signal.clearData(this);
  }

  /** Fill in some fields. */
  protected set(part: Partial<F>): void {
    this.fields = { ...this.fields, ...part };
    this.update();
    this._changed.emit();
  }

  /** As typed. */
  protected fields: F;
  private _changed = new Signal<this, void>(this);
}
