/** A transfer as it is shown: what the companion says, joined with what this page is sending. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { sentences } from '../common/sentences';
import type { IDiagnosis, ITransfer } from '../common/types';
import { formatBytes, formatSpan } from '../common/units';
import type { UploadSender } from './upload/sender';

export type State = ITransfer['state'];

export type IFailure = ITransfer['failures'][number];

export type IQuestion = NonNullable<ITransfer['question']>;

export interface IShownTransfer extends ITransfer {
  /** Whether this page is sending its files. */
  isSending: boolean;
}

/** States in which it goes on, or will. */
export function isMoving({ state }: Pick<ITransfer, 'state'>): boolean {
  return state === 'waiting' || state === 'running' || state === 'asking';
}

/** Those that ask first, then those that go on, then the others; the latest first among each. */
export function inOrder(
  transfers: readonly IShownTransfer[]
): readonly IShownTransfer[] {
  const rank = (transfer: IShownTransfer): number =>
    transfer.state === 'asking' ? 0 : isMoving(transfer) ? 1 : 2;
  return [...transfers].sort((a, b) => rank(a) - rank(b));
}

/** Join the two; without a sender it is as the companion says. */
export function shownTransfer(
  transfer: ITransfer,
  sender: Pick<
    UploadSender,
    'question' | 'sent_bytes' | 'failures' | 'current' | 'isActive'
  > | null
): IShownTransfer {
  if (sender === null || !(isMoving(transfer) || sender.isActive)) {
    return { ...transfer, isSending: false };
  }
  const { question, failures } = sender;
  const told = new Set(transfer.failures.map(({ path }) => path));
  const own = failures.filter(({ path }) => !told.has(path));
  const total = transfer.bytes.total;
  const sent = Math.max(transfer.bytes.done, sender.sent_bytes);
  return {
    ...transfer,
    isSending: sender.isActive,
    // What was answered here is on its way, though the companion still asks.
    state: question
      ? 'asking'
      : sender.isActive && transfer.state === 'asking'
        ? 'running'
        : transfer.state,
    question: question ?? (sender.isActive ? null : transfer.question),
    failures:
      own.length > 0 ? [...transfer.failures, ...own] : transfer.failures,
    current: sender.current ?? transfer.current,
    bytes: { total, done: total === null ? sent : Math.min(sent, total) }
  };
}

/** How far it is, 0 to 1; null while that is not known. */
export function progressOf({ bytes, files, state }: ITransfer): number | null {
  if (state === 'done') {
    return 1;
  }
  if (bytes.total) {
    return Math.min(1, bytes.done / bytes.total);
  }
  return files.total
    ? Math.min(1, (files.done + files.skipped + files.failed) / files.total)
    : null;
}

/** The state as words. */
export function stateWords(
  transfer: ITransfer,
  trans: TranslationBundle
): string {
  switch (transfer.state) {
    case 'waiting':
      if (transfer.problem) {
        return trans.__('waiting for dCache');
      }
      return transfer.kind === 'copy'
        ? trans.__('waiting for its turn')
        : trans.__('waiting for the browser');
    case 'running':
      return trans.__('running');
    case 'asking':
      return trans.__('waiting for your answer');
    case 'done':
      return trans.__('done');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
    case 'interrupted':
      return trans.__('interrupted');
  }
}

/** What it is: for the icon's name. */
export function kindWords(
  transfer: ITransfer,
  trans: TranslationBundle
): string {
  switch (transfer.kind) {
    case 'upload':
      return trans.__('Upload');
    case 'download':
      return trans.__('Download');
    case 'copy':
      return trans.__('Copy');
    case 'assets':
      return trans.__('Copy of STAC assets');
  }
}

/** Where from and where to, `workspace:/x → spider:/pnfs/y`. */
export function routeWords(
  transfer: ITransfer,
  trans: TranslationBundle
): string {
  const side = (value: ITransfer['source']): string => {
    if (value === null && transfer.kind === 'assets') {
      return trans.__('STAC');
    }
    if (value === null) {
      return trans.__('this computer');
    }
    const [path] = value.paths;
    const place = path ?? '/';
    const name = value.endpoint ?? trans.__('workspace');
    return trans.__('%1: %2', name, place);
  };
  return trans.__('%1 → %2', side(transfer.source), side(transfer.destination));
}

