/** The form that asks to which folder entries are moved. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { Form } from '../common/form';
import { PathFormField, type CompletePath } from '../common/pathinput';

export class MoveForm extends Form<{ folder: string }, string> {
  constructor(
    folder: string,
    complete: CompletePath,
    trans: TranslationBundle
  ) {
    super({ folder });
    this._complete = complete;
    this._trans = trans;
  }

  /** As typed; null while nothing is. */
  getValue(): string | null {
    return this.fields.folder.trim() === '' ? null : this.fields.folder;
  }

  protected render(): JSX.Element {
    return (
      <div className="jp-rsdat-Form-grid">
        <PathFormField
          label={this._trans.__('Destination folder')}
          value={this.fields.folder}
          onChange={folder => this.set({ folder })}
          complete={this._complete}
          trans={this._trans}
        />
      </div>
    );
  }

  private _complete: CompletePath;
  private _trans: TranslationBundle;
}
