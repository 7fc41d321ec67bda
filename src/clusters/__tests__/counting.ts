/** Tells what was drawn, by a sentence that each part of the page says of itself. */
import {
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';

export class CountingTrans {
  /** @param sentence - The untranslated text; its first argument is noted. */
  constructor(private _sentence: string) {}

  /** What was drawn, in order; may be emptied. */
  drawn: string[] = [];

  /** The words to draw with. */
  readonly bundle: TranslationBundle = new Proxy(
    nullTranslator.load('jupyterlab_rsdat'),
    {
      get: (target, key: keyof TranslationBundle) =>
        key !== '__'
          ? target[key].bind(target)
          : (text: string, ...args: string[]) => {
              if (text === this._sentence) {
                this.drawn.push(args[0]);
              }
              return target.__(text, ...args);
            }
    }
  );
}
