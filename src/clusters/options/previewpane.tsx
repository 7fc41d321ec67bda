/** What would be submitted, when it would start, what it would cost. */
import React from 'react';
import { formatClock } from '../../common/units';

import type { IPartProps } from './parts';

export function PreviewPane(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  const { preview, error, isPending } = model.preview;
  return (
    <section
      className="jp-rsdat-Preview"
      aria-label={trans.__('Preview')}
      aria-busy={isPending}
    >
      <strong>{trans.__('Preview')}</strong>
      <div role="status" className="jp-rsdat-Preview-words">
        {isPending && (
          <p className="jp-rsdat-Form-help">{trans.__('Asking the queue…')}</p>
        )}
        {!model.isValid && !isPending && !preview && (
          <p className="jp-rsdat-Form-help">
            {trans.__('The preview comes when all fields are right.')}
          </p>
        )}
        {error && (
          <p className="jp-rsdat-Form-problem">
            {trans.__('No preview: %1', error.text)}
          </p>
        )}
        {!isPending &&
          preview?.problems.map(problem => (
            <p key={problem} className="jp-rsdat-Form-problem">
              {problem}
            </p>
          ))}
        {!isPending &&
          preview?.notes.map(note => (
            <p key={note} className="jp-rsdat-Form-note">
              {note}
            </p>
          ))}
      </div>
      {preview && (
        <div className={isPending ? 'jp-mod-old' : undefined}>
          <Facts {...props} />
          <pre tabIndex={0} aria-label={trans.__('Worker script')}>
            {preview.script}
          </pre>
        </div>
      )}
    </section>
  );
}

function Facts(props: IPartProps): JSX.Element | null {
  const { model, trans } = props;
  const { preview } = model.preview;
  if (!preview) {
    return null;
  }
  const { cores, isAdaptive, workers } = model.fields;
  const isEmpty = !isAdaptive && !Number(workers);
  const perHour = preview.core_hours_per_hour;
  return (
    <dl className="jp-rsdat-Preview-facts">
      <dt>{trans.__('Expected start')}</dt>
      <dd>
        {/* Slurm says "now" also of jobs that will never start. */}
        {preview.start_estimate && preview.problems.length === 0
          ? formatClock(preview.start_estimate)
          : trans.__('not known')}
      </dd>
      <dt>{trans.__('Core-hours')}</dt>
      <dd>
        {isEmpty
          ? trans.__('none without workers; %1 an hour for each', cores)
          : trans.__(
              '%1 an hour; at most %2, if every worker lives for its whole walltime',
              perHour,
              preview.core_hours
            )}
      </dd>
    </dl>
  );
}
