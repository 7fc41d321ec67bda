/** The section "Tape orders": what was ordered, how far it is, and which files failed. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { ProgressBar } from '../../common/fold';
import { FoldedList } from '../../common/foldedlist';
import { sentences } from '../../common/sentences';
import type { ITapeRequest } from '../../common/types';
import { formatClock } from '../../common/units';
import { tapeIcon } from '../icons';
import { TapeCommandIDs } from './ids';
import type { ITargets, TapeModel } from './model';
import {
  activityWord,
  endWords,
  progressOf,
  progressWords,
  stateWord,
  targetWord,
  titleOf
} from './words';

export interface ITapeContext {
  model: TapeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Show in the panel what an order is about. */
  reveal: (order: ITapeRequest) => void;
  /** Whether the section is unfolded; kept by the page, as Lab unmounts components. */
  fold: { isOpen: boolean };
}

export function TapeSection(props: ITapeContext): JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => <Content {...props} />}
    </UseSignal>
  );
}

function Content(props: ITapeContext): JSX.Element {
  const { fold, model, trans } = props;
  const { orders, error, isReady } = model;
  // What goes on first; the latest first among each.
  const rank = ({ state }: ITapeRequest): number =>
    state === 'running' ? 0 : 1;
  return (
    <FoldedList
      label={trans.__('Tape orders')}
      summary={summaryWords(model, trans)}
      announcement={useAnnouncement(model, trans)}
      fold={fold}
      items={[...orders].sort((a, b) => rank(a) - rank(b))}
      isReady={isReady}
      error={error}
      refresh={() => model.refresh()}
      none={trans.__(
        'None. “Stage from Tape” in the menu of a file or folder brings it to disk.'
      )}
      draw={order => <Order {...props} order={order} />}
      trans={trans}
    />
  );
}

function Order(props: ITapeContext & { order: ITapeRequest }): JSX.Element {
  const { commands, model, order, reveal, trans } = props;
  const title = titleOf(order, trans);
  const activity = activityWord(order, trans);
  const state = stateWord(order, trans);
  const isRunning = order.state === 'running';
  const part = progressOf(order);
  const words = progressWords(order, trans);
  return (
    <li
      className={`jp-rsdat-Transfer jp-mod-${order.state}`}
      aria-label={trans.__('%1 “%2”, %3', activity, title, state)}
    >
      <div className="jp-rsdat-Transfer-head">
        <span className="jp-rsdat-Transfer-icon" aria-hidden="true">
          <tapeIcon.react tag="span" stylesheet="menuItem" />
        </span>
        <span
          className="jp-rsdat-Transfer-title"
          title={order.paths.slice(0, 10).join('\n')}
        >
          {trans.__('%1: %2', activity, title)}
        </span>
        <span
          className="jp-rsdat-Transfer-state"
          title={trans.__('Ordered %1', formatClock(order.created))}
        >
          {state}
        </span>
      </div>
      {isRunning && (
        <ProgressBar
          label={title}
          part={part}
          text={
            part === null
              ? words
              : trans.__('%1 %, %2', Math.floor(part * 100), words)
          }
        />
      )}
      <div className="jp-rsdat-Transfer-detail">{words}</div>
      {order.problem && (
        <p className="jp-rsdat-Transfer-problem">{sentences(order.problem)}</p>
      )}
      <Targets {...props} />
      <div className="jp-rsdat-Transfer-buttons">
        <button
          type="button"
          className="jp-rsdat-Button"
          aria-label={trans.__('Show “%1”', title)}
          onClick={() => reveal(order)}
        >
          {trans.__('Show')}
        </button>
        <button
          type="button"
          className="jp-rsdat-Button"
          aria-label={
            isRunning
              ? trans.__('Cancel “%1”', title)
              : trans.__('Forget “%1”', title)
          }
          disabled={model.isBusy(order.id)}
          onClick={() =>
            void commands.execute(TapeCommandIDs.remove, { order: order.id })
          }
        >
          {isRunning ? trans.__('Cancel') : trans.__('Forget')}
        </button>
      </div>
    </li>
  );
}

/** Asked for when unfolded: an order may have very many. */
function Targets(props: ITapeContext & { order: ITapeRequest }): JSX.Element {
  const { model, order, trans } = props;
  const known = model.targets(order.id);
  const failed = order.files.failed;
  return (
    <details
      className="jp-rsdat-Transfer-failures"
      onToggle={event => {
        if (!event.currentTarget.open) {
          model.dropTargets(order.id);
        } else if (model.targets(order.id) === null) {
          void model.loadTargets(order.id);
        }
      }}
    >
      <summary>
        {failed > 0
          ? trans._n('Files (%1 failed)', 'Files (%1 failed)', failed)
          : trans.__('Files')}
      </summary>
      {known && <TargetList {...props} known={known} />}
    </details>
  );
}

function TargetList(
  props: ITapeContext & { order: ITapeRequest; known: ITargets }
): JSX.Element {
  const { known, model, order, trans } = props;
  // Failures first: they are what one looks for.
  const targets = [...known.targets].sort(
    (a, b) => Number(b.state === 'failed') - Number(a.state === 'failed')
  );
  return (
    <>
      <ul>
        {targets.map(({ path, state, message }) => (
          <li key={path}>
            <span className="jp-rsdat-Transfer-path">{path}</span>
            <span>
              {message === null
                ? targetWord({ state }, trans)
                : trans.__('%1: %2', targetWord({ state }, trans), message)}
            </span>
          </li>
        ))}
      </ul>
      {known.error && <p role="alert">{known.error.text}</p>}
      {known.isLoading && <p>{trans.__('Loading…')}</p>}
      {known.hasMore && !known.isLoading && (
        <button
          type="button"
          className="jp-rsdat-Button"
          onClick={() => void model.loadTargets(order.id)}
        >
          {known.error ? trans.__('Retry') : trans.__('Show more')}
        </button>
      )}
    </>
  );
}

function summaryWords(model: TapeModel, trans: TranslationBundle): string {
  const { orders } = model;
  const running = orders.filter(({ state }) => state === 'running').length;
  const failed = orders.filter(({ state }) => state === 'failed').length;
  const parts: string[] = [];
  if (running > 0) {
    parts.push(trans._n('%1 under way', '%1 under way', running));
  }
  if (failed > 0) {
    parts.push(trans._n('%1 failed', '%1 failed', failed));
  }
  if (parts.length > 0) {
    return parts.join(' · ');
  }
  return orders.length > 0
    ? trans._n('%1 done', '%1 done', orders.length)
    : model.isReady
      ? trans.__('none')
      : '';
}

/** The latest end in words; nothing of what was there when the page came. */
function useAnnouncement(model: TapeModel, trans: TranslationBundle): string {
  const before = React.useRef<ReadonlyMap<string, string> | null>(null);
  const [words, setWords] = React.useState('');
  const { orders, isReady } = model;
  React.useEffect(() => {
    const old = before.current;
    if (isReady) {
      before.current = new Map(orders.map(({ id, state }) => [id, state]));
    }
    const ended = (old ? orders : []).filter(
      ({ id, state }) => old?.get(id) === 'running' && state !== 'running'
    );
    if (ended.length > 0) {
      setWords(ended.map(order => endWords(order, trans)).join(' '));
    }
  }, [orders, isReady, trans]);
  return words;
}
