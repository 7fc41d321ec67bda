/** What went wrong, what to do, and the lines of the log that tell it. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IDiagnosis } from '../../common/types';

export function Diagnosis(props: {
  diagnosis: IDiagnosis;
  trans: TranslationBundle;
}): JSX.Element {
  const { diagnosis, trans } = props;
  return (
    <div className="jp-rsdat-Diagnosis">
      <p className="jp-rsdat-Diagnosis-message">{diagnosis.message}</p>
      {diagnosis.hint && <p>{diagnosis.hint}</p>}
      {diagnosis.log && (
        <details>
          <summary>{trans.__('Last lines of the log')}</summary>
          <pre tabIndex={0}>{diagnosis.log}</pre>
        </details>
      )}
    </div>
  );
}
