/** An order for tape in words. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { sentences } from '../../common/sentences';
import type { ITapeRequest } from '../../common/types';
import { formatBytes, formatClock, formatSpan } from '../../common/units';
import { nameOf } from '../paths';
import type { ITarget } from './api';

/** What it is about: the name of its file or folder, or of the first and how many more. */
export function titleOf(
  { paths }: Pick<ITapeRequest, 'paths'>,
  trans: TranslationBundle
): string {
  const [first = ''] = paths;
  const name = nameOf(first) || '/';
  return paths.length > 1
    ? trans._n('%2 and %1 more', '%2 and %1 more', paths.length - 1, name)
    : name;
}

export function activityWord(
  { activity }: Pick<ITapeRequest, 'activity'>,
  trans: TranslationBundle
): string {
  switch (activity) {
    case 'stage':
      return trans.__('Stage');
    case 'pin':
      return trans.__('Keep on disk');
    case 'release':
      return trans.__('Release');
  }
}

export function stateWord(
  { state }: Pick<ITapeRequest, 'state'>,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'running':
      return trans.__('under way');
    case 'done':
      return trans.__('done');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
  }
}

export function targetWord(
  { state }: Pick<ITarget, 'state'>,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'waiting':
      return trans.__('waiting');
    case 'running':
      return trans.__('under way');
    case 'done':
      return trans.__('done');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
  }
}

/** Files, bytes, how long, and when it will be ready. */
export function progressWords(
  order: ITapeRequest,
  trans: TranslationBundle,
  now: Date = new Date()
): string {
  const { bytes, files, keep, ready_estimate, state } = order;
  const parts: string[] = [];
  if (files.total !== null) {
    parts.push(
      trans._n(
        '%2 of %1 file',
        '%2 of %1 files',
        files.total,
        files.done.toLocaleString()
      )
    );
  } else if (state === 'running') {
    parts.push(trans.__('looking for the files'));
  }
  if (files.failed > 0) {
    parts.push(trans._n('%1 failed', '%1 failed', files.failed));
  }
  if (bytes !== null) {
    parts.push(formatBytes(bytes));
  }
  if (keep !== null && order.activity !== 'release') {
    parts.push(trans.__('kept for %1', formatSpan(keep)));
  }
  if (state === 'running' && ready_estimate !== null) {
    parts.push(trans.__('ready about %1', formatClock(ready_estimate, now)));
  }
  return parts.join(' · ');
}

/** How far it is, 0 to 1; null while that is not known. */
export function progressOf({ files, state }: ITapeRequest): number | null {
  if (state === 'done') {
    return 1;
  }
  return files.total
    ? Math.min(1, (files.done + files.failed) / files.total)
    : null;
}

/** How it ended, as one sentence; for notifications. */
export function endWords(
  order: ITapeRequest,
  trans: TranslationBundle
): string {
  const { files, problem } = order;
  const title = trans.__('“%1”', titleOf(order, trans));
  if (order.state === 'failed') {
    const reason = problem ? sentences(problem) : '';
    const what = activityWord(order, trans);
    return (
      files.failed > 0
        ? trans._n(
            '%2 %3: %1 file failed. %4',
            '%2 %3: %1 files failed. %4',
            files.failed,
            what,
            title,
            reason
          )
        : trans.__('%1 %2 failed. %3', what, title, reason)
    ).trim();
  }
  const count = files.total ?? files.done;
  switch (order.activity) {
    case 'stage':
      return trans._n(
        'Ready: %2, %1 file is on disk.',
        'Ready: %2, %1 files are on disk.',
        count,
        title
      );
    case 'pin':
      return trans._n(
        '%2: %1 file stays on disk for %3.',
        '%2: %1 files stay on disk for %3.',
        count,
        title,
        formatSpan(order.keep ?? 0)
      );
    case 'release':
      return trans._n(
        'Released %2: dCache takes %1 file off the disk when it needs the room. The copy on tape stays.',
        'Released %2: dCache takes %1 files off the disk when it needs the room. The copies on tape stay.',
        count,
        title
      );
  }
}
