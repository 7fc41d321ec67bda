/** Labelled controls of the forms: what is wrong with one is said beside it. */
import React from 'react';

export interface ITextFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What is wrong with the value. */
  problem?: string;
  placeholder?: string;
  isDisabled?: boolean;
  /** Values to choose from; others may be typed. */
  choices?: readonly string[];
  /** A whole number from `least` (else 0) to `most`. */
  number?: { least?: number; most?: number };
}

/** One line of text, or a number. */
export function TextField(props: ITextFieldProps): JSX.Element {
  const id = React.useId();
  const { number, choices } = props;
  const list = choices && choices.length > 0 ? `${id}-choices` : undefined;
  return (
    <>
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        className="jp-mod-styled"
        type={number ? 'number' : 'text'}
        inputMode={number ? 'numeric' : 'text'}
        min={number ? (number.least ?? 0) : undefined}
        max={number?.most}
        step={number ? 1 : undefined}
        list={list}
        spellCheck={false}
        autoComplete="off"
        value={props.value}
        placeholder={props.placeholder}
        disabled={props.isDisabled}
        aria-invalid={props.problem !== undefined}
        aria-describedby={`${id}-problem`}
        onChange={event => props.onChange(event.target.value)}
      />
      {list && (
        <datalist id={list}>
          {choices?.map(choice => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
      <span
        id={`${id}-problem`}
        className="jp-rsdat-Form-problem"
        aria-live="polite"
      >
        {props.problem}
      </span>
    </>
  );
}

/** One of several values, by their names. */
export function ChoiceField(props: {
  label: string;
  value: string;
  choices: readonly (readonly [value: string, name: string])[];
  onChange: (value: string) => void;
}): JSX.Element {
  const id = React.useId();
  return (
    <>
      <label htmlFor={id}>{props.label}</label>
      <select
        id={id}
        className="jp-mod-styled"
        value={props.value}
        onChange={event => props.onChange(event.target.value)}
      >
        {props.choices.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </>
  );
}

export function CheckField(props: {
  label: string;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}): JSX.Element {
  return (
    <label className="jp-rsdat-Form-check">
      <input
        type="checkbox"
        checked={props.isChecked}
        onChange={event => props.onChange(event.target.checked)}
      />
      {props.label}
    </label>
  );
}
