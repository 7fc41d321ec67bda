/** The card of a cluster whose record can't be read. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import type { IDamagedCluster } from '../../common/types';
import { CommandIDs } from '../ids';
import { SYMBOLS } from '../status';
import { Diagnosis } from './diagnosis';

export function DamagedCard(props: {
  cluster: IDamagedCluster;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { cluster, commands, trans } = props;
  const { id, message, hint } = cluster;
  const run = (command: string): void => {
    void commands.execute(command, { cluster: id });
  };
  return (
    <li
      className="jp-rsdat-Card jp-mod-failed"
      role="listitem"
      aria-label={trans.__('%1, damaged', id)}
    >
      <div className="jp-rsdat-Card-head">
        <span className="jp-rsdat-Card-symbol" aria-hidden="true">
          {SYMBOLS.failed}
        </span>
        <strong className="jp-rsdat-Card-name">{id}</strong>
        <span className="jp-rsdat-Card-state">{trans.__('damaged')}</span>
      </div>
      <Diagnosis diagnosis={{ message, hint }} trans={trans} />
      <div className="jp-rsdat-Card-buttons">
        <button
          type="button"
          className="jp-rsdat-Button"
          onClick={() => run(CommandIDs.openLogs)}
        >
          {trans.__('Logs')}
        </button>
        {cluster.can_delete && (
          <button
            type="button"
            className="jp-rsdat-Button"
            onClick={() => run(CommandIDs.deletePast)}
          >
            {trans.__('Delete')}
          </button>
        )}
      </div>
    </li>
  );
}
