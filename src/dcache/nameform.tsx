/** The field for a name in a folder, which says at once why a text can't be one. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import type { IFormBody } from '../common/formdialog';
import { nameProblem } from './paths';

/** The form of a `FormDialog` that asks for a name. */
export class NameForm extends ReactWidget implements IFormBody<string> {
  constructor(label: string, name: string, trans: TranslationBundle) {
    super();
    this.addClass('jp-rsdat-Form');
    this._label = label;
    this._name = name;
    this._trans = trans;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isValid(): boolean {
    return nameProblem(this._name) === null;
  }

  getValue(): string {
    return this._name;
  }

  dispose(): void {
    super.dispose();
    Signal.clearData(this);
  }

  protected render(): JSX.Element {
    return (
      <NameField
        label={this._label}
        first={this._name}
        problemOf={name => this._problemOf(name)}
        onChange={name => {
          this._name = name;
          this._changed.emit();
        }}
      />
    );
  }

  private _problemOf(name: string): string {
    const trans = this._trans;
    switch (nameProblem(name)) {
      case 'slash':
        return trans.__('A name can’t contain a slash.');
      case 'dots':
        return trans.__('“.” and “..” can’t be names.');
      default:
        // An empty field needs no words: the button waits for a name.
        return '';
    }
  }

  private _label: string;
  private _name: string;
  private _trans: TranslationBundle;
  private _changed = new Signal<this, void>(this);
}

function NameField(props: {
  label: string;
  first: string;
  problemOf: (name: string) => string;
  onChange: (name: string) => void;
}): JSX.Element {
  const { label, first, problemOf } = props;
  const [name, setName] = React.useState(first);
  const field = React.useRef<HTMLInputElement>(null);
  const id = React.useId();
  const problem = problemOf(name);
  React.useLayoutEffect(() => {
    // The name without its extension: that is what a new name changes. Before anybody can have
    // selected something else in it; the focus, which comes later, leaves it so.
    const dot = first.lastIndexOf('.');
    field.current!.setSelectionRange(0, dot > 0 ? dot : first.length);
  }, []);
  return (
    <div className="jp-rsdat-Form-grid">
      <label htmlFor={id}>{label}</label>
      <input
        ref={field}
        id={id}
        className="jp-mod-styled"
        type="text"
        spellCheck={false}
        autoComplete="off"
        value={name}
        aria-invalid={problem !== ''}
        aria-describedby={`${id}-problem`}
        onChange={event => {
          setName(event.target.value);
          props.onChange(event.target.value);
        }}
      />
      <span
        id={`${id}-problem`}
        className="jp-rsdat-Form-problem"
        aria-live="polite"
      >
        {problem}
      </span>
    </div>
  );
}
