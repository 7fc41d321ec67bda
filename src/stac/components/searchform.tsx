/** The form of a search in a STAC API. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { sentences } from '../../common/sentences';
import {
  OPERATORS,
  requestOf,
  type ICondition,
  type Operator,
  type Problem,
  type SearchModel
} from '../search';
import { ApiChooser } from './apichooser';
import { useVersion } from './context';

interface IProps {
  search: SearchModel;
  trans: TranslationBundle;
}

export function SearchForm(props: IProps): JSX.Element {
  const { trans } = props;
  const search = useVersion(props.search);
  const { fields, isRunning } = search;
  const asked = requestOf(fields);
  const problems: readonly Problem[] =
    'problems' in asked ? asked.problems : [];
  const start = (event: React.FormEvent): void => {
    event.preventDefault();
    if (!isRunning) {
      void search.start();
    }
  };
  return (
    <form
      className="jp-rsdat-StacSearch"
      aria-label={trans.__('Search')}
      onSubmit={start}
    >
      <ApiChooser {...props} />
      {search.problem && (
        <div className="jp-rsdat-Stac-problem" role="alert">
          <p>{search.problem.text}</p>
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() =>
              void (search.apis === null
                ? search.loadApis()
                : search.loadCollections())
            }
          >
            {trans.__('Try again')}
          </button>
        </div>
      )}
      <Collections {...props} />
      <Field
        label={trans.__('Area (west, south, east, north)')}
        value={fields.bbox}
        placeholder="4.2, 51.8, 4.6, 52.1"
        problem={
          problems.includes('bbox')
            ? trans.__('Four numbers in degrees, such as 4.2, 51.8, 4.6, 52.1')
            : null
        }
        onChange={bbox => search.set({ bbox })}
      />
      <div className="jp-rsdat-StacSearch-pair">
        <Field
          label={trans.__('From')}
          type="date"
          value={fields.start}
          problem={
            problems.includes('time')
              ? trans.__('It begins after its end')
              : null
          }
          onChange={value => search.set({ start: value })}
        />
        <Field
          label={trans.__('Until')}
          type="date"
          value={fields.end}
          problem={null}
          onChange={end => search.set({ end })}
        />
      </div>
      <Conditions
        {...props}
        isWrong={problems.includes('condition')}
        canFilter={
          search.collections === null ||
          search.collections.can.some(can => /^(filter|query)$/.test(can))
        }
      />
      <Field
        label={trans.__('At most (items)')}
        type="number"
        value={fields.limit}
        problem={problems.includes('limit') ? trans.__('1 to 100000') : null}
        onChange={limit => search.set({ limit })}
      />
      <div className="jp-rsdat-StacSearch-buttons">
        {isRunning ? (
          <button
            type="button"
            className="jp-mod-styled jp-mod-warn"
            title={trans.__('End the search; what it found so far stays')}
            onClick={() => void search.stop()}
          >
            {trans.__('Stop')}
          </button>
        ) : (
          <button
            type="submit"
            className="jp-mod-styled jp-mod-accept"
            disabled={problems.length > 0}
          >
            {trans.__('Search')}
          </button>
        )}
        <span
          role="status"
          // Not each count: that it began, and how it ended.
          aria-live={search.search?.state === 'running' ? 'off' : 'polite'}
        >
          {progressText(search, trans)}
        </span>
      </div>
      {(search.failure ?? search.search?.problem) && (
        <p className="jp-rsdat-Stac-problem" role="alert">
          {search.failure?.text ?? sentences(search.search!.problem!)}
        </p>
      )}
    </form>
  );
}

/** How far the search is. */
export function progressText(
  { isRunning, search }: Pick<SearchModel, 'isRunning' | 'search'>,
  trans: TranslationBundle
): string {
  if (search === null) {
    return isRunning ? trans.__('Asking…') : '';
  }
  const { found, matched, state } = search;
  if (state === 'cancelled') {
    return matched === null
      ? trans.__('Stopped at %1', found.toLocaleString())
      : trans.__(
          'Stopped at %1 of %2',
          found.toLocaleString(),
          matched.toLocaleString()
        );
  }
  const count =
    matched === null
      ? trans.__('%1 found', found.toLocaleString())
      : trans.__(
          '%1 of %2 found',
          found.toLocaleString(),
          matched.toLocaleString()
        );
  return state === 'running' ? trans.__('%1 so far…', count) : count;
}

