/** The dialogs that ask what a new cluster, or workers of another kind, should be like. */
import type { IStateDB } from '@jupyterlab/statedb';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import { FormDialog, type IFormBody } from '../../common/formdialog';
import type {
  ICluster,
  IClusterRequest,
  IGroupRequest,
  ISite
} from '../../common/types';
import { OptionsFields } from './form';
import { OptionsModel, type IOptionsApi } from './model';
import { PreviewPane } from './previewpane';

/** Where it is remembered whether "More options" is open. */
const STATE_KEY = 'jupyterlab-rsdat:options';

export interface IAskOptions {
  api: IOptionsApi;
  /** As it is now: ask the companion before each dialog. */
  site: ISite;
  translator: ITranslator;
  /** Remembers which parts of the form were open. */
  state?: IStateDB | null;
}

/** Ask for a new cluster; null when cancelled. */
export async function askOptions(
  options: IAskOptions
): Promise<IClusterRequest | null> {
  const trans = options.translator.load('jupyterlab_rsdat');
  const model = new OptionsModel({ ...options, trans });
  return ask({
    ...options,
    trans,
    model,
    title: trans.__('Cluster options'),
    accept: trans.__('Start cluster'),
    value: () => model.clusterRequest()
  });
}

/** Ask for workers of another kind on the scheduler of a cluster; null when cancelled. */
export async function askGroup(
  options: IAskOptions & {
    cluster: Pick<ICluster, 'name' | 'preset' | 'groups'>;
  }
): Promise<IGroupRequest | null> {
  const trans = options.translator.load('jupyterlab_rsdat');
  const model = new OptionsModel({
    ...options,
    trans,
    groups: options.cluster.groups.map(({ name }) => name),
    preset: options.cluster.preset,
    changes: { isAdaptive: false, workers: '1' }
  });
  return ask({
    ...options,
    trans,
    model,
    title: trans.__('Workers of another kind on %1', options.cluster.name),
    accept: trans.__('Add workers'),
    value: () => model.groupRequest(),
    // The preset is chosen already; a group needs its name.
    focus: 'input'
  });
}

/** The form; its state is in the model, as Lab may draw it anew at any time. */
export class OptionsForm<T> extends ReactWidget implements IFormBody<T> {
  constructor(options: OptionsForm.IOptions<T>) {
    super();
    this.addClass('jp-rsdat-Form');
    this.addClass('jp-rsdat-OptionsForm');
    this._options = options;
    this._isMoreOpen = options.isMoreOpen;
    // The preview, too, may have raised what the dialog has to know of.
    options.model.changed.connect(this._onChanged, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get accepted(): ISignal<this, void> {
    return this._accepted;
  }

  get isValid(): boolean {
    return this._options.model.isValid;
  }

  getValue(): T {
    return this._options.value();
  }

  /** Jobs that Slurm would let wait for ever are asked about first. */
  mayAccept(): boolean {
    const { model } = this._options;
    if (model.problems.length === 0) {
      return true;
    }
    model.ask('start');
    return false;
  }

  onEscape(): boolean {
    const { model } = this._options;
    const isOpen = model.question !== null;
    if (isOpen) {
      model.ask(null);
    }
    return isOpen;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.model.dispose();
    super.dispose();
    Signal.clearData(this);
  }

  protected render(): JSX.Element {
    const { model, trans } = this._options;
    return (
      <UseSignal signal={model.changed}>
        {() => (
          <>
            <div className="jp-rsdat-Form-panes">
              <OptionsFields
                model={model}
                trans={trans}
                isMoreOpen={this._isMoreOpen}
                onMoreToggle={isOpen => this._onMoreToggle(isOpen)}
              />
              <PreviewPane model={model} trans={trans} />
            </div>
            {model.question === 'start' && this._question()}
          </>
        )}
      </UseSignal>
    );
  }

  private _question(): JSX.Element {
    const { model, trans } = this._options;
    const words = model.site.refuses_over_limits
      ? trans.__('Slurm will refuse it: create anyway?')
      : trans.__(
          'Slurm will accept it and let it wait for ever: create anyway?'
        );
    return (
      <div
        role="alertdialog"
        aria-label={words}
        className="jp-rsdat-Form-confirm"
      >
        {model.problems.map(problem => (
          <p key={problem} className="jp-rsdat-Form-problem">
            {problem}
          </p>
        ))}
        <p>{words}</p>
        <div className="jp-rsdat-Form-buttons">
          <button
            type="button"
            className="jp-rsdat-Button"
            autoFocus
            onClick={() => model.ask(null)}
          >
            {trans.__('Back')}
          </button>
          <button
            type="button"
            className="jp-rsdat-Button"
            disabled={!model.isValid}
            onClick={() => this._accepted.emit()}
          >
            {trans.__('Create anyway')}
          </button>
        </div>
      </div>
    );
  }

  private _onChanged(): void {
    this._changed.emit();
  }

  private _onMoreToggle(isOpen: boolean): void {
    if (isOpen !== this._isMoreOpen) {
      this._isMoreOpen = isOpen;
      this._options.onMoreToggle(isOpen);
      this.update();
    }
  }

  private _options: OptionsForm.IOptions<T>;
  private _isMoreOpen: boolean;
  private _changed = new Signal<this, void>(this);
  private _accepted = new Signal<this, void>(this);
}

export namespace OptionsForm {
  export interface IOptions<T> {
    /** Disposed with the form. */
    model: OptionsModel;
    trans: TranslationBundle;
    isMoreOpen: boolean;
    onMoreToggle: (isOpen: boolean) => void;
    /** The request that a valid form stands for. */
    value: () => T;
  }
}

async function ask<T>(options: {
  model: OptionsModel;
  trans: TranslationBundle;
  state?: IStateDB | null;
  title: string;
  accept: string;
  value: () => T;
  /** What has the focus first. */
  focus?: string;
}): Promise<T | null> {
  const { model, trans, state, title, accept, value } = options;
  const saved = await state?.fetch(STATE_KEY).catch(() => undefined);
  const isMoreOpen = (saved as { more?: unknown } | undefined)?.more === true;
  const body = new OptionsForm<T>({
    model,
    trans,
    isMoreOpen,
    onMoreToggle: more => void state?.save(STATE_KEY, { more }),
    value
  });
  const dialog = new FormDialog<T>({
    title,
    body,
    accept,
    cancel: trans.__('Cancel'),
    focus: options.focus ?? 'select'
  });
  dialog.addClass('jp-rsdat-OptionsDialog');
  const result = await dialog.launch();
  return result.button.accept ? result.value : null;
}
