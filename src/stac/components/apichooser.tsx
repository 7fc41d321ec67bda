/** Which STAC API is searched: those configured, and those that the user added. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, deleteIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { ApiError } from '../../common/request';
import type { SearchModel } from '../search';
import { useVersion } from './context';

interface IProps {
  search: SearchModel;
  trans: TranslationBundle;
}

export function ApiChooser(props: IProps): JSX.Element {
  const { trans } = props;
  const search = useVersion(props.search);
  const { apis, fields } = search;
  const [isAdding, setAdding] = React.useState(false);
  const [failure, setFailure] = React.useState<string | null>(null);
  const id = React.useId();
  const chosen = apis?.find(({ url }) => url === fields.url);
  const isFormShown = isAdding || (apis !== null && apis.length === 0);
  return (
    <div className="jp-rsdat-StacSearch-api">
      <label htmlFor={id}>{trans.__('STAC API')}</label>
      <div className="jp-rsdat-StacSearch-row">
        <select
          id={id}
          className="jp-rsdat-Stac-input"
          value={fields.url}
          disabled={apis === null || apis.length === 0}
          onChange={event => search.set({ url: event.target.value })}
        >
          {!chosen && (
            <option value={fields.url}>
              {fields.url || trans.__('Choose…')}
            </option>
          )}
          {(apis ?? []).map(({ name, title, url }) => (
            <option key={name} value={url}>
              {title || name}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="jp-rsdat-Stac-button"
          title={trans.__('Add an API')}
          aria-label={trans.__('Add an API')}
          aria-expanded={isFormShown}
          onClick={() => setAdding(!isAdding)}
        >
          <addIcon.react tag="span" />
        </button>
        {chosen?.own && (
          <button
            type="button"
            className="jp-rsdat-Stac-button"
            title={trans.__('Remove “%1” from the list', chosen.name)}
            aria-label={trans.__('Remove “%1” from the list', chosen.name)}
            onClick={() => {
              search.removeApi(chosen.name).then(
                () => setFailure(null),
                reason => setFailure(ApiError.from(reason).text)
              );
            }}
          >
            <deleteIcon.react tag="span" />
          </button>
        )}
      </div>
      {failure && (
        <p className="jp-rsdat-Stac-wrong" role="alert">
          {failure}
        </p>
      )}
      {isFormShown && (
        <AddForm {...props} search={search} close={() => setAdding(false)} />
      )}
    </div>
  );
}

/** A name and an address; the companion asks the address before it is saved. */
function AddForm({
  close,
  search,
  trans
}: IProps & { close: () => void }): JSX.Element {
  const [name, setName] = React.useState('');
  const [url, setUrl] = React.useState('');
  const [isBusy, setBusy] = React.useState(false);
  const [failure, setFailure] = React.useState<string | null>(null);
  const isValid =
    /^[A-Za-z0-9_.-]{1,64}$/.test(name) && /^https?:\/\/./.test(url.trim());
  const add = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await search.addApi(name, url.trim());
      close();
    } catch (reason) {
      setFailure(ApiError.from(reason).text);
    }
    setBusy(false);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter') {
      // Not the search around it.
      event.preventDefault();
      if (isValid && !isBusy) {
        void add();
      }
    }
  };
  return (
    <div
      className="jp-rsdat-StacSearch-add"
      role="group"
      aria-label={trans.__('Add an API')}
      aria-busy={isBusy}
      onKeyDown={onKeyDown}
    >
      <input
        className="jp-rsdat-Stac-input"
        aria-label={trans.__('Name of the API')}
        placeholder={trans.__('Name: letters, digits, _ . -')}
        spellCheck={false}
        value={name}
        onChange={event => setName(event.target.value)}
      />
      <input
        className="jp-rsdat-Stac-input"
        type="url"
        aria-label={trans.__('Address of the API')}
        placeholder={trans.__('https://…')}
        spellCheck={false}
        value={url}
        onChange={event => setUrl(event.target.value)}
      />
      <button
        type="button"
        className="jp-mod-styled"
        disabled={!isValid || isBusy}
        onClick={() => void add()}
      >
        {isBusy ? trans.__('Asking…') : trans.__('Add')}
      </button>
      {failure && (
        <p className="jp-rsdat-Stac-wrong" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}
