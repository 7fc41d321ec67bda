/** What a test of an endpoint found, step by step, in words. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { stopped } from '../../common/sentences';
import type { IEndpointTest } from '../../common/types';
import type { ITestState } from './model';

type IStep = IEndpointTest['steps'][number];

/** Signs beside the words, so that a state can be told without colours. */
const SIGNS: Readonly<Record<IStep['state'], string>> = {
  ok: '✓',
  warning: '!',
  failed: '✕',
  skipped: '–'
};

function stepWord(name: IStep['name'], trans: TranslationBundle): string {
  switch (name) {
    case 'doors':
      return trans.__('Doors');
    case 'certificate':
      return trans.__('Certificate');
    case 'identity':
      return trans.__('Identity');
    case 'token':
      return trans.__('Token');
    case 'list':
      return trans.__('Listing');
    case 'write':
      return trans.__('Writing');
  }
}

function stateWord(state: IStep['state'], trans: TranslationBundle): string {
  switch (state) {
    case 'ok':
      return trans.__('good');
    case 'warning':
      return trans.__('look at this');
    case 'failed':
      return trans.__('failed');
    case 'skipped':
      return trans.__('not tried');
  }
}

export function TestResult(props: {
  test: ITestState;
  trans: TranslationBundle;
}): JSX.Element {
  const { trans } = props;
  const { error, isRunning, result } = props.test;
  return (
    <div className="jp-rsdat-Test" role="status">
      {isRunning && (
        <p>{trans.__('Trying the doors. One that is silent is waited for…')}</p>
      )}
      {error && <p className="jp-rsdat-Transfer-problem">{error.text}</p>}
      {result && (
        <>
          <p className="jp-rsdat-Test-sum">
            {result.ok
              ? trans.__('All that is needed works.')
              : trans.__('Something that is needed does not work.')}
          </p>
          <ol>
            {result.steps.map(({ name, state, message, hint }) => (
              <li key={name} className={`jp-mod-${state}`}>
                <span className="jp-rsdat-Test-sign" aria-hidden="true">
                  {SIGNS[state]}
                </span>
                <span>
                  <strong>
                    {trans.__(
                      '%1, %2:',
                      stepWord(name, trans),
                      stateWord(state, trans)
                    )}
                  </strong>{' '}
                  {hint ? stopped(message) : message}
                  {hint && <span className="jp-rsdat-Test-hint"> {hint}</span>}
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}
