/** What the panel says to who has no cluster yet: what one is, and how to begin. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { GuideLink } from '../../common/guide';
import type { ICompanion } from '../../tokens';
import { CommandIDs } from '../ids';

export interface IEmptyProps {
  commands: CommandRegistry;
  companion?: ICompanion | null;
  trans: TranslationBundle;
}

export function NoClusters(props: IEmptyProps): JSX.Element {
  const { commands, companion, trans } = props;
  return (
    <div className="jp-rsdat-Start">
      <p>
        {trans.__(
          'No cluster yet. A Dask cluster is a scheduler, which is up within seconds, and workers, which come as the queue gives them. Notebooks send their computations to it.'
        )}
      </p>
      {companion && (
        <UseSignal signal={companion.changed}>
          {() => <Queue companion={companion} trans={trans} />}
        </UseSignal>
      )}
      {/* No list: in this region the list items are the clusters. */}
      <p>
        {trans.__(
          '“New SLURMCluster” starts one with the usual options of this site; “Scale” on its card then asks for workers. The wheel beside it asks for size and time first.'
        )}
      </p>
      <p>
        {trans.__(
          'Drag its card into a notebook, or press “Insert client code”, to connect.'
        )}
      </p>
      <p>
        <button
          type="button"
          className="jp-rsdat-Link"
          onClick={() => void commands.execute(CommandIDs.attach)}
        >
          {trans.__('Attach a scheduler that runs already')}
        </button>
      </p>
      <p>
        <GuideLink page="clusters" trans={trans} />
      </p>
    </div>
  );
}

/** That there is no Slurm, where there is none: workers then are few. */
function Queue(props: {
  companion: ICompanion;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { companion, trans } = props;
  return companion.info?.queue === 'local' ? (
    <p>
      {trans.__(
        'No Slurm was found here: workers run as processes of this computer. For the real queue start Jupyter on a computer where sbatch works.'
      )}
    </p>
  ) : null;
}
