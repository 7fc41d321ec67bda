/**
 * Whether the page and its companion in the Jupyter server fit together: asked once, when the page
 * has come up, and again when somebody wants to know. Knows no DOM.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ICompanion, ICompanionProblem } from '../tokens';
import { ApiError } from './request';
import type { IInfo } from './types';
import { VERSION, asPython } from './version';

export class Companion implements ICompanion, IDisposable {
  constructor(options: Companion.IOptions) {
    this._options = options;
  }

  /** Emitted when `info` or `problem` changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get info(): IInfo | null {
    return this._info;
  }

  get problem(): ICompanionProblem | null {
    return this._problem;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  check(): Promise<void> {
    this._pending ??= this._ask().finally(() => {
      this._pending = null;
    });
    return this._pending;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private async _ask(): Promise<void> {
    const { load, page, trans } = this._options;
    try {
      this._info = await load();
      this._problem = mismatch(this._info, page ?? VERSION, trans);
    } catch (reason) {
      const error = ApiError.from(reason);
      if (error.code !== 'missing') {
        // Jupyter itself does not answer, and Lab says so. What was known before may still hold.
        return;
      }
      this._info = null;
      this._problem = {
        code: 'missing',
        message: error.message,
        hint: error.hint
      };
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _options: Companion.IOptions;
  private _info: IInfo | null = null;
  private _problem: ICompanionProblem | null = null;
  private _pending: Promise<void> | null = null;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace Companion {
  export interface IOptions {
    /** Asks what the companion is. @throws ApiError */
    load: () => Promise<IInfo>;
    trans: TranslationBundle;
    /** Version of the page's part; that of this file if left out. */
    page?: string;
  }
}

/** What to do about two versions that differ; null where they do not. Pure. */
export function mismatch(
  info: Pick<IInfo, 'version'> & Partial<Pick<IInfo, 'installed' | 'page'>>,
  page: string,
  trans: TranslationBundle
): ICompanionProblem | null {
  const own = asPython(page);
  const { version, installed } = info;
  if (own === version) {
    return null;
  }
  if (installed && installed !== version) {
    return {
      code: 'restart',
      message: trans.__(
        'rsdat %1 is installed, but Jupyter still runs version %2.',
        installed,
        version
      ),
      hint: trans.__('Save your work, restart Jupyter and reload the page.')
    };
  }
  const message = trans.__(
    'This page is of rsdat %1, its part in the Jupyter server of rsdat %2.',
    own,
    version
  );
  // A page on the disk that fits: only the one in the browser is old.
  return info.page && asPython(info.page) === version
    ? {
        code: 'reload',
        message,
        hint: trans.__('Save your work and reload the page.')
      }
    : {
        code: 'install',
        message,
        hint: trans.__(
          'In the environment that Jupyter runs in: pip install "rsdat==%1". Then restart Jupyter and reload the page.',
          own
        )
      };
}