function Field(props: {
  label: string;
  value: string;
  type?: string;
  placeholder?: string;
  problem: string | null;
  onChange: (value: string) => void;
}): JSX.Element {
  const { label, problem, type, value } = props;
  const id = React.useId();
  return (
    <div className="jp-rsdat-StacSearch-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="jp-rsdat-Stac-input"
        type={type ?? 'text'}
        spellCheck={false}
        autoComplete="off"
        placeholder={props.placeholder}
        value={value}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : `${id}-problem`}
        onChange={event => props.onChange(event.target.value)}
      />
      {problem !== null && (
        <span id={`${id}-problem`} className="jp-rsdat-Stac-wrong" role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}

/** Which collections are searched; none chosen: all. */
function Collections({ search, trans }: IProps): JSX.Element | null {
  const [text, setText] = React.useState('');
  const { collections, fields } = search;
  if (fields.url === '' || (collections === null && search.problem)) {
    return null;
  }
  if (collections === null) {
    return (
      <p className="jp-rsdat-Stac-hint" role="status">
        {trans.__('Asking for its collections…')}
      </p>
    );
  }
  const wanted = text.trim().toLocaleLowerCase();
  const shown = collections.collections.filter(({ id, title }) =>
    `${id}\n${title}`.toLocaleLowerCase().includes(wanted)
  );
  const chosen = new Set(fields.collections);
  return (
    <fieldset className="jp-rsdat-StacSearch-collections">
      <legend>
        {chosen.size === 0
          ? trans.__('Collections (all)')
          : trans._n('Collections (%1)', 'Collections (%1)', chosen.size)}
      </legend>
      {collections.collections.length > 6 && (
        <input
          type="search"
          className="jp-rsdat-Stac-input"
          aria-label={trans.__('Filter collections')}
          placeholder={trans.__('Filter collections')}
          value={text}
          onChange={event => setText(event.target.value)}
        />
      )}
      <div className="jp-rsdat-StacSearch-list">
        {shown.map(({ description, id, title }) => (
          <label key={id} title={description ?? id}>
            <input
              type="checkbox"
              checked={chosen.has(id)}
              onChange={event =>
                search.set({
                  collections: event.target.checked
                    ? [...fields.collections, id]
                    : fields.collections.filter(other => other !== id)
                })
              }
            />
            {title}
          </label>
        ))}
        {shown.length === 0 && (
          <p className="jp-rsdat-Stac-hint">
            {trans.__('No collection fits the filter.')}
          </p>
        )}
      </div>
    </fieldset>
  );
}

function Conditions(
  props: IProps & { isWrong: boolean; canFilter: boolean }
): JSX.Element | null {
  const { search, trans } = props;
  const { conditions } = search.fields;
  if (!props.canFilter && conditions.length === 0) {
    return null;
  }
  const put = (index: number, part: Partial<ICondition>): void =>
    search.set({
      conditions: conditions.map((condition, at) =>
        at === index ? { ...condition, ...part } : condition
      )
    });
  return (
    <fieldset className="jp-rsdat-StacSearch-conditions">
      <legend>{trans.__('Conditions')}</legend>
      {conditions.map(({ operator, property, value }, index) => (
        <div key={index} className="jp-rsdat-StacSearch-condition">
          <input
            className="jp-rsdat-Stac-input"
            aria-label={trans.__('Property')}
            placeholder={trans.__('eo:cloud_cover')}
            spellCheck={false}
            value={property}
            onChange={event => put(index, { property: event.target.value })}
          />
          <select
            className="jp-rsdat-Stac-input"
            aria-label={trans.__('Comparison')}
            value={operator}
            onChange={event =>
              put(index, { operator: event.target.value as Operator })
            }
          >
            {OPERATORS.map(each => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
          <input
            className="jp-rsdat-Stac-input"
            aria-label={trans.__('Value')}
            placeholder="20"
            spellCheck={false}
            value={value}
            onChange={event => put(index, { value: event.target.value })}
          />
          <button
            type="button"
            className="jp-rsdat-Stac-button"
            title={trans.__('Remove the condition')}
            aria-label={trans.__('Remove the condition')}
            onClick={() =>
              search.set({
                conditions: conditions.filter((_, at) => at !== index)
              })
            }
          >
            <closeIcon.react tag="span" />
          </button>
        </div>
      ))}
      {props.isWrong && (
        <span className="jp-rsdat-Stac-wrong" role="alert">
          {trans.__('A condition needs a property and a value')}
        </span>
      )}
      <button
        type="button"
        className="jp-rsdat-Stac-button"
        onClick={() =>
          search.set({
            conditions: [
              ...conditions,
              { property: '', operator: '<', value: '' }
            ]
          })
        }
      >
        <addIcon.react tag="span" />
        {trans.__('Add condition')}
      </button>
    </fieldset>
  );
}
