/** The dialog that asks to which folder of dCache something is copied. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { ChoiceField, TextField } from '../common/fields';
import { Form } from '../common/form';
import { FormDialog } from '../common/formdialog';

interface IPlace {
  endpoint: string;
  path: string;
}

export class CopyForm extends Form<IPlace, IPlace> {
  constructor(
    place: IPlace,
    endpoints: readonly string[],
    trans: TranslationBundle
  ) {
    super(place);
    this._endpoints = endpoints;
    this._trans = trans;
  }

  getValue(): IPlace | null {
    const { endpoint, path } = this.fields;
    return endpoint !== '' && path.trim().startsWith('/')
      ? { endpoint, path: path.trim() }
      : null;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const { endpoint, path } = this.fields;
    return (
      <div className="jp-rsdat-Form-grid">
        {this._endpoints.length > 1 && (
          <ChoiceField
            label={trans.__('Endpoint')}
            value={endpoint}
            choices={this._endpoints.map(name => [name, name])}
            onChange={value => this.set({ endpoint: value })}
          />
        )}
        <TextField
          label={trans.__('Folder of dCache')}
          value={path}
          problem={
            path.trim().startsWith('/')
              ? undefined
              : trans.__('An absolute path, beginning with /')
          }
          onChange={value => this.set({ path: value })}
        />
      </div>
    );
  }

  private _endpoints: readonly string[];
  private _trans: TranslationBundle;
}

/** Ask; null when cancelled. */
export async function askDCacheFolder(
  place: IPlace,
  endpoints: readonly string[],
  count: number,
  trans: TranslationBundle
): Promise<IPlace | null> {
  const result = await new FormDialog<IPlace | null>({
    title: trans._n(
      'Copy %1 entry to dCache',
      'Copy %1 entries to dCache',
      count
    ),
    body: new CopyForm(place, endpoints, trans),
    accept: trans.__('Copy'),
    cancel: trans.__('Cancel'),
    focus: 'input'
  }).launch();
  return result.button.accept ? result.value : null;
}
