/** A dialog in which one works for a while: it has only "Close", and Enter in it closes nothing. */
import { Dialog } from '@jupyterlab/apputils';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import { keepFocus } from './keepfocus';

/** What is shown in a `ToolDialog`. */
export interface IToolBody extends Widget {
  /** Escape was pressed; true when something inside was closed by it. */
  onEscape?(): boolean;
  /** Emitted when the dialog is to be closed. */
  readonly left?: ISignal<unknown, void>;
}

export class ToolDialog extends Dialog<unknown> {
  /** @param body - Disposed with the dialog. */
  constructor(
    body: IToolBody,
    options: {
      /** Title and accessible name. */
      title: string;
      /** Label of the button. */
      close: string;
      /** CSS selector, inside the body, of what has the focus first. */
      focus: string;
    }
  ) {
    super({
      title: options.title,
      body,
      focusNodeSelector: options.focus,
      buttons: [Dialog.cancelButton({ label: options.close })],
      hasClose: true
    });
    this.addClass('jp-rsdat-FormDialog');
    this.addClass('jp-rsdat-ToolDialog');
    this.node.setAttribute('aria-label', options.title);
    this._tool = body;
    this._tool.left?.connect(() => this.resolve(0), this);
    this._letFocus = keepFocus(body.node);
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._letFocus();
      super.dispose();
    }
  }

  handleEvent(event: Event): void {
    if (event.type === 'keydown') {
      const { key } = event as KeyboardEvent;
      const isInside =
        (event.target as HTMLElement).closest('.jp-Dialog-body') !== null;
      // Lab's dialog takes Enter and the arrows for its own buttons.
      if (isInside && (key === 'Enter' || key.startsWith('Arrow'))) {
        return;
      }
      if (key === 'Escape' && this._tool.onEscape?.()) {
        event.stopPropagation();
        event.preventDefault();
        return;
      }
    }
    super.handleEvent(event);
  }

  private _tool: IToolBody;
  private _letFocus: () => void;
}
