/** The dialog that asks how many workers a cluster, or one of its groups, should have. */
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { CheckField, ChoiceField, TextField } from '../common/fields';
import { Form } from '../common/form';
import { FormDialog } from '../common/formdialog';
import type { ICluster, IClusterChange, IGroup } from '../common/types';
import {
  MAX_WORKERS,
  scaleChange,
  scaleFields,
  scaleProblems,
  type IScaleFields
} from './scale';

interface IFields extends IScaleFields {
  /** Name of the group; null while the cluster tells of none. */
  group: string | null;
  /** Whether the waiting jobs are to go, instead of all that is filled in. */
  isDropping: boolean;
}

/** The form; `getValue` gives null while it is invalid. */
export class ScaleForm extends Form<IFields, IClusterChange> {
  constructor(
    cluster: ICluster,
    trans: TranslationBundle,
    options: { group?: string; onDrop?: () => void } = {}
  ) {
    const group =
      cluster.groups.find(({ name }) => name === options.group) ??
      cluster.groups[0];
    super({
      ...scaleFields(group ?? cluster),
      group: group?.name ?? null,
      isDropping: false
    });
    this._cluster = cluster;
    this._trans = trans;
    this._onDrop = options.onDrop ?? null;
  }

  getValue(): IClusterChange | null {
    const { group, isDropping } = this.fields;
    const change: IClusterChange | null = isDropping
      ? { drop_queued: true }
      : scaleChange(this.fields);
    // The first group is meant when none is named.
    return change && group !== null && group !== this._cluster.groups[0]?.name
      ? { ...change, group }
      : change;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const fields = this.fields;
    const { groups, workers } = this._cluster;
    const problems = scaleProblems(fields, trans);
    const group = groups.find(({ name }) => name === fields.group);
    const queued = (group?.workers ?? workers).queued;
    const isRight = { most: MAX_WORKERS };
    return (
      <div className="jp-rsdat-Form-grid">
        {groups.length > 1 && (
          <ChoiceField
            label={trans.__('Worker group')}
            value={fields.group ?? ''}
            choices={groups.map(({ name }) => [name, name])}
            onChange={name => this._choose(groups, name)}
          />
        )}
        <TextField
          label={trans.__('Workers')}
          number={isRight}
          value={fields.workers}
          problem={problems.workers}
          isDisabled={fields.adaptive}
          onChange={value => this.set({ workers: value })}
        />
        <CheckField
          label={trans.__('Adaptive')}
          isChecked={fields.adaptive}
          onChange={adaptive => this.set({ adaptive })}
        />
        <TextField
          label={trans.__('Minimum workers')}
          number={isRight}
          value={fields.minimum}
          problem={problems.minimum}
          isDisabled={!fields.adaptive}
          onChange={minimum => this.set({ minimum })}
        />
        <TextField
          label={trans.__('Maximum workers')}
          number={isRight}
          value={fields.maximum}
          problem={problems.maximum}
          isDisabled={!fields.adaptive}
          onChange={maximum => this.set({ maximum })}
        />
        <p className="jp-rsdat-Form-hint">
          {fields.adaptive
            ? trans.__(
                'Workers come and go with the load, between both numbers.'
              )
            : trans.__(
                'Surplus workers hand their data over before they leave.'
              )}
        </p>
        {queued > 0 && (
          <div className="jp-rsdat-Form-hint">
            <button
              type="button"
              className="jp-rsdat-Button"
              onClick={() => {
                this.set({ isDropping: true });
                this._onDrop?.();
              }}
            >
              {trans.__('Drop queued jobs')}
            </button>{' '}
            {trans._n(
              '%1 job waits: it leaves the queue, and one worker less is wanted.',
              '%1 jobs wait: they leave the queue, and as many workers less are wanted.',
              queued
            )}
          </div>
        )}
      </div>
    );
  }

  private _choose(groups: readonly IGroup[], name: string): void {
    const group = groups.find(other => other.name === name);
    if (group) {
      this.set({ ...scaleFields(group), group: name });
    }
  }

  private _cluster: ICluster;
  private _trans: TranslationBundle;
  private _onDrop: (() => void) | null;
}

/** Ask; null when cancelled. `group` is the one the form begins with. */
export async function askScale(
  cluster: ICluster,
  translator: ITranslator,
  group?: string
): Promise<IClusterChange | null> {
  const trans = translator.load('jupyterlab_rsdat');
  const body: ScaleForm = new ScaleForm(cluster, trans, {
    group,
    onDrop: () => dialog.resolve(1)
  });
  const dialog = new FormDialog<IClusterChange | null>({
    title: trans.__('Scale %1', cluster.name),
    body,
    accept: trans.__('Scale'),
    cancel: trans.__('Cancel'),
    focus: 'input:enabled'
  });
  const result = await dialog.launch();
  return result.button.accept ? result.value : null;
}
