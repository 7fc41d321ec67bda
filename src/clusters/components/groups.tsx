/** The worker groups of a cluster that has several: each with its counts and its own size. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import type { ICluster } from '../../common/types';
import { CommandIDs } from '../ids';
import { workerCounts } from '../status';

function DrawnGroups(props: {
  cluster: string;
  groups: ICluster['groups'];
  isDisabled: boolean;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { cluster, groups, isDisabled, commands, trans } = props;
  return (
    // No list: in this region the list items are the clusters.
    <div
      className="jp-rsdat-Groups"
      role="group"
      aria-label={trans.__('Worker groups')}
    >
      {groups.map(({ name, workers, adapt, options }, index) => (
        <div
          key={name}
          className="jp-rsdat-Groups-row"
          role="group"
          aria-label={name}
        >
          <div className="jp-rsdat-Groups-name">
            <strong>{name}</strong>
            {options.partition && (
              <span className="jp-rsdat-Card-state">
                {' '}
                {trans.__('on %1', options.partition)}
              </span>
            )}
          </div>
          <div className="jp-rsdat-Groups-counts">
            {workerCounts(workers, trans)}
            {adapt &&
              ` · ${trans.__('adaptive %1–%2', adapt.minimum, adapt.maximum)}`}
          </div>
          <button
            type="button"
            className="jp-rsdat-Button"
            aria-label={trans.__('Scale %1', name)}
            disabled={isDisabled}
            onClick={() =>
              void commands.execute(CommandIDs.scale, { cluster, group: name })
            }
          >
            {trans.__('Scale')}
          </button>
          {index > 0 && (
            <button
              type="button"
              className="jp-rsdat-IconButton"
              aria-label={trans.__('Remove %1', name)}
              title={trans.__('Remove %1', name)}
              disabled={isDisabled}
              onClick={() =>
                void commands.execute(CommandIDs.removeGroup, {
                  cluster,
                  group: name
                })
              }
            >
              <closeIcon.react tag="span" />
            </button>
          )}
        </div>
      ))}
    </div>
  );
}

export const Groups = React.memo(DrawnGroups);