/** Files and bytes: `3 of 12 files · 1.5 of 8 GiB`. */
export function amountWords(
  { files, bytes }: ITransfer,
  trans: TranslationBundle
): string {
  const parts: string[] = [];
  const ended = files.done;
  if (files.total !== null && files.total > 1) {
    parts.push(
      trans._n(
        '%2 of %1 file',
        '%2 of %1 files',
        files.total,
        ended.toLocaleString()
      )
    );
  } else if (files.total === null && ended > 0) {
    parts.push(trans._n('%1 file', '%1 files', ended));
  }
  if (files.skipped > 0) {
    parts.push(trans._n('%1 skipped', '%1 skipped', files.skipped));
  }
  if (files.failed > 0) {
    parts.push(trans._n('%1 failed', '%1 failed', files.failed));
  }
  parts.push(
    bytes.total === null || bytes.total === bytes.done
      ? formatBytes(bytes.done)
      : trans.__('%1 of %2', formatBytes(bytes.done), formatBytes(bytes.total))
  );
  return parts.join(' · ');
}

/** Rate and time left, while it moves; null when there is nothing to say. */
export function paceWords(
  { rate, remaining, state }: ITransfer,
  trans: TranslationBundle
): string | null {
  if (state !== 'running' || rate === null) {
    return null;
  }
  const words = trans.__('%1/s', formatBytes(Math.round(rate)));
  return remaining === null
    ? words
    : trans.__('%1, %2 left', words, formatSpan(remaining));
}

/** Which way the files went: between dCaches by themselves, or through us; null if that is not known. */
export function wayWords(
  { way }: Pick<ITransfer, 'way'>,
  trans: TranslationBundle
): { text: string; title: string } | null {
  if (!way || way.by_doors + way.streamed === 0) {
    return null;
  }
  const { by_doors: byDoors, reasons, streamed } = way;
  if (streamed === 0) {
    return {
      text: trans.__('copied by dCache itself'),
      title: trans.__('No bytes came through the Jupyter server.')
    };
  }
  return {
    text:
      byDoors === 0
        ? trans.__('through the Jupyter server')
        : trans.__(
            '%1 by dCache itself, %2 through the Jupyter server',
            byDoors.toLocaleString(),
            streamed.toLocaleString()
          ),
    title: [
      trans.__('The bytes came through the Jupyter server.'),
      ...reasons
    ].join('\n')
  };
}

/** What a transfer that has ended came to, as one sentence; for notifications. */
export function endWords(
  transfer: ITransfer,
  trans: TranslationBundle
): string {
  const kind = kindWords(transfer, trans);
  const { files, title, verified } = transfer;
  switch (transfer.state) {
    case 'done':
      return verified
        ? trans.__(
            '%1 of %2 is done, checksum (%3) verified.',
            kind,
            quoted(title, trans),
            verified
          )
        : trans.__('%1 of %2 is done.', kind, quoted(title, trans));
    case 'cancelled':
      return trans.__('%1 of %2 was cancelled.', kind, quoted(title, trans));
    case 'interrupted':
      return trans
        .__(
          '%1 of %2 was interrupted. %3',
          kind,
          quoted(title, trans),
          problemText(transfer.problem)
        )
        .trim();
    default:
      return files.failed > 1
        ? trans
            ._n(
              '%2 of %3: %1 file failed. %4',
              '%2 of %3: %1 files failed. %4',
              files.failed,
              kind,
              quoted(title, trans),
              reasonOf(transfer)
            )
            .trim()
        : trans
            .__(
              '%1 of %2 failed. %3',
              kind,
              quoted(title, trans),
              reasonOf(transfer)
            )
            .trim();
  }
}

function quoted(title: string, trans: TranslationBundle): string {
  return trans.__('“%1”', title);
}

function reasonOf({ failures, problem }: ITransfer): string {
  if (problem) {
    return problemText(problem);
  }
  const [failure] = failures;
  return failure ? problemText(failure) : '';
}

function problemText(
  problem: Pick<IDiagnosis, 'message' | 'hint'> | null
): string {
  return problem ? sentences(problem) : '';
}
