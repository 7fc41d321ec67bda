/** The rest of the form, folded: lifetime, nodes, the workers' environment. */
import React from 'react';
import { findPartitions } from './checks';
import type { TextKey } from './fields';
import { Check, Field, Group, type IPartProps } from './parts';

export interface IMoreProps extends IPartProps {
  /** Whether the part "More" is open. */
  isMoreOpen: boolean;
  onMoreToggle: (isOpen: boolean) => void;
}

export function More(props: IMoreProps): JSX.Element {
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

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
