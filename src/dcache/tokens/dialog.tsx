/** The dialog "Token of …". */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import React from 'react';
import { ToolDialog } from '../../common/tooldialog';
import type { ITokensApi } from './api';
import { TokenModel } from './model';
import { NarrowerToken } from './narrower';
import { PresentToken } from './present';

export interface ITokenProps {
  model: TokenModel;
  trans: TranslationBundle;
}

export function TokenDialog(props: ITokenProps): JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => (
        <div className="jp-rsdat-Token">
          <PresentToken {...props} />
          {canNarrow(props.model) && <NarrowerToken {...props} />}
        </div>
      )}
    </UseSignal>
  );
}

/** A macaroon can be made of any proof of identity that dCache takes. */
function canNarrow({ info }: TokenModel): boolean {
  return info !== null && info.kind !== 'none' && info.problem === null;
}

class TokenBody extends ReactWidget {
  constructor(model: TokenModel, trans: TranslationBundle) {
    super();
    this._props = { model, trans };
    this.addClass('jp-rsdat-Form');
  }

  protected render(): JSX.Element {
    return <TokenDialog {...this._props} />;
  }

  private _props: ITokenProps;
}

/** Show it, and wait until it is closed. */
export async function showToken(options: {
  api: ITokensApi;
  endpoint: string;
  path: string;
  trans: TranslationBundle;
  onRenewed: () => void;
}): Promise<void> {
  const { trans } = options;
  // Disposed when the dialog has closed.
  // eslint-disable-next-line jupyter/require-disposable-ownership
  const model = new TokenModel(options);
  void model.load();
  try {
    await new ToolDialog(new TokenBody(model, trans), {
      title: trans.__('Token of %1', options.endpoint),
      close: trans.__('Close'),
      focus: 'input'
    }).launch();
  } finally {
    model.dispose();
  }
}
