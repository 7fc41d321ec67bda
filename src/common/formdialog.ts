/** A dialog whose accept button works only while its form is valid. */
import { Dialog } from '@jupyterlab/apputils';
import type { ISignal } from '@lumino/signaling';
import { ApiError } from './request';

/** A form for a `FormDialog`. */
export interface IFormBody<T> extends Dialog.IBodyWidget<T> {
  /** Whether what is filled in may be sent. */
  readonly isValid: boolean;
  /** Emitted when something was filled in. */
  readonly changed: ISignal<unknown, void>;
  getValue(): T;
  /** Asked before a valid form is accepted; false keeps it open, for a question of its own. */
  mayAccept?(): boolean;
  /** Emitted when the answer to that question is yes. */
  readonly accepted?: ISignal<unknown, void>;
  /** Escape was pressed; true when something inside the form was closed by it. */
  onEscape?(): boolean;
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
    this._attempt = options.attempt ?? null;
    this._form.changed.connect(this._onChanged, this);
    // Not ours again: the form has asked already.
    this._form.accepted?.connect(() => this._accept(), this);
    this._onChanged();
  }

  /** Accept (`index` of the button) or cancel; accepting an invalid form does nothing. */
  resolve(index?: number): void {
    if (index !== 0 && !this._form.isValid) {
      return;
    }
    if (index !== 0 && this._form.mayAccept?.() === false) {
      return;
    }
    if (index === 0) {
      super.resolve(0);
    } else {
      this._accept();
    }
  }

  handleEvent(event: Event): void {
    // Lab's dialog takes Enter for itself, also on buttons and summaries inside the body.
    const key = event.type === 'keydown' ? (event as KeyboardEvent).key : null;
    const isOn = (selector: string): boolean =>
      (event.target as HTMLElement).closest(`.jp-Dialog-body ${selector}`) !==
      null;
    if (key === 'Enter' && isOn(':is(button, summary, [data-own-enter])')) {
      return;
    }
    // Nor do the arrows lead from a button of the form to those of the dialog.
    if ((key === 'ArrowLeft' || key === 'ArrowRight') && isOn('button')) {
      return;
    }
    if (key === 'Escape' && this._form.onEscape?.()) {
      event.stopPropagation();
      event.preventDefault();
      return;
    }
    if (key === 'Tab' && !(event as KeyboardEvent).shiftKey) {
      // Lab leads from its last button to the first one, and past a disabled one out of the dialog.
      const buttons = this.node.querySelectorAll(
        '.jp-Dialog-footer button:enabled'
      );
      if (event.target === buttons[buttons.length - 1]) {
        event.stopPropagation();
        event.preventDefault();
        this._focusFirst();
        return;
      }
    }
    super.handleEvent(event);
    if (event.type === 'input') {
      // Lab has judged the button by itself, for a tick box after the form has.
      this._onChanged();
    }
    // Lab gives a focus that left back to where it was first; that may be disabled by now.
    const isLost = !this.node.contains(document.activeElement);
    if (event.type === 'focus' && isLost && this.isAttached) {
      this._focusFirst();
    }
  }

  private _focusFirst(): void {
    this.node
      .querySelector<HTMLElement>(
        '.jp-Dialog-body :is(input, select, textarea, button):enabled'
      )
      ?.focus();
  }

  /** Close, or first do what was asked for: what was typed stays until it is done. */
  private _accept(): void {
    if (this._attempt === null) {
      super.resolve(1);
    } else if (!this._isBusy) {
      void this._try(this._attempt);
    }
  }

  private async _try(attempt: (value: T) => Promise<unknown>): Promise<void> {
    this._setBusy(true);
    this._tell('');
    try {
      await attempt(this._form.getValue());
    } catch (reason) {
      if (!this.isDisposed) {
        this._setBusy(false);
        this._tell(ApiError.from(reason).text);
        this._focusFirst();
      }
      return;
    }
    // Does nothing where it was cancelled meanwhile.
    super.resolve(1);
  }

  private _setBusy(isBusy: boolean): void {
    this._isBusy = isBusy;
    this.node.setAttribute('aria-busy', String(isBusy));
    this.toggleClass('jp-mod-busy', isBusy);
    this._onChanged();
  }

  /** Say why it failed, above the buttons. */
  private _tell(text: string): void {
    const footer = this.node.querySelector('.jp-Dialog-footer');
    if (this._problem === null && footer !== null) {
      this._problem = document.createElement('p');
      this._problem.className = 'jp-rsdat-FormDialog-problem';
      this._problem.setAttribute('role', 'alert');
      footer.before(this._problem);
    }
    if (this._problem !== null) {
      this._problem.textContent = text;
    }
  }

  private _onChanged(): void {
    const accept = this.node.querySelector<HTMLButtonElement>(
      'button.jp-mod-accept'
    );
    if (accept) {
      accept.disabled = this._isBusy || !this._form.isValid;
    }
  }

  private _form: IFormBody<T>;
  private _attempt: ((value: T) => Promise<unknown>) | null;
  private _isBusy = false;
  private _problem: HTMLElement | null = null;
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
    /**
     * Does what was filled in, while the dialog stays. It is closed when that succeeded; a failure
     * is shown in it. Cancelling meanwhile only closes it.
     */
    attempt?: (value: T) => Promise<unknown>;
  }
}
