/** Labels and extended attributes of an entry: shown, added, removed. */
import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import React from 'react';
import type { IDetails } from '../../common/types';
import { useDetails, type IPanelContext } from './state';

/** `known` is what dCache said; `details` of the context is the model behind it. */
interface IKnownProps extends IPanelContext {
  known: IDetails;
}

export function Labels(props: IKnownProps): JSX.Element {
  const { known, trans } = props;
  const pane = useDetails(props.details);
  const [label, setLabel] = React.useState('');
  const add = async (): Promise<void> => {
    if (await pane.change({ add_labels: [label.trim()] })) {
      setLabel('');
    }
  };
  return (
    <fieldset className="jp-rsdat-DCache-attributes" disabled={pane.isChanging}>
      <legend>{trans.__('Labels')}</legend>
      <ul className="jp-rsdat-DCache-labels">
        {known.labels.map(each => (
          <li key={each}>
            <span>{each}</span>
            <RemoveButton
              label={trans.__('Remove the label %1', each)}
              onClick={() => void pane.change({ remove_labels: [each] })}
            />
          </li>
        ))}
      </ul>
      <form
        onSubmit={event => {
          event.preventDefault();
          void add();
        }}
      >
        <input
          type="text"
          className="jp-mod-styled"
          aria-label={trans.__('New label')}
          placeholder={trans.__('New label')}
          maxLength={255}
          spellCheck={false}
          value={label}
          onChange={event => setLabel(event.target.value)}
          onKeyDown={event => event.stopPropagation()}
        />
        <AddButton
          label={trans.__('Add label')}
          isEnabled={label.trim() !== ''}
        />
      </form>
    </fieldset>
  );
}

export function Xattrs(props: IKnownProps): JSX.Element {
  const { known, trans } = props;
  const pane = useDetails(props.details);
  const [name, setName] = React.useState('');
  const [value, setValue] = React.useState('');
  const add = async (): Promise<void> => {
    if (await pane.change({ set_xattrs: { [name.trim()]: value } })) {
      setName('');
      setValue('');
    }
  };
  return (
    <fieldset className="jp-rsdat-DCache-attributes" disabled={pane.isChanging}>
      <legend>{trans.__('Extended attributes')}</legend>
      <dl className="jp-rsdat-DCache-facts">
        {Object.entries(known.xattrs).map(([key, text]) => (
          <React.Fragment key={key}>
            <dt>{key}</dt>
            <dd>
              <span className="jp-rsdat-DCache-copied">
                <code>{text}</code>
                <RemoveButton
                  label={trans.__('Remove the attribute %1', key)}
                  onClick={() => void pane.change({ remove_xattrs: [key] })}
                />
              </span>
            </dd>
          </React.Fragment>
        ))}
      </dl>
      <form
        onSubmit={event => {
          event.preventDefault();
          void add();
        }}
      >
        <input
          type="text"
          className="jp-mod-styled"
          aria-label={trans.__('Attribute name')}
          placeholder={trans.__('Name')}
          spellCheck={false}
          value={name}
          onChange={event => setName(event.target.value)}
          onKeyDown={event => event.stopPropagation()}
        />
        <input
          type="text"
          className="jp-mod-styled"
          aria-label={trans.__('Attribute value')}
          placeholder={trans.__('Value')}
          maxLength={65536}
          spellCheck={false}
          value={value}
          onChange={event => setValue(event.target.value)}
          onKeyDown={event => event.stopPropagation()}
        />
        <AddButton
          label={
            name.trim() in known.xattrs
              ? trans.__('Change attribute')
              : trans.__('Add attribute')
          }
          isEnabled={name.trim() !== ''}
        />
      </form>
    </fieldset>
  );
}

function RemoveButton(props: {
  label: string;
  onClick: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      className="jp-rsdat-DCache-small"
      title={props.label}
      aria-label={props.label}
      onClick={props.onClick}
    >
      <closeIcon.react tag="span" stylesheet="breadCrumb" />
    </button>
  );
}

function AddButton(props: { label: string; isEnabled: boolean }): JSX.Element {
  return (
    <button
      type="submit"
      className="jp-rsdat-DCache-small"
      title={props.label}
      aria-label={props.label}
      disabled={!props.isEnabled}
    >
      <addIcon.react tag="span" stylesheet="breadCrumb" />
    </button>
  );
}
