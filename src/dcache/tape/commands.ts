/** What can be ordered of tape: labels, when, and which arguments. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import { tell, tellFailure } from '../../common/notice';
import type { IEntry, ITapeOrder } from '../../common/types';
import { formatSpan } from '../../common/units';
import type { IDCache } from '../../tokens';
import { isOnTape, isStaged } from '../format';
import { tapeIcon } from '../icons';
import { MOST_PATHS, type Activity } from './api';
import { TapeCommandIDs } from './ids';
import type { TapeModel } from './model';
import {
  LEAST_KEEP_S,
  MOST_KEEP_S,
  USUAL_KEEP_S,
  type IOrderChoice
} from './orderdialog';
import { titleOf } from './words';

export interface ITapeCommandOptions {
  commands: CommandRegistry;
  model: TapeModel;
  dcache: IDCache;
  trans: TranslationBundle;
  /** Ask how long, and whether recursively; null when cancelled. */
  ask: (
    activity: Activity,
    entries: readonly IEntry[]
  ) => Promise<IOrderChoice | null>;
  /** Bring the list of orders into view. */
  show: () => void;
}

const ORDER = {
  endpoint: {
    type: 'string',
    description: 'Name of the endpoint; the one shown if left out.'
  },
  paths: {
    type: 'array',
    items: { type: 'string' },
    minItems: 1,
    description:
      'Literal absolute paths of files and folders; what is selected in the panel if left out.'
  },
  recursive: {
    type: 'boolean',
    description: 'Also what is in folders of these folders.'
  }
};

const KEEP = {
  type: 'integer',
  minimum: LEAST_KEEP_S,
  maximum: MOST_KEEP_S,
  description: 'Seconds to keep them on disk; a week if left out.'
};

function schema(
  properties: ReadonlyJSONObject,
  required: readonly string[] = []
): { args: ReadonlyJSONObject } {
  return { args: { type: 'object', properties, required: [...required] } };
}

