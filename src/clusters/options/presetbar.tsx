/** Preset and name, one's own presets, and what was chosen last. */
import React from 'react';
import type { IPreset } from '../../common/types';
import { Field, type IPartProps } from './parts';
import { presetName } from './model';

export function PresetBar(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  const id = React.useId();
  const { presets } = model.site;
  const own = presets.filter(preset => preset.own);
  const others = presets.filter(preset => !preset.own);
  const isBusy = model.isSaving;
  return (
    <div className="jp-rsdat-Form-group">
      <Last {...props} />
      <div className="jp-rsdat-Form-grid">
        <label htmlFor={id}>{trans.__('Preset')}</label>
        <div className="jp-rsdat-Form-control">
          <select
            id={id}
            className="jp-mod-styled"
            value={model.fields.preset}
            onChange={event => model.choose(event.target.value)}
          >
            {own.length > 0 && (
              <optgroup label={trans.__('My own')}>
                <Choices presets={own} />
              </optgroup>
            )}
            {own.length > 0 ? (
              <optgroup label={trans.__('Of this site')}>
                <Choices presets={others} />
              </optgroup>
            ) : (
              <Choices presets={others} />
            )}
          </select>
          <div className="jp-rsdat-Form-buttons">
            {!model.groups && (
              <button
                type="button"
                className="jp-rsdat-Button"
                disabled={!model.isValid || isBusy}
                onClick={() => model.ask('save')}
              >
                {trans.__('Save as…')}
              </button>
            )}
            {model.chosen?.own && !model.groups && (
              <button
                type="button"
                className="jp-rsdat-Button"
                disabled={isBusy}
                onClick={() => model.ask('delete')}
              >
                {trans.__('Delete preset')}
              </button>
            )}
            <button
              type="button"
              className="jp-rsdat-Button"
              disabled={!model.isTouched}
              onClick={() => model.reset()}
            >
              {trans.__('Reset to preset')}
            </button>
          </div>
          {model.question === 'save' && <Save {...props} />}
          {model.question === 'delete' && <Delete {...props} />}
          <span role="alert" className="jp-rsdat-Form-problem">
            {model.presetError?.text}
          </span>
        </div>
        <Field
          {...props}
          field="name"
          label={trans.__('Name')}
          help={
            model.groups
              ? trans.__('Code chooses these workers by it.')
              : undefined
          }
          placeholder={model.groups ? '' : trans.__('chosen for you')}
        />
      </div>
    </div>
  );
}

function Choices(props: { presets: readonly IPreset[] }): JSX.Element {
  return (
    <>
      {props.presets.map(preset => (
        <option
          key={preset.name}
          value={preset.name}
          disabled={preset.problem !== null}
        >
          {preset.problem ? `${preset.title}: ${preset.problem}` : preset.title}
        </option>
      ))}
    </>
  );
}

/** Offers what was chosen last, as long as nothing is filled in. */
function Last(props: IPartProps): JSX.Element | null {
  const { model, trans } = props;
  const { last, presets } = model.site;
  if (!last || model.groups || model.isTouched) {
    return null;
  }
  const { options, workers, adapt } = last;
  const title = presets.find(({ name }) => name === last.preset)?.title;
  const facts = [
    title ?? last.preset,
    adapt
      ? trans.__('%1 to %2 workers', adapt.minimum, adapt.maximum)
      : workers !== undefined && trans._n('%1 worker', '%1 workers', workers),
    options?.cores !== undefined &&
      trans._n('%1 core', '%1 cores', options.cores),
    options?.memory,
    options?.walltime,
    options?.partition
  ].filter(fact => fact);
  return (
    <div className="jp-rsdat-Form-offer">
      <span>{trans.__('Last time: %1', facts.join(', '))}</span>
      <button
        type="button"
        className="jp-rsdat-Button"
        onClick={() => model.useLast()}
      >
        {trans.__('Use it again')}
      </button>
    </div>
  );
}

function Save(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  const id = React.useId();
  const [title, setTitle] = React.useState(
    model.chosen?.own ? model.chosen.title : ''
  );
  const name = presetName(title);
  const same = model.site.presets.find(preset => preset.name === name);
  const isTaken = same !== undefined && !same.own;
  const canSave = name !== '' && !isTaken && !model.isSaving;
  const save = (): void => {
    if (canSave) {
      void model.savePreset(title);
    }
  };
  return (
    <div className="jp-rsdat-Form-question">
      <label htmlFor={id}>{trans.__('Name of the preset')}</label>
      <input
        id={id}
        type="text"
        className="jp-mod-styled"
        autoFocus
        data-own-enter
        maxLength={64}
        value={title}
        aria-describedby={`${id}-remark`}
        onChange={event => setTitle(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            event.preventDefault();
            save();
          }
        }}
      />
      <span id={`${id}-remark`} aria-live="polite">
        {name === '' && title.trim() !== '' && (
          <span className="jp-rsdat-Form-problem">
            {trans.__('It needs a letter from a to z or a digit')}
          </span>
        )}
        {isTaken && (
          <span className="jp-rsdat-Form-problem">
            {trans.__('The site has a preset of that name')}
          </span>
        )}
        {same?.own && (
          <span className="jp-rsdat-Form-note">
            {trans.__('Replaces your preset %1', same.title)}
          </span>
        )}
      </span>
      <div className="jp-rsdat-Form-buttons">
        <button
          type="button"
          className="jp-rsdat-Button"
          disabled={!canSave}
          onClick={save}
        >
          {trans.__('Save')}
        </button>
        <button
          type="button"
          className="jp-rsdat-Button"
          onClick={() => model.ask(null)}
        >
          {trans.__('Back')}
        </button>
      </div>
    </div>
  );
}

function Delete(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  return (
    <div className="jp-rsdat-Form-question">
      <span>
        {trans.__('Delete the preset %1?', model.chosen?.title ?? '')}
      </span>
      <div className="jp-rsdat-Form-buttons">
        <button
          type="button"
          className="jp-rsdat-Button"
          disabled={model.isSaving}
          onClick={() => void model.deletePreset()}
        >
          {trans.__('Delete')}
        </button>
        <button
          type="button"
          className="jp-rsdat-Button"
          autoFocus
          onClick={() => model.ask(null)}
        >
          {trans.__('Back')}
        </button>
      </div>
    </div>
  );
}
