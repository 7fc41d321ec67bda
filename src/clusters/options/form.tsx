/** The form's fields, in the order in which they matter. */
import React from 'react';
import { parseBytes, parseWalltime } from '../../common/units';
import { describePartition, findPartitions, formatLimit } from './checks';
import { More, type IMoreProps } from './more';
import { Check, Field, Group, Words, type IPartProps } from './parts';
import { PresetBar } from './presetbar';

/** What the companion asks for where nobody says (rsdat/clusters/placement/request.py). */
const SCHEDULER_MEMORY = '4GiB';

export function OptionsFields(props: IMoreProps): JSX.Element {
  const { model, trans } = props;
  return (
    <div className="jp-rsdat-Form-fields">
      <PresetBar model={model} trans={trans} />
      <Workers model={model} trans={trans} />
      {!model.groups && <Scheduler model={model} trans={trans} />}
      <More {...props} />
    </div>
  );
}

function Workers(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  const { fields, site } = model;
  return (
    <Group title={trans.__('Workers')}>
      {fields.isAdaptive ? (
        <>
          <Field
            {...props}
            field="minimum"
            kind="number"
            label={trans.__('Minimum workers')}
            placeholder="0"
          />
          <Field
            {...props}
            field="maximum"
            kind="number"
            label={trans.__('Maximum workers')}
          />
        </>
      ) : (
        <Field
          {...props}
          field="workers"
          kind="number"
          label={trans.__('Workers')}
          placeholder="0"
          help={trans.__('Each is a job of its own. More can be added later.')}
        />
      )}
      <Check
        label={trans.__('Adaptive')}
        help={
          fields.isAdaptive
            ? trans.__(
                'Workers come and go with the load, between both numbers.'
              )
            : undefined
        }
        isChecked={fields.isAdaptive}
        onChange={isAdaptive => model.set({ isAdaptive })}
      />
      <Field
        {...props}
        field="cores"
        kind="number"
        label={trans.__('Cores per worker')}
      />
      <Field
        {...props}
        field="memory"
        label={trans.__('Memory per worker')}
        help={memoryHelp(props, fields.memory, fields.cores)}
      />
      <Field
        {...props}
        field="walltime"
        label={trans.__('Walltime')}
        help={walltimeHelp(props, fields.walltime)}
      />
      <PartitionField
        {...props}
        field="partition"
        label={trans.__('Partition')}
        fallback={site.default_partition ?? ''}
      />
      {site.queue === 'slurm' && (
        <Field
          {...props}
          field="account"
          label={trans.__('Account')}
          choices={site.accounts}
          placeholder={site.default_account ?? undefined}
          help={trans.__('What the core-hours are charged to.')}
        />
      )}
    </Group>
  );
}

/** A partition to select, with what it allows. None where the site has no partitions. */
function PartitionField(
  props: IPartProps & {
    field: 'partition' | 'schedulerPartition';
    label: string;
    /** What is meant when nothing is selected. */
    fallback: string;
  }
): JSX.Element | null {
  const { model, trans, field } = props;
  const id = React.useId();
  const { partitions } = model.site;
  if (partitions.length === 0) {
    return null;
  }
  const value = model.fields[field];

  const used = findPartitions(value || props.fallback, model.site);
  const names = partitions.map(({ name }) => name);
  for (const name of [value, model.preset[field]]) {
    // A list of partitions, or one that the site no longer has.
    if (name && !names.includes(name)) {
      names.push(name);
    }
  }
  return (
    <>
      <label
        htmlFor={id}
        className={field in model.changes ? 'jp-mod-changed' : undefined}
      >
        {props.label}
      </label>
      <div className="jp-rsdat-Form-control">
        <select
          id={id}
          className="jp-mod-styled"
          value={value}
          aria-describedby={`${id}-help ${id}-remark`}
          onChange={event => model.set({ [field]: event.target.value })}
        >
          <option value="">
            {field === 'schedulerPartition'
              ? trans.__("%1 (the workers')", props.fallback)
              : trans.__('%1 (the default here)', props.fallback)}
          </option>
          {names.map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <Words
          id={id}
          model={model}
          field={field}
          help={used
            .map(part =>
              used.length > 1
                ? `${part.name}: ${describePartition(part, trans)}`
                : describePartition(part, trans)
            )
            .join('; ')}
        />
      </div>
    </>
  );
}

function Scheduler(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  const { fields, preset } = model;
  const id = React.useId();
  const placements = {
    beside: {
      label: trans.__('Beside Jupyter'),
      help: trans.__(
        'A process of its own on the computer where Jupyter runs: up in a second, and it outlives Jupyter itself, but not the job that Jupyter may run in.'
      )
    },
    job: {
      label: trans.__('As its own Slurm job'),
      help: trans.__(
        'Has to wait in the queue and is charged as a job, but outlives Jupyter and the job that Jupyter runs in.'
      )
    }
  };
  const chosen = fields.placement;
  return (
    <Group title={trans.__('Scheduler')}>
      {(['beside', 'job'] as const).map(placement => (
        <div key={placement} className="jp-rsdat-Form-wide">
          <label className="jp-rsdat-Form-check">
            <input
              type="radio"
              name={id}
              value={placement}
              checked={chosen === placement}
              disabled={
                placement === 'job' &&
                model.site.queue === 'local' &&
                chosen !== 'job'
              }
              aria-describedby={`${id}-${placement}`}
              onChange={() => model.set({ placement })}
            />
            {placements[placement].label}
          </label>
          <span id={`${id}-${placement}`} className="jp-rsdat-Form-help">
            {placement === preset.placement
              ? `${placements[placement].help} ${trans.__('The preset says this.')}`
              : placements[placement].help}
          </span>
        </div>
      ))}
      {chosen === 'job' && (
        <>
          <PartitionField
            {...props}
            field="schedulerPartition"
            label={trans.__("Scheduler's partition")}
            fallback={fields.partition || model.site.default_partition || ''}
          />
          <Field
            {...props}
            field="schedulerWalltime"
            label={trans.__("Scheduler's walltime")}
            placeholder={fields.walltime}
            help={
              walltimeHelp(
                props,
                fields.schedulerWalltime || fields.walltime,
                true
              ) ?? trans.__('The cluster ends with it.')
            }
          />
          <Field
            {...props}
            field="schedulerMemory"
            label={trans.__("Scheduler's memory")}
            placeholder={SCHEDULER_MEMORY}
          />
          <Field
            {...props}
            field="schedulerCores"
            kind="number"
            label={trans.__("Scheduler's cores")}
            placeholder="1"
          />
        </>
      )}
    </Group>
  );
}

function walltimeHelp(
  props: IPartProps,
  walltime: string,
  isScheduler = false
): string | undefined {
  const { trans } = props;
  const seconds_s = parseWalltime(walltime);
  if (!seconds_s || seconds_s === Infinity) {
    return undefined;
  }
  return isScheduler
    ? trans.__('%1; the cluster ends with it.', formatLimit(seconds_s))
    : trans.__('%1 for each worker.', formatLimit(seconds_s));
}

function memoryHelp(
  props: IPartProps,
  memory: string,
  cores: string
): string | undefined {
  const bytes = parseBytes(memory);
  const number = Number(cores);
  return bytes && number > 1
    ? props.trans.__('%1 a core.', `${round(bytes / number / 2 ** 30)} GiB`)
    : undefined;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
