/** The dialog that asks for a scheduler that exists already. */
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { ChoiceField, TextField } from '../common/fields';
import { Form } from '../common/form';
import { FormDialog } from '../common/formdialog';
import type { IClusterRequest } from '../common/types';
import {
  EMPTY,
  attachProblems,
  attachRequest,
  type IAttachFields
} from './attach';

export class AttachForm extends Form<IAttachFields, IClusterRequest> {
  constructor(trans: TranslationBundle) {
    super(EMPTY);
    this._trans = trans;
  }

  getValue(): IClusterRequest | null {
    const problems = attachProblems(this.fields, this._trans);
    return Object.keys(problems).length === 0
      ? attachRequest(this.fields)
      : null;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const { fields } = this;
    const problems = attachProblems(fields, trans);
    const field = (
      key: Exclude<keyof IAttachFields, 'by'>,
      label: string,
      placeholder?: string
    ): JSX.Element => (
      <TextField
        label={label}
        value={fields[key]}
        placeholder={placeholder}
        // What was not filled in yet is no mistake yet, unless its neighbours are.
        problem={
          fields[key] === '' && (key === 'address' || key === 'file')
            ? undefined
            : problems[key]
        }
        onChange={value => this.set({ [key]: value })}
      />
    );
    return (
      <>
        <div className="jp-rsdat-Form-grid">
          <ChoiceField
            label={trans.__('Scheduler by')}
            value={fields.by}
            choices={[
              ['address', trans.__('its address')],
              ['file', trans.__('its scheduler file')]
            ]}
            onChange={by => this.set({ by: by as IAttachFields['by'] })}
          />
          {fields.by === 'address'
            ? field('address', trans.__('Address'), 'tls://10.0.0.1:8786')
            : field('file', trans.__('Scheduler file'), '~/scheduler.json')}
          {field('port', trans.__('Dashboard port'), '8787')}
          {field('name', trans.__('Name'))}
          <p className="jp-rsdat-Form-hint">
            {trans.__(
              'The scheduler stays somebody else’s: detaching it ends neither it nor its workers.'
            )}
          </p>
        </div>
        <details className="jp-rsdat-Form-more">
          <summary>{trans.__('TLS files')}</summary>
          <div className="jp-rsdat-Form-grid">
            {field('ca', trans.__('CA file'))}
            {field('cert', trans.__('Certificate file'))}
            {field('key', trans.__('Key file'))}
            <p className="jp-rsdat-Form-hint">
              {trans.__(
                'Paths on the server, of files that only you can read.'
              )}
            </p>
          </div>
        </details>
      </>
    );
  }

  private _trans: TranslationBundle;
}

/** Ask; null when cancelled. */
export async function askAttach(
  translator: ITranslator
): Promise<IClusterRequest | null> {
  const trans = translator.load('jupyterlab_rsdat');
  const result = await new FormDialog<IClusterRequest | null>({
    title: trans.__('Attach a scheduler'),
    body: new AttachForm(trans),
    accept: trans.__('Attach'),
    cancel: trans.__('Cancel'),
    focus: 'input'
  }).launch();
  return result.button.accept ? result.value : null;
}
