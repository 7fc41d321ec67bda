/** A field for a secret: what is typed is never drawn. */
import React from 'react';

export function SecretField(props: {
  label: string;
  value: string;
  problem?: string;
  onChange: (value: string) => void;
}): JSX.Element {
  const id = React.useId();
  return (
    <>
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        className="jp-mod-styled"
        type="password"
        // Not the user's own password for this page: nothing is to be filled in or kept.
        autoComplete="new-password"
        spellCheck={false}
        value={props.value}
        aria-invalid={props.problem !== undefined}
        aria-describedby={`${id}-problem`}
        onChange={event => props.onChange(event.target.value)}
      />
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
