/** One transfer: how far it is, what it asks, what failed, and what can be done with it. */
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  checkIcon,
  copyIcon,
  downloadIcon,
  fileUploadIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { ProgressBar } from '../../common/fold';
import { sentences } from '../../common/sentences';
import type { ITransfer } from '../../common/types';
import { CommandIDs } from '../ids';
import {
  amountWords,
  isMoving,
  kindWords,
  paceWords,
  progressOf,
  routeWords,
  stateWords,
  wayWords,
  type IShownTransfer
} from '../view';
import { Question } from './question';

export interface IItemProps {
  transfer: IShownTransfer;
  isBusy: boolean;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

const ICONS: Readonly<Record<ITransfer['kind'], LabIcon>> = {
  upload: fileUploadIcon,
  download: downloadIcon,
  copy: copyIcon,
  assets: copyIcon
};

/** Drawn anew only when its transfer changed. */
export const TransferItem = React.memo((props: IItemProps): JSX.Element => {
  const { transfer, trans } = props;
  const { title, state, question } = transfer;
  const kind = kindWords(transfer, trans);
  const words = stateWords(transfer, trans);
  const Icon = ICONS[transfer.kind];
  const id = React.useId();
  return (
    <li
      className={`jp-rsdat-Transfer jp-mod-${state}`}
      aria-label={trans.__('%1 of “%2”, %3', kind, title, words)}
    >
      <div className="jp-rsdat-Transfer-head">
        <span
          className="jp-rsdat-Transfer-icon"
          role="img"
          aria-label={kind}
          title={kind}
        >
          <Icon.react tag="span" stylesheet="menuItem" />
        </span>
        <span
          id={id}
          className="jp-rsdat-Transfer-title"
          title={`${title}\n${routeWords(transfer, trans)}`}
        >
          {title}
        </span>
        <span className="jp-rsdat-Transfer-state">{words}</span>
      </div>
      {isMoving(transfer) && <Progress {...props} />}
      <Detail {...props} />
      {question && <Question key={question.path} {...props} asked={question} />}
      {transfer.problem && (
        <p className="jp-rsdat-Transfer-problem">
          {sentences(transfer.problem)}
        </p>
      )}
      <Failures {...props} />
      <Buttons {...props} />
    </li>
  );
});

function Progress({ transfer, trans }: IItemProps): JSX.Element {
  const part = progressOf(transfer);
  const words = [
    part === null ? null : trans.__('%1 %', Math.floor(part * 100)),
    amountWords(transfer, trans),
    paceWords(transfer, trans)
  ];
  return (
    <ProgressBar
      label={transfer.title}
      part={part}
      text={words.filter(word => word !== null).join(', ')}
    />
  );
}

function Detail({ transfer, trans }: IItemProps): JSX.Element {
  const pace = paceWords(transfer, trans);
  const way = wayWords(transfer, trans);
  const { current, verified } = transfer;
  return (
    <div className="jp-rsdat-Transfer-detail">
      <span>
        {[amountWords(transfer, trans), pace]
          .filter(word => word !== null)
          .join(' · ')}
      </span>
      {verified !== null && (
        <span
          className="jp-rsdat-Transfer-verified"
          title={trans.__(
            'The checksum of every file was compared at both ends.'
          )}
        >
          <checkIcon.react tag="span" stylesheet="menuItem" />
          {trans.__('checksum verified (%1)', verified)}
        </span>
      )}
      {way && <span title={way.title}>{way.text}</span>}
      {isMoving(transfer) && current !== null && current !== transfer.title && (
        <span className="jp-rsdat-Transfer-current" title={current}>
          {current}
        </span>
      )}
    </div>
  );
}

function Failures({ transfer, trans }: IItemProps): JSX.Element | null {
  const { failures, files } = transfer;
  if (failures.length === 0) {
    return null;
  }
  const count = Math.max(files.failed, failures.length);
  const more = count - failures.length;
  return (
    <details className="jp-rsdat-Transfer-failures">
      <summary>{trans._n('%1 file failed', '%1 files failed', count)}</summary>
      <ul>
        {failures.map(failure => (
          <li key={failure.path}>
            <span className="jp-rsdat-Transfer-path">{failure.path}</span>
            <span>{sentences(failure)}</span>
          </li>
        ))}
        {more > 0 && <li>{trans._n('and %1 more', 'and %1 more', more)}</li>}
      </ul>
    </details>
  );
}

function Buttons(props: IItemProps): JSX.Element | null {
  const { commands, isBusy, transfer, trans } = props;
  const { can, id, title } = transfer;
  const button = (label: string, command: string): JSX.Element => (
    <button
      type="button"
      className="jp-rsdat-Button"
      aria-label={trans.__('%1 “%2”', label, title)}
      disabled={isBusy}
      onClick={() => void commands.execute(command, { transfer: id })}
    >
      {label}
    </button>
  );
  const canRetry = can.includes('retry') || canSendAgain(transfer);
  return can.length === 0 ? null : (
    <div className="jp-rsdat-Transfer-buttons">
      {can.includes('cancel') && button(trans.__('Cancel'), CommandIDs.cancel)}
      {canRetry && button(trans.__('Retry'), CommandIDs.retry)}
      {can.includes('forget') && button(trans.__('Forget'), CommandIDs.forget)}
    </div>
  );
}

/** The companion waits for files that nobody sends: the page that did was left, or they failed. */
function canSendAgain(transfer: IShownTransfer): boolean {
  const { isSending, kind, problem, state } = transfer;
  const isIdle = state === 'waiting' && problem === null;
  return kind === 'upload' && isIdle && !isSending;
}
