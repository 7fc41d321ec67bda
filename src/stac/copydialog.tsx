/** The dialog before a copy: which assets, where to, how many bytes, how long. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { Debouncer } from '@lumino/polling';
import React from 'react';
import { CheckField, ChoiceField, TextField } from '../common/fields';
import { Form } from '../common/form';
import { FormDialog } from '../common/formdialog';
import { PathFormField, type CompletePath } from '../common/pathinput';
import { ApiError } from '../common/request';
import type { IStacAssets, IStacCopy, IStacEstimate } from '../common/types';
import { formatBytes, formatSpan } from '../common/units';
import type { IDCache } from '../tokens';
import type { IStacApi } from './api';

/** The estimate asks for the sizes of all files: not at every key that is pressed. */
const SETTLE_MS = 500;

/** A key of assets, and how many items have it. */
export interface IAssetCount {
  key: string;
  count: number;
}

interface IFields {
  assets: readonly string[];
  endpoint: string;
  path: string;
  id: string;
}

export interface ICopyFormOptions {
  api: Pick<IStacApi, 'estimate'>;
  request: IStacAssets;
  /** To choose from; null: only the catalog is written. */
  assets: readonly IAssetCount[] | null;
  chosen: readonly string[];
  endpoints: readonly string[];
  place: { endpoint: string; path: string };
  complete: IDCache['complete'];
  trans: TranslationBundle;
}

export class CopyForm extends Form<IFields, IStacCopy | null> {
  constructor(options: ICopyFormOptions) {
    const { chosen, place } = options;
    super({
      assets: options.assets === null ? [] : chosen,
      endpoint: place.endpoint,
      path: place.path,
      id: ''
    });
    this._options = options;
    this._complete = this._completeAt(place.endpoint);
    this.addClass('jp-rsdat-StacCopy');
    void this._estimating.invoke();
    this.changed.connect(() => {
      this._estimate = null;
      this._problem = null;
      this._control.abort();
      void this._estimating.invoke();
    });
  }

  getValue(): IStacCopy | null {
    const { assets, endpoint, id, path } = this.fields;
    const folder = path.trim().replace(/(.)\/+$/, '$1');
    const isValid =
      endpoint !== '' &&
      folder.startsWith('/') &&
      folder !== '/' &&
      (this._options.assets === null || assets.length > 0);
    const { href, selection } = this._options.request;
    return isValid
      ? {
          href,
          endpoint: this._options.request.endpoint,
          selection,
          assets: [...assets],
          to: { endpoint, path: folder },
          ...(id.trim() === '' ? {} : { id: id.trim() })
        }
      : null;
  }

  dispose(): void {
    this._control.abort();
    this._estimating.dispose();
    super.dispose();
  }

