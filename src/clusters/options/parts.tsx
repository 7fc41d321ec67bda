/** One field of the form: label, control, help, and what is to be said of it. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { TextKey } from './fields';
import type { OptionsModel } from './model';

export interface IPartProps {
  model: OptionsModel;
  trans: TranslationBundle;
}

export interface IFieldProps extends IPartProps {
  field: TextKey;
  label: string;
  help?: string;
  /** Values to choose from; others may be typed. */
  choices?: readonly string[];
  /** Whole numbers, or several lines; else one line of text. */
  kind?: 'number' | 'lines';
  /** What an empty field means. */
  placeholder?: string;
  isDisabled?: boolean;
}

/** A field of text. */
export function Field(props: IFieldProps): JSX.Element {
  const { model, field, label, kind, choices } = props;
  const id = React.useId();
  const list = choices && choices.length > 0 ? `${id}-choices` : undefined;
  const common = {
    id,
    className: 'jp-mod-styled',
    value: model.fields[field],
    placeholder: props.placeholder,
    disabled: props.isDisabled,
    spellCheck: false,
    autoComplete: 'off',
    'aria-invalid': Boolean(model.remarks.errors[field]),
    'aria-describedby': `${id}-help ${id}-remark`,
    onChange: (
      event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>
    ) => model.set({ [field]: event.target.value })
  };
  return (
    <>
      <label
        htmlFor={id}
        className={field in model.changes ? 'jp-mod-changed' : undefined}
      >
        {label}
      </label>
      <div className="jp-rsdat-Form-control">
        {kind === 'lines' ? (
          <textarea {...common} rows={2} wrap="off" />
        ) : (
          <input
            {...common}
            type="text"
            inputMode={kind === 'number' ? 'numeric' : 'text'}
            list={list}
          />
        )}
        {list && (
          <datalist id={list}>
            {choices?.map(choice => (
              <option key={choice} value={choice} />
            ))}
          </datalist>
        )}
        <Words {...props} id={id} />
      </div>
    </>
  );
}

/** Help and remarks of a field, named so that its control can refer to them. */
export function Words(props: {
  id: string;
  model: OptionsModel;
  field: TextKey;
  help?: string;
}): JSX.Element {
  const { id, model, field, help } = props;
  const { errors, problems, notes } = model.remarks;
  const problem = errors[field] || problems[field];
  const note = notes[field];
  return (
    <>
      {help && (
        <span id={`${id}-help`} className="jp-rsdat-Form-help">
          {help}
        </span>
      )}
      <span id={`${id}-remark`} aria-live="polite">
        {problem && <span className="jp-rsdat-Form-problem">{problem}</span>}
        {note && <span className="jp-rsdat-Form-note">{note}</span>}
      </span>
    </>
  );
}

/** A checkbox over both columns. */
export function Check(props: {
  label: string;
  help?: string;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}): JSX.Element {
  const id = React.useId();
  return (
    <div className="jp-rsdat-Form-wide">
      <label className="jp-rsdat-Form-check">
        <input
          type="checkbox"
          checked={props.isChecked}
          aria-describedby={`${id}-help`}
          onChange={event => props.onChange(event.target.checked)}
        />
        {props.label}
      </label>
      {props.help && (
        <span id={`${id}-help`} className="jp-rsdat-Form-help">
          {props.help}
        </span>
      )}
    </div>
  );
}

/** Fields that belong together. */
export function Group(props: {
  title: string;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <fieldset className="jp-rsdat-Form-group">
      <legend>{props.title}</legend>
      <div className="jp-rsdat-Form-grid">{props.children}</div>
    </fieldset>
  );
}
