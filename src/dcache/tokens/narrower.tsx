/** A macaroon that may less than the present token, to hand out; it is shown only when asked. */
import { Clipboard } from '@jupyterlab/apputils';
import React from 'react';
import { CheckField, ChoiceField, TextField } from '../../common/fields';
import { tell } from '../../common/notice';
import type { IMacaroon } from '../../common/types';
import { formatTime } from '../format';
import type { ITokenProps } from './dialog';
import type { MacaroonForm } from './model';
import { activityWords } from './words';

export function NarrowerToken(props: ITokenProps): JSX.Element {
  const { model, trans } = props;
  const { fields, problems } = model;
  const isValid = Object.keys(problems).length === 0;
  return (
    <section aria-label={trans.__('Narrower macaroon')}>
      <h3>{trans.__('Narrower macaroon')}</h3>
      <p className="jp-rsdat-Form-hint">
        {trans.__(
          'For a colleague or a program: it opens only what is chosen here, and only so long.'
        )}
      </p>
      <form
        onSubmit={event => {
          event.preventDefault();
          void model.mint();
        }}
      >
        <div className="jp-rsdat-Form-grid">
          <TextField
            label={trans.__('File or folder')}
            value={fields.path}
            problem={problems.path}
            onChange={path => model.set({ path })}
          />
          <TextField
            label={trans.__('Hours')}
            number={{ least: 1, most: 168 }}
            value={fields.hours}
            problem={problems.hours}
            onChange={hours => model.set({ hours })}
          />
          <TextField
            label={trans.__('Only from addresses')}
            value={fields.ips}
            problem={problems.ips}
            placeholder={trans.__('anywhere; or 192.0.2.7, 2001:db8::/32')}
            onChange={ips => model.set({ ips })}
          />
          <ChoiceField
            label={trans.__('As')}
            value={fields.form}
            choices={formChoices(trans)}
            onChange={form => model.set({ form: form as MacaroonForm })}
          />
        </div>
        <fieldset className="jp-rsdat-Token-activities">
          <legend>{trans.__('It may')}</legend>
          {model.offered.map(activity => (
            <CheckField
              key={activity}
              label={activityWords(activity, trans)}
              isChecked={fields.activities.has(activity)}
              onChange={() => model.toggle(activity)}
            />
          ))}
          {problems.activities && (
            <span className="jp-rsdat-Form-problem" role="status">
              {problems.activities}
            </span>
          )}
        </fieldset>
        {model.mintError && (
          <p className="jp-rsdat-Transfer-problem" role="alert">
            {model.mintError.text}
          </p>
        )}
        <button
          type="submit"
          className="jp-mod-styled jp-mod-accept"
          disabled={!isValid || model.isBusy}
        >
          {trans.__('Make macaroon')}
        </button>
      </form>
      {model.macaroon && <Minted {...props} macaroon={model.macaroon} />}
    </section>
  );
}

function Minted(props: ITokenProps & { macaroon: IMacaroon }): JSX.Element {
  const { macaroon, model, trans } = props;
  const { isRevealed } = model;
  const button = (label: string, onClick: () => void): JSX.Element => (
    <button type="button" className="jp-rsdat-Button" onClick={onClick}>
      {label}
    </button>
  );
  return (
    <div
      className="jp-rsdat-Token-minted"
      role="group"
      aria-label={trans.__('New macaroon')}
    >
      <p role="status">
        {trans.__(
          'Made, good until %1. Whoever has it may all that it may: it is kept nowhere and not shown again.',
          formatTime(macaroon.expires)
        )}
      </p>
      <div className="jp-rsdat-Transfer-buttons">
        {button(trans.__('Copy'), () => {
          Clipboard.copyToSystem(macaroon.text);
          tell(trans.__('Copied.'), 'success', { autoClose: 2000 });
        })}
        {button(trans.__('Save as “%1”', macaroon.file_name), () =>
          saveFile(macaroon.file_name, macaroon.text)
        )}
        {button(isRevealed ? trans.__('Hide') : trans.__('Show it'), () =>
          model.reveal(!isRevealed)
        )}
      </div>
      {isRevealed && <Revealed text={macaroon.text} />}
    </div>
  );
}

/** The secret, brought into view: it comes at the end of a dialog that may be longer than the page. */
function Revealed({ text }: { text: string }): JSX.Element {
  const node = React.useRef<HTMLPreElement>(null);
  React.useEffect(() => {
    // Newer browsers return a promise, which React would take for a clean-up.
    void node.current?.scrollIntoView?.({ block: 'nearest' });
  }, []);
  return (
    <pre ref={node} tabIndex={0}>
      {text}
    </pre>
  );
}

function formChoices(trans: ITokenProps['trans']): [MacaroonForm, string][] {
  return [
    ['token', trans.__('the token itself')],
    ['link', trans.__('a link')],
    ['rclone', trans.__('a configuration for rclone')],
    ['ada', trans.__('a configuration for ada')]
  ];
}

/** Let the browser save a text. */
function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(url);
}