  protected render(): JSX.Element {
    const { endpoints, trans } = this._options;
    const { endpoint, id, path } = this.fields;
    const folder = path.trim().replace(/\/+$/, '');
    return (
      <>
        {this._assets()}
        <div className="jp-rsdat-Form-grid">
          {endpoints.length > 1 && (
            <ChoiceField
              label={trans.__('Endpoint')}
              value={endpoint}
              choices={endpoints.map(name => [name, name])}
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
              folder.startsWith('/')
                ? undefined
                : trans.__('The path of a folder, beginning with /')
            }
            onChange={value => this.set({ path: value })}
            complete={this._complete}
            trans={trans}
          />
          <TextField
            label={trans.__('Name of the catalog')}
            value={id}
            placeholder={folder.slice(folder.lastIndexOf('/') + 1)}
            onChange={value => this.set({ id: value })}
          />
        </div>
        <div className="jp-rsdat-StacCopy-estimate" role="status">
          {this._estimated()}
        </div>
      </>
    );
  }

  private _assets(): JSX.Element | null {
    const { assets: all, trans } = this._options;
    if (all === null) {
      return null;
    }
    const { assets } = this.fields;
    return (
      <fieldset className="jp-rsdat-StacCopy-assets">
        <legend>{trans.__('Assets')}</legend>
        {all.map(({ count, key }) => (
          <CheckField
            key={key}
            label={trans._n('%2 (%1 item)', '%2 (%1 items)', count, key)}
            isChecked={assets.includes(key)}
            onChange={isChecked =>
              this.set({
                assets: all
                  .map(asset => asset.key)
                  .filter(other =>
                    other === key ? isChecked : assets.includes(other)
                  )
              })
            }
          />
        ))}
        {assets.length === 0 && (
          <p className="jp-rsdat-Form-problem">
            {trans.__('Choose at least one.')}
          </p>
        )}
      </fieldset>
    );
  }

  private _estimated(): React.ReactNode {
    const { trans } = this._options;
    if (this._problem) {
      return (
        <p className="jp-rsdat-Stac-wrong">
          {trans.__('No estimate: %1', this._problem.text)}
        </p>
      );
    }
    if (this._estimate) {
      return (
        <ul>
          {estimateLines(this._estimate, trans).map(line => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      );
    }
    return this.isValid ? <p>{trans.__('Estimating…')}</p> : null;
  }

  private async _ask(): Promise<void> {
    const value = this.getValue();
    if (value === null || this.isDisposed) {
      return;
    }
    this._control.abort();
    const { signal } = (this._control = new AbortController());
    try {
      const estimate = await this._options.api.estimate(value, signal);
      if (signal.aborted) {
        return;
      }
      this._estimate = estimate;
    } catch (reason) {
      if (signal.aborted) {
        return;
      }
      this._problem = ApiError.from(reason);
    }
    this.update();
  }

  /** Another function for another endpoint: then the field asks anew. */
  private _completeAt(endpoint: string): CompletePath {
    return (typed, signal) => this._options.complete(endpoint, typed, signal);
  }

  private _options: ICopyFormOptions;
  private _complete: CompletePath;
  private _estimate: IStacEstimate | null = null;
  private _problem: ApiError | null = null;
  private _control = new AbortController();
  private _estimating = new Debouncer(() => this._ask(), SETTLE_MS);
}

/** What a copy would bring, in words. */
export function estimateLines(
  estimate: IStacEstimate,
  trans: TranslationBundle
): string[] {
  const { bytes, files, free, missing, seconds, there, unknown } = estimate;
  const byDoors = estimate.by_doors;
  const onTape = estimate.on_tape;
  const items = trans._n('%1 item', '%1 items', estimate.items);
  if (files === 0) {
    return [trans.__('%1: the catalog alone is written.', items)];
  }
  const lines = [
    estimate.sampled
      ? trans.__(
          '%1: about %2 files, about %3',
          items,
          files.toLocaleString(),
          formatBytes(bytes)
        )
      : trans._n(
          '%2: %1 file, %3',
          '%2: %1 files, %3',
          files,
          items,
          formatBytes(bytes)
        )
  ];
  if (unknown > 0) {
    lines.push(
      trans._n(
        '%1 file’s size is not known',
        '%1 files’ sizes are not known',
        unknown
      )
    );
  }
  // What is there or missing takes no time, and needs no words about it.
  if (seconds !== null && there + missing < files) {
    lines.push(
      Math.round(seconds) < 1
        ? trans.__(
            'less than a second through the Jupyter server, at the rate measured now'
          )
        : trans.__(
            'about %1 through the Jupyter server, at the rate measured now',
            formatSpan(seconds)
          )
    );
  }
  if (byDoors > 0) {
    lines.push(
      trans._n(
        'dCache may copy %1 file by itself: how fast can’t be known before',
        'dCache may copy %1 files by itself: how fast can’t be known before',
        byDoors
      )
    );
  }
  if (there > 0) {
    lines.push(
      trans._n(
        '%1 is there already and is left out',
        '%1 are there already and are left out',
        there
      )
    );
  }
  if (onTape > 0) {
    lines.push(
      trans._n(
        '%1 is on tape and has to be staged first',
        '%1 are on tape and have to be staged first',
        onTape
      )
    );
  }
  if (missing > 0) {
    lines.push(
      trans._n(
        '%1 is not where its item says',
        '%1 are not where their items say',
        missing
      )
    );
  }
  if (free !== null) {
    lines.push(
      bytes > free
        ? trans.__('Only %1 are left of the quota!', formatBytes(free))
        : trans.__('%1 are left of the quota', formatBytes(free))
    );
  }
  return lines;
}

/** Ask, and begin the copy; the dialog stays until the companion took it. */
export async function askCopy(
  options: ICopyFormOptions & {
    attempt: (copy: IStacCopy) => Promise<unknown>;
  }
): Promise<void> {
  const { trans } = options;
  const isCatalog = options.assets === null;
  await new FormDialog<IStacCopy | null>({
    title: isCatalog
      ? trans.__('Save as catalog in dCache')
      : trans.__('Copy assets to dCache'),
    body: new CopyForm(options),
    accept: isCatalog ? trans.__('Save') : trans.__('Copy'),
    cancel: trans.__('Cancel'),
    focus: 'input',
    attempt: async copy => {
      if (copy !== null) {
        await options.attempt(copy);
      }
    }
  }).launch();
}
