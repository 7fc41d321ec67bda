/** The dialog that asks to which folder of dCache something is copied. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { ChoiceField } from '../common/fields';
import { Form } from '../common/form';
import { FormDialog } from '../common/formdialog';
import { PathFormField, type CompletePath } from '../common/pathinput';
import type { IDCache } from '../tokens';

interface IPlace {
  endpoint: string;
  path: string;
}

export class CopyForm extends Form<IPlace, IPlace> {
  constructor(
    place: IPlace,
    endpoints: readonly string[],
    complete: IDCache['complete'],
    trans: TranslationBundle
  ) {
    super(place);
    this._endpoints = endpoints;
    this._completeIn = complete;
    this._complete = this._completeAt(place.endpoint);
    this._trans = trans;
  }

  getValue(): IPlace | null {
    const { endpoint, path } = this.fields;
    const folder = path.trim().replace(/(.)\/+$/, '$1');
    return endpoint !== '' && folder.startsWith('/')
      ? { endpoint, path: folder }
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
            onChange={value => {
              this._complete = this._completeAt(value);
              this.set({ endpoint: value });
            }}
          />
        )}
        <PathFormField
          label={trans.__('Folder of dCache')}
          value={path}
          problem={
            path.trim().startsWith('/')
              ? undefined
              : trans.__('An absolute path, beginning with /')
          }
          onChange={value => this.set({ path: value })}
          complete={this._complete}
          trans={trans}
        />
      </div>
    );
  }

  /** Another function for another endpoint: then the field asks anew. */
  private _completeAt(endpoint: string): CompletePath {
    return (typed, signal) => this._completeIn(endpoint, typed, signal);
  }

  private _completeIn: IDCache['complete'];
  private _complete: CompletePath;
  private _endpoints: readonly string[];
  private _trans: TranslationBundle;
}

/** Ask, and begin the copy; the dialog stays until the companion took it. */
export async function askDCacheFolder(
  options: {
    /** To begin with. */
    place: IPlace;
    dcache: Pick<IDCache, 'endpoints' | 'complete'>;
    /** Entries to copy. */
    count: number;
    attempt: (folder: IPlace) => Promise<unknown>;
  },
  trans: TranslationBundle
): Promise<void> {
  const { attempt, count, dcache, place } = options;
  const { path } = place;
  await new FormDialog<IPlace | null>({
    title: trans._n(
      'Copy %1 entry to dCache',
      'Copy %1 entries to dCache',
      count
    ),
    body: new CopyForm(
      { ...place, path: path.endsWith('/') ? path : `${path}/` },
      (dcache.endpoints ?? []).map(({ name }) => name),
      (...typed) => dcache.complete(...typed),
      trans
    ),
    accept: trans.__('Copy'),
    cancel: trans.__('Cancel'),
    focus: 'input',
    attempt: async folder => attempt(folder ?? place)
  }).launch();
}
