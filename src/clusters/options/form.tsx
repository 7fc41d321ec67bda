/** The form's fields, in the order in which they matter. */
import React from 'react';
import { parseBytes, parseWalltime } from '../../common/units';
import { describePartition, findPartitions, formatLimit } from './checks';
import type { TextKey } from './fields';
import { Check, Field, Group, Words, type IPartProps } from './parts';
import { PresetBar } from './presetbar';

export interface IFormProps extends IPartProps {
  /** Whether the part "More" is open. */
  isMoreOpen: boolean;
  onMoreToggle: (isOpen: boolean) => void;
}

export function OptionsFields(props: IFormProps): JSX.Element {
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
          />
          <Field
            {...props}
            field="schedulerCores"
            kind="number"
            label={trans.__("Scheduler's cores")}
          />
        </>
      )}
    </Group>
  );
}

function More(props: IFormProps): JSX.Element {
  const { model, trans, isMoreOpen, onMoreToggle } = props;
  const isGroup = model.groups !== null;
  return (
    <details
      className="jp-rsdat-Form-more"
      aria-label={trans.__('More options')}
      open={isMoreOpen || hasHiddenRemarks(model)}
      onToggle={event => onMoreToggle(event.currentTarget.open)}
    >
      <summary>{trans.__('More options')}</summary>
      {!isGroup && <Lifetime model={model} trans={trans} />}
      {model.site.queue === 'slurm' && <Nodes model={model} trans={trans} />}
      <Environment model={model} trans={trans} />
      <Further model={model} trans={trans} />
    </details>
  );
}

const MORE: readonly TextKey[] = [
  'reservation',
  'constraint',
  'gres',
  'processes',
  'interface',
  'localDirectory',
  'environment',
  'binds',
  'directives',
  'idleAfter',
  'resources'
];

/** A form that can't be sent shows why. */
function hasHiddenRemarks(model: IPartProps['model']): boolean {
  return MORE.some(key => model.remarks.errors[key]);
}

function Lifetime(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  const { fields } = model;
  return (
    <Group title={trans.__('Lifetime')}>
      <Check
        label={trans.__('Shut down when idle')}
        help={trans.__(
          'A cluster without work ends by itself; a countdown on its card can be stopped.'
        )}
        isChecked={fields.isIdleEnding}
        onChange={isIdleEnding => model.set({ isIdleEnding })}
      />
      <Field
        {...props}
        field="idleAfter"
        kind="number"
        label={trans.__('Idle minutes')}
        isDisabled={!fields.isIdleEnding}
      />
      <Check
        label={trans.__('Renew workers before their walltime')}
        help={trans.__(
          'The next job is submitted early enough to take over; the number of workers is kept beyond one walltime.'
        )}
        isChecked={fields.isRenewing}
        onChange={isRenewing => model.set({ isRenewing })}
      />
    </Group>
  );
}

function Nodes(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  const { site } = model;
  const used = findPartitions(model.fields.partition, site);
  const all = used.length > 0 ? used : site.partitions;
  const features = all.flatMap(part => part.features);
  const gres = all.flatMap(part => part.gres);
  return (
    <Group title={trans.__('Nodes')}>
      <Field
        {...props}
        field="reservation"
        label={trans.__('Reservation')}
        choices={site.reservations.map(({ name }) => name)}
      />
      <Field
        {...props}
        field="constraint"
        label={trans.__('Constraint')}
        choices={unique(features)}
        help={trans.__('Features that the nodes must have, joined by & or |.')}
      />
      <Field
        {...props}
        field="gres"
        label={trans.__('Generic resources')}
        choices={unique(gres)}
        help={trans.__('Such as gpu:1, for each worker.')}
      />
    </Group>
  );
}

function Environment(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  const { image } = model.fields;
  return (
    <Group title={trans.__('Environment of the workers')}>
      <Field
        {...props}
        field="python"
        label={trans.__('Python')}
        placeholder={trans.__("Jupyter's own")}
        help={trans.__(
          'Path of the Python that runs the workers. Dask must be the same there as in the notebook.'
        )}
      />
      <Field
        {...props}
        field="image"
        label={trans.__('Apptainer image')}
        help={trans.__(
          'A .sif file or an address such as oras://…; the workers run inside.'
        )}
      />
      {image && (
        <Field
          {...props}
          field="binds"
          kind="lines"
          label={trans.__('Paths inside the image')}
          help={trans.__('Folders of the node to bind, one a line.')}
        />
      )}
      <Field
        {...props}
        field="environment"
        kind="lines"
        label={trans.__('Environment variables')}
        help={trans.__('NAME=value, one a line.')}
      />
      <Field
        {...props}
        field="prologue"
        kind="lines"
        label={trans.__('Prologue')}
        help={trans.__(
          'Shell lines that run before the worker, such as module load.'
        )}
      />
    </Group>
  );
}

function Further(props: IPartProps): JSX.Element {
  const { model, trans } = props;
  return (
    <Group title={trans.__('Further')}>
      <Field
        {...props}
        field="processes"
        kind="number"
        label={trans.__('Processes per worker job')}
        placeholder="1"
        help={trans.__('They share the cores and the memory of the job.')}
      />
      <Field
        {...props}
        field="interface"
        label={trans.__('Network interface')}
        help={trans.__('Such as ib0; what scheduler and workers talk over.')}
      />
      <Field
        {...props}
        field="localDirectory"
        label={trans.__('Local directory')}
        help={trans.__('Where workers spill data, best a disk of the node.')}
      />
      {model.groups && (
        <Field
          {...props}
          field="resources"
          kind="lines"
          label={trans.__('Dask resources')}
          help={trans.__(
            'NAME=number, one a line; code chooses these workers by them.'
          )}
        />
      )}
      {model.site.queue === 'slurm' && (
        <Field
          {...props}
          field="directives"
          kind="lines"
          label={trans.__('More directives')}
          help={trans.__('Options of sbatch, one a line, as --nice=100.')}
        />
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

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
