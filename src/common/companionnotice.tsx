/** In a panel: that page and companion are not of one version, and what to do about it. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import React from 'react';
import type { ICompanion } from '../tokens';

export function CompanionNotice(props: {
  companion: ICompanion | null;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { companion } = props;
  return (
    companion && (
      <UseSignal signal={companion.changed}>
        {() => <Drawn companion={companion} trans={props.trans} />}
      </UseSignal>
    )
  );
}

function Drawn(props: {
  companion: ICompanion;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { companion, trans } = props;
  const { problem } = companion;
  // That there is none, the panel's own requests say.
  if (problem === null || problem.code === 'missing') {
    return null;
  }
  return (
    <div className="jp-rsdat-Banner" role="status">
      <p>{problem.message}</p>
      {problem.hint && <p>{problem.hint}</p>}
      <button
        type="button"
        className="jp-rsdat-Button"
        onClick={() => void companion.check()}
      >
        {trans.__('Check again')}
      </button>
    </div>
  );
}
