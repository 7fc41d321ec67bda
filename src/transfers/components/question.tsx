/** What a transfer asks where a name is taken. */
import React from 'react';
import { formatBytes, formatClock } from '../../common/units';
import type { ConflictChoice } from '../api';
import { CommandIDs } from '../ids';
import type { IQuestion } from '../view';
import type { IItemProps } from './item';

export function Question(
  props: IItemProps & { asked: IQuestion }
): JSX.Element {
  const { asked, commands, isBusy, transfer, trans } = props;
  const [forAll, setForAll] = React.useState(false);
  const words = trans.__('“%1” exists already', asked.path);
  const button = (label: string, choice: ConflictChoice): JSX.Element => (
    <button
      type="button"
      className="jp-rsdat-Button"
      disabled={isBusy}
      onClick={() =>
        void commands.execute(CommandIDs.answer, {
          transfer: transfer.id,
          path: asked.path,
          choice,
          for_all: forAll
        })
      }
    >
      {label}
    </button>
  );
  return (
    <div className="jp-rsdat-Transfer-question" role="group" aria-label={words}>
      <p>{words}</p>
      {asked.size !== null && (
        <p className="jp-rsdat-Transfer-sizes">{sizeWords(props)}</p>
      )}
      <div className="jp-rsdat-Transfer-buttons">
        {button(trans.__('Replace'), 'replace')}
        {button(trans.__('Keep both'), 'keep-both')}
        {button(trans.__('Skip'), 'skip')}
      </div>
      {asked.others > 0 && (
        <label className="jp-rsdat-Transfer-others">
          <input
            type="checkbox"
            checked={forAll}
            onChange={event => setForAll(event.target.checked)}
          />
          {trans._n(
            'Do the same for the %1 other file',
            'Do the same for the %1 other files',
            asked.others
          )}
        </label>
      )}
    </div>
  );
}

function sizeWords(props: IItemProps & { asked: IQuestion }): string {
  const { asked, trans } = props;
  const there = formatBytes(asked.size ?? 0);
  const old = asked.modified
    ? trans.__('There: %1, changed %2', there, formatClock(asked.modified))
    : trans.__('There: %1', there);
  return asked.new_size === null
    ? old
    : trans.__('%1 · new: %2', old, formatBytes(asked.new_size));
}
