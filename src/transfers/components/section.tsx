/** The section "Transfers": what goes on, and what has ended and was not forgotten. */
import { clearIcon, UseSignal } from '@jupyterlab/ui-components';
import React from 'react';
import { FoldedList } from '../../common/foldedlist';
import { CommandIDs } from '../ids';
import { endWords, inOrder, isMoving, type IShownTransfer } from '../view';
import type { ITransfersContext } from './context';
import { TransferItem } from './item';

export function TransfersSection(props: ITransfersContext): JSX.Element {
  return (
    <UseSignal signal={props.reading.changed}>
      {() => (
        <UseSignal signal={props.model.changed}>
          {() => <Content {...props} />}
        </UseSignal>
      )}
    </UseSignal>
  );
}

function Content(props: ITransfersContext): JSX.Element {
  const { commands, fold, model, trans } = props;
  const { transfers, error, isReady } = model;
  const canClear = transfers.some(({ can }) => can.includes('forget'));
  return (
    <FoldedList
      label={trans.__('Transfers')}
      summary={summaryWords(props)}
      announcement={useAnnouncement(props)}
      tools={
        canClear && (
          <button
            type="button"
            className="jp-rsdat-Fold-tool"
            title={trans.__('Clear finished')}
            aria-label={trans.__('Clear finished')}
            onClick={() => void commands.execute(CommandIDs.clearFinished)}
          >
            <clearIcon.react tag="span" stylesheet="toolbarButton" />
          </button>
        )
      }
      fold={fold}
      items={inOrder(transfers)}
      isReady={isReady}
      error={error}
      refresh={() => model.refresh()}
      none={trans.__(
        'None. Drop files or folders on the list above to upload them. Copies and downloads stand here too, also after a reload, until you clear them.'
      )}
      before={<ReadingFolders {...props} />}
      draw={transfer => (
        <TransferItem
          transfer={transfer}
          isBusy={model.isBusy(transfer.id)}
          commands={commands}
          trans={trans}
        />
      )}
      trans={trans}
    />
  );
}

/** That dropped folders are being read, before there is a transfer to be seen. */
function ReadingFolders({
  reading,
  trans
}: ITransfersContext): JSX.Element | null {
  return reading.count === null ? null : (
    <div className="jp-rsdat-Transfers-reading">
      <span>
        {trans._n(
          'Reading folders: %1 file so far',
          'Reading folders: %1 files so far',
          reading.count
        )}
      </span>
      <button
        type="button"
        className="jp-rsdat-Button"
        onClick={() => reading.cancel()}
      >
        {trans.__('Cancel')}
      </button>
    </div>
  );
}

function summaryWords({ model, trans }: ITransfersContext): string {
  const { transfers, moving } = model;
  if (transfers.length === 0) {
    return model.isReady ? trans.__('none') : '';
  }
  const asking = moving.filter(({ state }) => state === 'asking').length;
  const failed = transfers.filter(
    ({ state }) => state === 'failed' || state === 'interrupted'
  ).length;
  const parts: string[] = [];
  // What wants something first: a narrow panel cuts the end off.
  if (asking > 0) {
    parts.push(trans._n('%1 asks', '%1 ask', asking));
  }
  if (moving.length > 0) {
    parts.push(trans._n('%1 running', '%1 running', moving.length));
  }
  if (failed > 0) {
    parts.push(trans._n('%1 failed', '%1 failed', failed));
  }
  return parts.length > 0
    ? parts.join(' · ')
    : trans._n('%1 finished', '%1 finished', transfers.length);
}

/** The latest end or question, in words; nothing of what was there when the page came. */
function useAnnouncement({ model, trans }: ITransfersContext): string {
  const before = React.useRef<ReadonlyMap<string, IShownTransfer> | null>(null);
  const [words, setWords] = React.useState('');
  const { transfers, isReady } = model;
  React.useEffect(() => {
    const old = before.current;
    if (isReady) {
      before.current = new Map(transfers.map(item => [item.id, item]));
    }
    const said: string[] = [];
    for (const transfer of old ? transfers : []) {
      const was = old?.get(transfer.id)?.state;
      if (was === transfer.state) {
        continue;
      }
      if (transfer.state === 'asking' && transfer.question) {
        said.push(trans.__('“%1” exists already', transfer.question.path));
      } else if (was !== undefined && !isMoving(transfer)) {
        said.push(endWords(transfer, trans));
      }
    }
    if (said.length > 0) {
      setWords(said.join(' '));
    }
  }, [transfers, isReady, trans]);
  return words;
}
