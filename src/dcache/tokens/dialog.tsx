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

/** Show it, and wait until it is closed. */
export async function showToken(options: {
  api: ITokensApi;
  endpoint: string;
  path: string;
  trans: TranslationBundle;
  onRenewed: () => void;
}): Promise<void> {
  const { trans } = options;
  const model = new TokenModel(options);
  void model.load();
  const body = ReactWidget.create(<TokenDialog model={model} trans={trans} />);
  body.addClass('jp-rsdat-Form');
  try {
    await new ToolDialog({
      title: trans.__('Token of %1', options.endpoint),
      body,
      close: trans.__('Close'),
      focus: 'input'
    }).launch();
  } finally {
    model.dispose();
  }
}
