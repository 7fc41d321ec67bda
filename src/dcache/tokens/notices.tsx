/** Warns before a token ends: a notification at each stage, and an item in the status bar. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import { tell } from '../../common/notice';
import { useNow } from '../../common/now';
import { formatClock, formatSpan } from '../../common/units';
import type { TokenSettings } from './settings';
import type { IWatchedToken, TokenWatch } from './watch';

export interface INoticeOptions {
  watch: TokenWatch;
  trans: TranslationBundle;
  settings: Pick<TokenSettings, 'changed' | 'statusBar' | 'warns'>;
  /** Show the dialog of the token. */
  openToken: (endpoint: string) => void;
}

/** Warn of each end once a stage: a day before, an hour before, and when it has come. */
export function warnOfEnds(options: INoticeOptions): void {
  const { openToken, settings, trans, watch } = options;
  const told = new Set<string>();
  let last: string | null = null;
  watch.changed.connect(() => {
    const { token } = watch;
    if (last !== null && (token === null || token.stage === 'fine')) {
      // Renewed, or another endpoint: the old warning says nothing any more.
      Notification.dismiss(last);
      last = null;
    }
    if (token === null || token.stage === 'fine' || !settings.warns) {
      return;
    }
    const key = `${token.endpoint}|${token.expires}|${token.stage}`;
    if (told.has(key)) {
      return;
    }
    told.add(key);
    if (last !== null) {
      Notification.dismiss(last);
    }
    const { endpoint } = token;
    last = tell(
      warningWords(token, trans),
      token.stage === 'ended' ? 'error' : 'warning',
      {
        autoClose: false,
        actions: [
          { label: trans.__('Renew…'), callback: () => openToken(endpoint) }
        ]
      }
    );
  });
}

export function warningWords(
  token: IWatchedToken,
  trans: TranslationBundle
): string {
  const { endpoint, expires, stage } = token;
  // The time and not the span, which is soon wrong.
  const time = formatClock(expires);
  return stage === 'ended'
    ? trans.__(
        'The token of dCache endpoint “%1” has ended (%2).',
        endpoint,
        time
      )
    : trans.__('The token of dCache endpoint “%1” ends at %2.', endpoint, time);
}

/** In the status bar; unless the user wants it otherwise, only while there is something to be done about it. */
export class TokenStatus extends ReactWidget {
  constructor(options: INoticeOptions) {
    super();
    this._options = options;
    options.watch.changed.connect(this._onChanged, this);
    options.settings.changed.connect(this._onChanged, this);
    this.addClass('jp-rsdat-Status');
  }

  /** Whether there is anything to tell. */
  get isOfUse(): boolean {
    const { settings, watch } = this._options;
    const place = settings.statusBar;
    return (
      watch.token !== null &&
      (place === 'always' ||
        (place === 'ending' && watch.token.stage !== 'fine'))
    );
  }

  /** Emitted when `isOfUse` may have changed. */
  get isOfUseChanged(): ISignal<this, void> {
    return this._isOfUseChanged;
  }

  dispose(): void {
    super.dispose();
    Signal.clearData(this);
  }

  protected render(): JSX.Element {
    const { watch } = this._options;
    return (
      <UseSignal signal={watch.changed}>
        {() => (watch.token ? <Item {...this._options} /> : <></>)}
      </UseSignal>
    );
  }

  private _onChanged(): void {
    this._isOfUseChanged.emit();
  }

  private _options: INoticeOptions;
  private _isOfUseChanged = new Signal<this, void>(this);
}

function Item({ openToken, trans, watch }: INoticeOptions): JSX.Element | null {
  const now = useNow(60_000);
  const { token } = watch;
  if (token === null) {
    return null;
  }
  const left_s = (Date.parse(token.expires) - now.getTime()) / 1000;
  const isWarning = token.stage !== 'fine';
  return (
    <button
      type="button"
      className={`jp-rsdat-Status-button${isWarning ? ' jp-mod-warning' : ''}`}
      title={warningWords(token, trans)}
      onClick={() => openToken(token.endpoint)}
    >
      {isWarning && <span aria-hidden="true">⚠ </span>}
      {left_s <= 0
        ? trans.__('dCache token has ended')
        : trans.__('dCache token: %1 left', formatSpan(left_s))}
    </button>
  );
}
