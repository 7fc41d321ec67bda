/** The card of a cluster that was asked for and is not in the list yet. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IDraft } from '../model';
import { SYMBOLS } from '../status';
import { Diagnosis } from './diagnosis';

export function DraftCard(props: {
  draft: IDraft;
  trans: TranslationBundle;
  onDismiss: () => void;
  /** Ask for another one, by the form. */
  onOptions: () => void;
}): JSX.Element {
  const { draft, trans } = props;
  const name = draft.name ?? trans.__('New cluster');
  const state = draft.error ? 'failed' : 'starting';
  const word = draft.error ? trans.__('not made') : trans.__('starting');
  return (
    <li
      className={`jp-rsdat-Card jp-mod-${state}`}
      role="listitem"
      aria-label={trans.__('%1, %2', name, word)}
      aria-busy={draft.error === null}
    >
      <div className="jp-rsdat-Card-head">
        <span className="jp-rsdat-Card-symbol" aria-hidden="true">
          {SYMBOLS[state]}
        </span>
        <strong className="jp-rsdat-Card-name">{name}</strong>
        <span className="jp-rsdat-Card-state">{word}</span>
      </div>
      {draft.error && (
        <>
          <Diagnosis
            diagnosis={{
              message: draft.error.message,
              hint: draft.error.hint
            }}
            trans={trans}
          />
          <div className="jp-rsdat-Card-buttons">
            <button
              type="button"
              className="jp-rsdat-Button"
              onClick={props.onOptions}
            >
              {trans.__('Options…')}
            </button>
            <button
              type="button"
              className="jp-rsdat-Button"
              onClick={props.onDismiss}
            >
              {trans.__('Dismiss')}
            </button>
          </div>
        </>
      )}
    </li>
  );
}
