/** What a dashboard's tab says instead of its page, and the button that looks again. */
import { Signal, type ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

export class TabMessage extends Widget {
  constructor() {
    super();
    this.addClass('jp-rsdat-Dashboard-message');
    this._words = document.createElement('p');
    this._words.setAttribute('role', 'status');
    this._button = document.createElement('button');
    this._button.type = 'button';
    this._button.className = 'jp-rsdat-Button';
    this._button.hidden = true;
    this._button.addEventListener('click', () => this._pressed.emit());
    this.node.append(this._words, this._button);
  }

  /** Emitted when the button is pressed. */
  get pressed(): ISignal<this, void> {
    return this._pressed;
  }

  /**
   * Say something; what is said already is not read out again.
   *
   * @param again - Label of the button; null for none. It stays the same element, so that whoever
   * presses it by the keyboard can do so again.
   */
  say(words: string, again: string | null): void {
    if (this._words.textContent !== words) {
      this._words.textContent = words;
    }
    this._button.textContent = again;
    this._button.hidden = again === null;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    Signal.clearData(this);
    super.dispose();
  }

  private _words: HTMLParagraphElement;
  private _button: HTMLButtonElement;
  private _pressed = new Signal<this, void>(this);
}
