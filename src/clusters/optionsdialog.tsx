/** The dialog that asks what a new cluster's jobs should be like. */
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import { FormDialog, type IFormBody } from '../common/formdialog';
import { ApiError } from '../common/request';
import type { IClusterRequest, IPreview, ISite } from '../common/types';
import { formatClock } from '../common/units';
import type { IClustersApi } from './api';
import {
  emptyFields,
  optionProblems,
  optionsRequest,
  placeholders,
  type IOptionFields
} from './options';

interface IField {
  key: keyof IOptionFields;
  label: string;
  /** Values to choose from; others may be typed. */
  choices?: readonly string[];
  isLong?: boolean;
  isNumber?: boolean;
}

/** The form; state is kept here, as Lab may draw it anew at any time. */
export class OptionsForm
  extends ReactWidget
  implements IFormBody<IClusterRequest>
{
  constructor(options: OptionsForm.IOptions) {
    super();
    this.addClass('jp-rsdat-Form');
    this._api = options.api;
    this._site = options.site;
    this._trans = options.trans;
    this._fields = emptyFields(options.site);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isValid(): boolean {
    return Object.keys(optionProblems(this._fields, this._trans)).length === 0;
  }

  getValue(): IClusterRequest {
    return optionsRequest(this._fields);
  }

  dispose(): void {
    super.dispose();
    Signal.clearData(this);
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const site = this._site;
    const first: IField[] = [
      { key: 'name', label: trans.__('Name') },
      { key: 'workers', label: trans.__('Workers'), isNumber: true },
      { key: 'cores', label: trans.__('Cores per worker'), isNumber: true },
      { key: 'memory', label: trans.__('Memory per worker') },
      { key: 'walltime', label: trans.__('Walltime') },
      {
        key: 'partition',
        label: trans.__('Partition'),
        choices: site.partitions.map(({ name }) => name)
      },
      { key: 'account', label: trans.__('Account'), choices: site.accounts }
    ];
    const more: IField[] = [
      { key: 'interface', label: trans.__('Network interface') },
      { key: 'localDirectory', label: trans.__('Local directory') },
      { key: 'prologue', label: trans.__('Prologue'), isLong: true },
      { key: 'directives', label: trans.__('More directives'), isLong: true }
    ];
    return (
      <>
        <div className="jp-rsdat-Form-grid">
          <label htmlFor={`${this.id}-preset`}>{trans.__('Preset')}</label>
          <select
            id={`${this.id}-preset`}
            className="jp-mod-styled"
            value={this._fields.preset}
            onChange={event => this._set({ preset: event.target.value })}
          >
            {site.presets.map(preset => (
              <option key={preset.name} value={preset.name}>
                {preset.title}
              </option>
            ))}
          </select>
          {first.map(field => this._field(field))}
        </div>
        <details className="jp-rsdat-Form-more">
          <summary>{trans.__('More options')}</summary>
          <div className="jp-rsdat-Form-grid">
            {more.map(field => this._field(field))}
          </div>
        </details>
        <button
          type="button"
          className="jp-rsdat-Button"
          disabled={!this.isValid || this._isPreviewing}
          onClick={() => void this._showPreview()}
        >
          {trans.__('Preview script')}
        </button>
        <div aria-live="polite">{this._previewPart()}</div>
      </>
    );
  }

  private _field(field: IField): JSX.Element {
    const { key } = field;
    const id = `${this.id}-${key}`;
    const problem = optionProblems(this._fields, this._trans)[key];
    const preset = placeholders(this._site, this._fields.preset)[key];
    const common = {
      id,
      className: 'jp-mod-styled',
      value: this._fields[key],
      placeholder: preset,
      'aria-invalid': problem !== undefined,
      'aria-describedby': `${id}-problem`
    };
    return (
      <React.Fragment key={key}>
        <label htmlFor={id}>{field.label}</label>
        {field.isLong ? (
          <textarea
            {...common}
            rows={3}
            spellCheck={false}
            onChange={event => this._set({ [key]: event.target.value })}
          />
        ) : (
          <input
            {...common}
            type="text"
            inputMode={field.isNumber ? 'numeric' : 'text'}
            list={field.choices ? `${id}-choices` : undefined}
            onChange={event => this._set({ [key]: event.target.value })}
          />
        )}
        {field.choices && (
          <datalist id={`${id}-choices`}>
            {field.choices.map(choice => (
              <option key={choice} value={choice} />
            ))}
          </datalist>
        )}
        <span
          id={`${id}-problem`}
          className="jp-rsdat-Form-problem"
          aria-live="polite"
        >
          {problem}
        </span>
      </React.Fragment>
    );
  }

  private _previewPart(): JSX.Element | null {
    const trans = this._trans;
    if (this._previewError) {
      return <p className="jp-rsdat-Form-problem">{this._previewError.text}</p>;
    }
    const preview = this._preview;
    if (!preview) {
      return null;
    }
    const estimate = preview.start_estimate;
    return (
      <div className="jp-rsdat-Preview">
        {preview.problems.map(problem => (
          <p key={problem} className="jp-rsdat-Form-problem">
            {problem}
          </p>
        ))}
        <p>
          {trans.__(
            'At most %1 core-hours, if every worker lives for its whole walltime.',
            preview.core_hours
          )}
          {estimate
            ? ` ${trans.__('Expected start: %1.', formatClock(estimate))}`
            : ''}
        </p>
        <pre tabIndex={0} aria-label={trans.__('Worker script')}>
          {preview.script}
        </pre>
      </div>
    );
  }

  private _set(part: Partial<IOptionFields>): void {
    this._fields = { ...this._fields, ...part };
    // A preview of something else would be believed.
    this._preview = null;
    this._previewError = null;
    this.update();
    this._changed.emit();
  }

  private async _showPreview(): Promise<void> {
    const fields = this._fields;
    this._isPreviewing = true;
    this.update();
    let preview: IPreview | null = null;
    let error: ApiError | null = null;
    try {
      preview = await this._api.preview(optionsRequest(fields));
    } catch (reason) {
      error = ApiError.from(reason);
    }
    this._isPreviewing = false;
    if (fields === this._fields) {
      this._preview = preview;
      this._previewError = error;
    }
    if (!this.isDisposed) {
      this.update();
    }
  }

  private _api: Pick<IClustersApi, 'preview'>;
  private _site: ISite;
  private _trans: TranslationBundle;
  private _fields: IOptionFields;
  private _preview: IPreview | null = null;
  private _previewError: ApiError | null = null;
  private _isPreviewing = false;
  private _changed = new Signal<this, void>(this);
}

export namespace OptionsForm {
  export interface IOptions {
    api: Pick<IClustersApi, 'preview'>;
    site: ISite;
    trans: TranslationBundle;
  }
}

/** Ask; null when cancelled. */
export async function askOptions(options: {
  api: Pick<IClustersApi, 'preview'>;
  site: ISite;
  translator: ITranslator;
}): Promise<IClusterRequest | null> {
  const { api, site, translator } = options;
  const trans = translator.load('jupyterlab_rsdat');
  const body = new OptionsForm({ api, site, trans });
  body.id = 'jp-rsdat-cluster-options';
  const result = await new FormDialog<IClusterRequest>({
    title: trans.__('Cluster options'),
    body,
    accept: trans.__('Start cluster'),
    cancel: trans.__('Cancel'),
    focus: 'select'
  }).launch();
  return result.button.accept ? result.value : null;
}
