/** The form that searches the logs of a cluster, and what it found. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { moveFocus } from '../../common/roving';
import type { LogModel } from './model';
import type { ILogMatch, LogSearch } from './search';

interface IFindProps {
  log: LogModel;
  search: LogSearch;
  trans: TranslationBundle;
}

export function FindForm({ log, search, trans }: IFindProps): JSX.Element {
  const { text, isOnlyThis, matchCase } = search.form;
  return (
    <form
      className="jp-rsdat-Log-find"
      role="search"
      onSubmit={event => {
        event.preventDefault();
        void search.run(text, {
          source: isOnlyThis ? log.source : undefined,
          matchCase
        });
      }}
    >
      <input
        type="search"
        className="jp-mod-styled"
        aria-label={trans.__('Find in logs')}
        placeholder={trans.__('Find in all logs')}
        maxLength={200}
        value={text}
        onChange={event => search.fill({ text: event.target.value })}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            search.fill({ text: '' });
            search.clear();
          }
        }}
      />
      <button type="submit" className="jp-rsdat-Button" disabled={!text}>
        {trans.__('Find')}
      </button>
      <label>
        <input
          type="checkbox"
          checked={isOnlyThis}
          onChange={event => search.fill({ isOnlyThis: event.target.checked })}
        />
        {trans.__('Only in this log')}
      </label>
      <label>
        <input
          type="checkbox"
          checked={matchCase}
          onChange={event => search.fill({ matchCase: event.target.checked })}
        />
        {trans.__('Match case')}
      </label>
    </form>
  );
}

export function FoundLines(props: IFindProps): JSX.Element | null {
  const { log, search, trans } = props;
  const { found, isBusy, error, text } = search;
  if (!text) {
    return null;
  }
  const words = isBusy
    ? trans.__('Searching…')
    : error
      ? error.text
      : summary(found?.matches.length ?? 0, found?.more ?? false, trans);
  return (
    <section className="jp-rsdat-Log-found" aria-label={trans.__('Found')}>
      <div className="jp-rsdat-Log-foundHead">
        <span role="status">{words}</span>
        <button
          type="button"
          className="jp-rsdat-Button"
          onClick={() => search.clear()}
        >
          {trans.__('Close')}
        </button>
      </div>
      {found !== null && found.matches.length > 0 && (
        <ul
          role="list"
          aria-label={trans.__('Lines found')}
          onKeyDown={event => {
            if (event.key === 'Escape') {
              search.clear();
            } else {
              moveFocus(event, 'button');
            }
          }}
        >
          {found.matches.map((match, index) => (
            <li key={`${match.source}-${match.offset}`}>
              <button
                type="button"
                className="jp-rsdat-Log-match"
                tabIndex={index === 0 ? 0 : -1}
                onClick={() => void log.goTo(match.source, match.offset)}
              >
                <code>{place(match, trans)}</code> {match.text}
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function place(match: ILogMatch, trans: TranslationBundle): string {
  return match.source === 'scheduler'
    ? trans.__('scheduler, line %1', match.line)
    : trans.__('job %1, line %2', match.source, match.line);
}

function summary(
  count: number,
  more: boolean,
  trans: TranslationBundle
): string {
  if (count === 0) {
    return more
      ? trans.__('Nothing found so far: there was too much to look through.')
      : trans.__('Nothing found.');
  }
  const lines = trans._n('%1 line found', '%1 lines found', count);
  return more ? trans.__('%1; there may be more.', lines) : lines;
}
