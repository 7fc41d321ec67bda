/** The frame that a scheduler's page is shown in: an origin of its own, and a few words with it. */
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

/**
 * As the companion's header says (rsdat/server/dashboard.py). Without allow-same-origin the page can neither script Lab
 * nor ask Jupyter anything as the user.
 */
const SANDBOX =
  'allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads';

/**
 * What the page tells: it is there; its connection to the scheduler stands; it broke, or the companion
 * says that it can't be had; Dask has no such page.
 */
export type PageWord = 'ready' | 'open' | 'closed' | 'missing';

const WORDS: readonly unknown[] = ['ready', 'open', 'closed', 'missing'];

/** Colours of Lab's theme, as CSS has them. */
export interface IColours {
  back: string;
  text: string;
  line: string;
  dark: boolean;
}

/** The colours that Lab shows now. */
export function coloursOfLab(isLight: boolean): IColours {
  const style = getComputedStyle(document.body);
  // Bokeh refuses an opacity without its zero (`rgba(0,0,0,.87)`), which Lab's style sheets have.
  const colour = (name: string): string =>
    style
      .getPropertyValue(name)
      .trim()
      .replace(/([(,\s])\.(\d)/g, '$10.$2');
  return {
    back: colour('--jp-layout-color0'),
    text: colour('--jp-ui-font-color1'),
    line: colour('--jp-border-color1'),
    dark: !isLight
  };
}

export class PageFrame extends Widget {
  constructor() {
    super();
    this.addClass('jp-rsdat-Dashboard-frame');
    this._frame = document.createElement('iframe');
    this._frame.setAttribute('sandbox', SANDBOX);
    this._frame.referrerPolicy = 'no-referrer';
    this._frame.src = 'about:blank';
    this._frame.addEventListener('load', () => {
      if (this._isLoading) {
        // Also of what has no place for the script that would tell.
        this._isLoading = false;
        this._loaded.emit();
      }
    });
    this.node.append(this._frame);
  }

  /** Emitted with what the page tells. */
  get told(): ISignal<this, PageWord> {
    return this._told;
  }

  /** Emitted when all of a page is there, whatever it is. */
  get loaded(): ISignal<this, void> {
    return this._loaded;
  }

  /** The frame's accessible name. */
  set name(value: string) {
    this._frame.title = value;
  }

  /** Load a page, also when it is the one that is there. */
  load(url: string): void {
    this._isLoading = true;
    this._frame.src = url;
  }

  /** Let go of the page: nothing runs in the frame any more. */
  clear(): void {
    this._isLoading = false;
    this._frame.src = 'about:blank';
  }

  /** Give the page colours; it takes them once it has told that it is ready. */
  paint(colours: IColours): void {
    // Its origin is opaque, so that none can be named; colours are nobody's secret.
    this._frame.contentWindow?.postMessage({ rsdatTheme: colours }, '*');
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    Signal.clearData(this);
    super.dispose();
  }

  handleEvent(event: MessageEvent): void {
    const word: unknown = event.data?.rsdat;
    if (event.source === this._frame.contentWindow && WORDS.includes(word)) {
      this._told.emit(word as PageWord);
    }
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    window.addEventListener('message', this);
  }

  protected onBeforeDetach(msg: Message): void {
    window.removeEventListener('message', this);
    super.onBeforeDetach(msg);
  }

  private _frame: HTMLIFrameElement;
  private _isLoading = false;
  private _told = new Signal<this, PageWord>(this);
  private _loaded = new Signal<this, void>(this);
}
