/** A dialog whose accept button works only while its form is valid. */
import { Dialog } from '@jupyterlab/apputils';
import type { ISignal } from '@lumino/signaling';

/** A form for a `FormDialog`. */
export interface IFormBody<T> extends Dialog.IBodyWidget<T> {
  /** Whether what is filled in may be sent. */
  readonly isValid: boolean;
  /** Emitted when something was filled in. */
  readonly changed: ISignal<unknown, void>;
  getValue(): T;
}

/** Lab's dialog, named by its title, which never resolves to an invalid form. */
export class FormDialog<T> extends Dialog<T> {
  constructor(options: FormDialog.IOptions<T>) {
    super({
      title: options.title,
      body: options.body,
      focusNodeSelector: options.focus,
      buttons: [
        Dialog.cancelButton({ label: options.cancel }),
        Dialog.okButton({ label: options.accept })
      ]
    });
    this.addClass('jp-rsdat-FormDialog');
    this.node.setAttribute('aria-label', options.title);
    this._form = options.body;
    this._form.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  /** Accept (`index` of the button) or cancel; accepting an invalid form does nothing. */
  resolve(index?: number): void {
    if (index !== 0 && !this._form.isValid) {
      return;
    }
    super.resolve(index);
  }

  handleEvent(event: Event): void {
    // Lab's dialog takes Enter for itself, also on buttons and summaries inside the body.
    if (
      event.type === 'keydown' &&
      (event as KeyboardEvent).key === 'Enter' &&
      (event.target as HTMLElement).closest(
        '.jp-Dialog-body :is(button, summary)'
      )
    ) {
      return;
    }
    super.handleEvent(event);
  }

  private _onChanged(): void {
    const accept = this.node.querySelector<HTMLButtonElement>(
      'button.jp-mod-accept'
    );
    if (accept) {
      accept.disabled = !this._form.isValid;
    }
  }

  private _form: IFormBody<T>;
}

export namespace FormDialog {
  export interface IOptions<T> {
    /** Title and accessible name. */
    title: string;
    body: IFormBody<T>;
    /** Label of the accept button. */
    accept: string;
    /** Label of the cancel button. */
    cancel: string;
    /** CSS selector, inside the body, of what has the focus first. */
    focus: string;
  }
}