export function addTapeCommands(options: ITapeCommandOptions): void {
  const { commands, dcache, model, trans } = options;

  const give = async (
    endpoint: string,
    activity: Activity,
    order: ITapeOrder
  ): Promise<void> => {
    const show = {
      label: trans.__('Show'),
      callback: () => options.show()
    };
    try {
      const request = await model.give(endpoint, activity, order);
      const title = trans.__('“%1”', titleOf(request, trans));
      const keep = formatSpan(request.keep ?? order.keep);
      const words = {
        stage: trans.__(
          'dCache brings %1 to disk and keeps it for %2. You are told when it is there.',
          title,
          keep
        ),
        pin: trans.__('dCache keeps %1 on disk for %2.', title, keep),
        release: trans.__('dCache releases %1.', title)
      }[activity];
      tell(words, 'info', { autoClose: 5000, actions: [show] });
    } catch (reason) {
      const titles = {
        stage: trans.__('Can’t stage'),
        pin: trans.__('Can’t keep on disk'),
        release: trans.__('Can’t release')
      };
      tellFailure(titles[activity], reason, trans);
    }
  };

  const nothingWords: Readonly<Record<Activity, string>> = {
    stage: trans.__('Nothing of what is selected is on tape.'),
    pin: trans.__('Nothing of what is selected is on disk.'),
    release: trans.__(
      'Nothing of what is selected is both on disk and on tape.'
    )
  };

  /**
   * Order something of given paths at once, of a selection after asking.
   *
   * A single file is asked for only where `mustAsk`: there is not much to be asked.
   */
  const order = async (
    activity: Activity,
    args: ReadonlyPartialJSONObject,
    fits: (entry: IEntry) => boolean,
    mustAsk: boolean
  ): Promise<void> => {
    const endpoint =
      (args.endpoint as string | undefined) ?? dcache.endpoint ?? '';
    const keep_s = (args.keep as number | undefined) ?? USUAL_KEEP_S;
    const recursive = args.recursive === true;
    const given = args.paths as string[] | undefined;
    if (given) {
      await give(endpoint, activity, { paths: given, keep: keep_s, recursive });
      return;
    }
    // A selection of many rows is waited for; nothing is left of one that was given up meanwhile.
    const selected = (await dcache.selecting) ? dcache.selected : [];
    const entries = selected.filter(fits);
    if (entries.length === 0) {
      if (selected.length > 0) {
        tell(nothingWords[activity], 'info', { autoClose: 5000 });
      }
      return;
    }
    const choice =
      mustAsk || areMore(entries)
        ? await options.ask(activity, entries)
        : { keep_s, recursive };
    // More than the companion takes at once become several orders.
    for (let at = 0; choice && at < entries.length; at += MOST_PATHS) {
      await give(endpoint, activity, {
        paths: entries.slice(at, at + MOST_PATHS).map(({ path }) => path),
        keep: choice.keep_s ?? USUAL_KEEP_S,
        recursive: choice.recursive
      });
    }
  };

  /** Whether much is selected and still on its way: whether it fits is not known yet. */
  const isPending = (): boolean =>
    dcache.selected.length < dcache.selectedCount;

  /** Whether there is something to act on: given paths, or a selection that fits or may fit. */
  const when =
    (fits: (entry: IEntry) => boolean) =>
    (args: ReadonlyPartialJSONObject): boolean =>
      args.paths !== undefined || isPending() || dcache.selected.some(fits);

  const isFolder = ({ type }: IEntry): boolean => type === 'directory';

  /** Whether there is something to be asked before the order: of one file there is not. */
  const areMore = (entries: readonly IEntry[]): boolean =>
    entries.length > 1 || entries.some(isFolder);
  const asks = (
    args: ReadonlyPartialJSONObject,
    fits: (entry: IEntry) => boolean
  ): boolean =>
    args.paths === undefined &&
    (isPending() || areMore(dcache.selected.filter(fits)));
  const canStage = (entry: IEntry): boolean =>
    isFolder(entry) || isOnTape(entry);
  const canKeep = (entry: IEntry): boolean =>
    isFolder(entry) || !isOnTape(entry);
  const canRelease = (entry: IEntry): boolean =>
    isFolder(entry) || isStaged(entry);

  commands.addCommand(TapeCommandIDs.stage, {
    label: args =>
      asks(args, canStage)
        ? trans.__('Stage from Tape…')
        : trans.__('Stage from Tape'),
    caption: trans.__(
      'Bring files from tape to disk, so that they can be read'
    ),
    icon: tapeIcon,
    isEnabled: when(canStage),
    isVisible: when(canStage),
    describedBy: schema({ ...ORDER, keep: KEEP }),
    execute: args => order('stage', args, canStage, false)
  });

  commands.addCommand(TapeCommandIDs.pin, {
    label: trans.__('Keep on Disk…'),
    caption: trans.__('Pin files that are on disk, so that they stay there'),
    isEnabled: when(canKeep),
    isVisible: when(entry => isFolder(entry) || isStaged(entry)),
    describedBy: schema({ ...ORDER, keep: KEEP }),
    execute: args => order('pin', args, canKeep, true)
  });

  commands.addCommand(TapeCommandIDs.release, {
    label: args =>
      asks(args, canRelease)
        ? trans.__('Release from Disk…')
        : trans.__('Release from Disk'),
    caption: trans.__(
      'End the pin, so that dCache may take the copy off the disk; the one on tape stays'
    ),
    isEnabled: when(canRelease),
    isVisible: when(canRelease),
    describedBy: schema(ORDER),
    execute: args => order('release', args, canRelease, false)
  });

  commands.addCommand(TapeCommandIDs.show, {
    label: trans.__('Show Tape Orders'),
    caption: trans.__('Show what was ordered from tape, and how far it is'),
    icon: tapeIcon,
    describedBy: schema({}),
    execute: () => options.show()
  });

  commands.addCommand(TapeCommandIDs.remove, {
    label: trans.__('Cancel or Forget Tape Order'),
    caption: trans.__(
      'Cancel what is not done of an order, and take it off the list'
    ),
    icon: closeIcon,
    describedBy: schema(
      { order: { type: 'string', description: 'Id of the order.' } },
      ['order']
    ),
    execute: async args => {
      try {
        await model.remove(args.order as string);
      } catch (reason) {
        tellFailure(trans.__('Can’t cancel the order'), reason, trans);
      }
    }
  });

  dcache.stateChanged.connect(() => {
    for (const id of [
      TapeCommandIDs.stage,
      TapeCommandIDs.pin,
      TapeCommandIDs.release
    ]) {
      commands.notifyCommandChanged(id);
    }
  });
}
