/** How far the computation is that runs on a cluster, or what ran last. Always as high, so that nothing jumps. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IPulseNow } from '../../common/types';
import {
  donePercentWords,
  doneWords,
  erredWords,
  idleWords,
  lastWords,
  nameWords,
  taskWords
} from './words';

export function Progress(props: {
  /** Name of the cluster. */
  name: string;
  now: IPulseNow;
  trans: TranslationBundle;
}): JSX.Element {
  const { name, now, trans } = props;
  const { run, tasks } = now;
  const erred = erredWords(run ? run.erred : tasks.erred, trans);
  const failed = erred && (
    <span className="jp-rsdat-Overview-erred">{erred}</span>
  );
  if (!run?.running) {
    const said = run
      ? `${trans.__('Idle')} · ${lastWords(run, trans)}`
      : taskWords(tasks, trans).join(' · ') || idleWords(now, trans);
    return (
      <div className="jp-rsdat-Overview-run">
        <div className="jp-rsdat-Overview-words">
          <span className="jp-rsdat-Overview-name" title={said}>
            {said}
          </span>
          {failed}
        </div>
        <div className="jp-rsdat-Overview-bar" />
      </div>
    );
  }
  const done = donePercentWords(run, trans);
  const what = nameWords(run, trans);
  const isStuck = !tasks.processing && now.workers === 0;
  const named = isStuck
    ? trans.__('Waits for workers')
    : (what ?? trans.__('Computing'));
  const percent = (count: number): string =>
    `${Math.round((1000 * count) / run.total) / 10}%`;
  return (
    <div className="jp-rsdat-Overview-run">
      <div className="jp-rsdat-Overview-words" aria-hidden="true">
        <span className="jp-rsdat-Overview-name" title={named}>
          {named}
        </span>
        <span>
          <LongOrShort long={done} short={doneWords(run, trans)} />
        </span>
        {failed}
      </div>
      <div
        className="jp-rsdat-Overview-bar"
        role="progressbar"
        aria-label={trans.__('Computation on %1', name)}
        aria-valuemin={0}
        aria-valuemax={run.total}
        aria-valuenow={run.done}
        aria-valuetext={[named, done, erred].filter(Boolean).join(', ')}
      >
        <div
          className="jp-rsdat-Overview-done"
          style={{ width: percent(run.done - run.erred) }}
        />
        <div
          className="jp-rsdat-Overview-failed"
          style={{ width: percent(run.erred) }}
        />
        <div
          className="jp-rsdat-Overview-doing"
          style={{
            width: percent(
              Math.min(tasks.processing ?? 0, run.total - run.done)
            )
          }}
        />
      </div>
    </div>
  );
}

/** Words for a wide panel and for a narrow one; for the eye, a label says them to others. */
export function LongOrShort(props: {
  long: string;
  short: string;
}): JSX.Element {
  const { long, short } = props;
  return (
    <>
      <span className="jp-rsdat-Overview-long">{long}</span>
      <span className="jp-rsdat-Overview-short">{short}</span>
    </>
  );
}
