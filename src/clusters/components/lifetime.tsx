/** On the card: what is going to end, and when. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { useNow } from '../../common/now';
import type { ICluster } from '../../common/types';
import { CommandIDs } from '../ids';
import {
  idleWords,
  placementWords,
  untilWords,
  warningWords
} from '../lifetime';

const TICK_MS = 1_000;
const CALM_TICK_MS = 30_000;

function DrawnPlacement(props: {
  scheduler: ICluster['scheduler'];
  trans: TranslationBundle;
}): JSX.Element {
  const { scheduler, trans } = props;
  const { ends_at: endsAt } = scheduler;
  const now = useNow(CALM_TICK_MS, endsAt !== null);
  const words = placementWords(scheduler, trans);
  return (
    <>
      {endsAt === null
        ? words
        : trans.__('%1, until %2', words, untilWords(endsAt, trans, now))}
    </>
  );
}

/** Where the scheduler runs and until when. */
export const Placement = React.memo(DrawnPlacement);

function DrawnWarnings(props: {
  warnings: ICluster['warnings'];
  trans: TranslationBundle;
}): JSX.Element | null {
  const { warnings, trans } = props;
  const now = useNow(CALM_TICK_MS, warnings.length > 0);
  return warnings.length === 0 ? null : (
    <div
      className="jp-rsdat-Warnings"
      role="group"
      aria-label={trans.__('Warnings')}
    >
      {warnings.map(warning => (
        <p key={`${warning.at} ${warning.message}`}>
          <span aria-hidden="true">⚠ </span>
          {warningWords(warning, trans, now)}
        </p>
      ))}
    </div>
  );
}

/** What ends soon. */
export const Warnings = React.memo(DrawnWarnings);

function DrawnCountdown(props: {
  cluster: string;
  endsAt: string;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { cluster, endsAt, commands, trans } = props;
  const now = useNow(TICK_MS);
  return (
    <div className="jp-rsdat-Idle">
      <span role="timer">{idleWords(endsAt, trans, now)}</span>
      <button
        type="button"
        className="jp-rsdat-Button"
        title={trans.__('Begin the countdown anew')}
        onClick={() => void commands.execute(CommandIDs.keep, { cluster })}
      >
        {trans.__('Keep')}
      </button>
    </div>
  );
}

/** The countdown to the idle shutdown, with the way out. */
export const IdleCountdown = React.memo(DrawnCountdown);
