/** The jobs of a cluster on its card, folded away until someone wants to know. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import type { ICluster } from '../../common/types';
import { CommandIDs } from '../ids';
import { countEntries } from '../jobs/entries';
import { JobGrid } from '../jobs/grid';
import type { JobTable } from '../jobs/table';
import { isAttached } from '../status';

export function Jobs(props: {
  cluster: ICluster;
  table: JobTable;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { cluster, table, commands, trans } = props;
  const [isOpen, setOpen] = React.useState(table.isOpen);
  const count = countEntries(cluster);
  if (count === 0) {
    return null;
  }
  return (
    <details
      className="jp-rsdat-Jobs"
      open={isOpen}
      onToggle={event => {
        table.isOpen = event.currentTarget.open;
        setOpen(table.isOpen);
      }}
    >
      <summary>
        {isAttached(cluster)
          ? trans.__('Workers (%1)', count)
          : trans.__('Jobs (%1)', count)}
      </summary>
      {isOpen && (
        <>
          <button
            type="button"
            className="jp-rsdat-Link"
            onClick={() =>
              void commands.execute(CommandIDs.openJobs, {
                cluster: cluster.id
              })
            }
          >
            {trans.__('Open jobs in a tab')}
          </button>
          <JobGrid
            cluster={cluster}
            table={table}
            commands={commands}
            trans={trans}
          />
        </>
      )}
    </details>
  );
}
