/** The dialog that asks for workers of another kind on the same scheduler. */
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { ChoiceField, TextField } from '../common/fields';
import { Form } from '../common/form';
import { FormDialog } from '../common/formdialog';
import type { ICluster, IGroupRequest, ISite } from '../common/types';
import {
  groupFields,
  groupProblems,
  groupRequest,
  type IGroupFields
} from './groups';
import { MAX_WORKERS } from './scale';

export class GroupForm extends Form<IGroupFields, IGroupRequest> {
  constructor(cluster: ICluster, site: ISite, trans: TranslationBundle) {
    super(groupFields(cluster));
    this._taken = cluster.groups.map(({ name }) => name);
    this._site = site;
    this._trans = trans;
  }

  getValue(): IGroupRequest | null {
    const problems = groupProblems(this.fields, this._taken, this._trans);
    return Object.keys(problems).length === 0
      ? groupRequest(this.fields)
      : null;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const site = this._site;
    const problems = groupProblems(this.fields, this._taken, trans);
    const preset = site.presets.find(
      ({ name }) => name === this.fields.preset
    )?.options;
    const field = (
      key: Exclude<keyof IGroupFields, 'preset'>,
      label: string,
      more: Partial<React.ComponentProps<typeof TextField>> = {}
    ): JSX.Element => (
      <TextField
        label={label}
        value={this.fields[key]}
        // An empty first field is no mistake yet.
        problem={
          key === 'name' && this.fields.name === '' ? undefined : problems[key]
        }
        onChange={value => this.set({ [key]: value })}
        {...more}
      />
    );
    return (
      <div className="jp-rsdat-Form-grid">
        {field('name', trans.__('Name'), { placeholder: trans.__('gpu') })}
        <ChoiceField
          label={trans.__('Preset')}
          value={this.fields.preset}
          choices={site.presets.map(({ name, title }) => [name, title])}
          onChange={value => this.set({ preset: value })}
        />
        {field('workers', trans.__('Workers'), {
          number: { most: MAX_WORKERS }
        })}
        {field('cores', trans.__('Cores per worker'), {
          number: { least: 1 },
          placeholder: preset?.cores?.toString()
        })}
        {field('memory', trans.__('Memory per worker'), {
          placeholder: preset?.memory
        })}
        {field('walltime', trans.__('Walltime'), {
          placeholder: preset?.walltime
        })}
        {field('partition', trans.__('Partition'), {
          choices: site.partitions.map(({ name }) => name),
          placeholder: preset?.partition ?? undefined
        })}
        {field('account', trans.__('Account'), {
          choices: site.accounts,
          placeholder: preset?.account ?? undefined
        })}
        {field('directives', trans.__('More directives'), {
          placeholder: '--gres=gpu:1'
        })}
        {field('resources', trans.__('Dask resources'), {
          placeholder: 'GPU=1'
        })}
        <p className="jp-rsdat-Form-hint">
          {trans.__(
            'Code chooses these workers by the Dask resource %1.',
            `group-${this.fields.name.trim() || '…'}`
          )}
        </p>
      </div>
    );
  }

  private _taken: readonly string[];
  private _site: ISite;
  private _trans: TranslationBundle;
}

/** Ask; null when cancelled. */
export async function askGroup(
  cluster: ICluster,
  site: ISite,
  translator: ITranslator
): Promise<IGroupRequest | null> {
  const trans = translator.load('jupyterlab_rsdat');
  const result = await new FormDialog<IGroupRequest | null>({
    title: trans.__('Add workers to %1', cluster.name),
    body: new GroupForm(cluster, site, trans),
    accept: trans.__('Add workers'),
    cancel: trans.__('Cancel'),
    focus: 'input'
  }).launch();
  return result.button.accept ? result.value : null;
}
