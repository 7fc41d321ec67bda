/** What can be done with a transfer: labels, when, and which arguments. */
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  clearIcon,
  closeIcon,
  refreshIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import type { ITransferAnswer } from '../common/types';
import type { TransferActions } from './actions';
import { CommandIDs } from './ids';
import type { TransfersModel } from './model';

export interface ICommandOptions {
  commands: CommandRegistry;
  model: TransfersModel;
  actions: TransferActions;
  trans: TranslationBundle;
  /** Bring the section into view. */
  show: () => void;
}

const TRANSFER = { type: 'string', description: 'Id of the transfer.' };

function schema(
  properties: ReadonlyJSONObject,
  required: readonly string[] = []
): { args: ReadonlyJSONObject } {
  return { args: { type: 'object', properties, required: [...required] } };
}

/** Add the commands on one transfer, and on the list. */
export function addCommands(options: ICommandOptions): void {
  const { actions, commands, model, trans } = options;

  const idOf = (args: ReadonlyPartialJSONObject): string =>
    args.transfer as string;

  /** Whether the companion lets it be done to the transfer. */
  const when =
    (action: 'cancel' | 'retry' | 'forget') =>
    (args: ReadonlyPartialJSONObject): boolean =>
      args.transfer === undefined ||
      (model.transfer(idOf(args))?.can.includes(action) ?? false);

  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show Transfers'),
    caption: trans.__('Show uploads, downloads and copies'),
    describedBy: schema({}),
    execute: () => options.show()
  });

  commands.addCommand(CommandIDs.cancel, {
    label: trans.__('Cancel Transfer'),
    caption: trans.__('End it; files that are there already stay'),
    icon: stopIcon,
    isEnabled: when('cancel'),
    describedBy: schema({ transfer: TRANSFER }, ['transfer']),
    execute: args => actions.cancel(idOf(args))
  });

  commands.addCommand(CommandIDs.retry, {
    label: trans.__('Retry Transfer'),
    caption: trans.__('Take up what failed or was interrupted'),
    icon: refreshIcon,
    describedBy: schema({ transfer: TRANSFER }, ['transfer']),
    execute: args => actions.retry(idOf(args))
  });

  commands.addCommand(CommandIDs.forget, {
    label: trans.__('Forget Transfer'),
    caption: trans.__('Take it off the list; no file is touched'),
    icon: closeIcon,
    isEnabled: when('forget'),
    describedBy: schema({ transfer: TRANSFER }, ['transfer']),
    execute: args => actions.forget(idOf(args))
  });

  commands.addCommand(CommandIDs.answer, {
    label: trans.__('Answer a Transfer’s Question'),
    caption: trans.__('Say what becomes of a file whose name is taken'),
    describedBy: schema(
      {
        transfer: TRANSFER,
        path: { type: 'string', description: 'Of the question.' },
        choice: { type: 'string', enum: ['replace', 'keep-both', 'skip'] },
        for_all: {
          type: 'boolean',
          description: 'Do the same for the other files; false if left out.'
        }
      },
      ['transfer', 'path', 'choice']
    ),
    execute: args =>
      actions.answer(idOf(args), {
        path: args.path as string,
        choice: args.choice as ITransferAnswer['choice'],
        for_all: args.for_all === true
      })
  });

  commands.addCommand(CommandIDs.clearFinished, {
    label: trans.__('Clear Finished Transfers'),
    caption: trans.__('Take all that have ended off the list'),
    icon: clearIcon,
    isEnabled: () => model.transfers.some(({ can }) => can.includes('forget')),
    describedBy: schema({}),
    execute: () => actions.clearFinished()
  });
}
