/** What can be done with files in dCache: labels, when, and which arguments. */
import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  codeIcon,
  copyIcon,
  deleteIcon,
  editIcon,
  newFolderIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import type { IEntry } from '../common/types';
import type { DCacheActions } from './actions';
import { readCode } from './code';
import { isOnTape, isStaged } from './format';
import { dcacheIcon, tapeIcon } from './icons';
import { CommandIDs } from './ids';
import type { DCacheModel } from './model';

export interface ICommandOptions {
  commands: CommandRegistry;
  model: DCacheModel;
  actions: DCacheActions;
  trans: TranslationBundle;
  /** Bring the panel into view. */
  showPanel: () => void;
  /** Put code into the open notebook; false when none takes it. */
  insertCode: (code: string) => boolean;
}

const ENDPOINT = {
  type: 'string',
  description: 'Name of the endpoint; the one shown if left out.'
};

const PATHS = {
  type: 'array',
  items: { type: 'string' },
  minItems: 1,
  description:
    'Literal absolute paths; what is selected in the panel if left out.'
};

function schema(properties: ReadonlyJSONObject): {
  args: ReadonlyJSONObject;
} {
  return { args: { type: 'object', properties } };
}

/** Add the commands. Without paths they act on what is selected in the panel. */
export function addCommands(options: ICommandOptions): void {
  const { actions, commands, model, trans } = options;

  const endpointOf = (args: ReadonlyPartialJSONObject): string =>
    (args.endpoint as string | undefined) ?? model.endpoint ?? '';

  const targetsOf = async (
    args: ReadonlyPartialJSONObject
  ): Promise<readonly IEntry[]> => {
    const paths = args.paths as string[] | undefined;
    return paths ? actions.entriesOf(endpointOf(args), paths) : model.selected;
  };

  /** Whether a command has something to act on: given paths, or a fitting selection. */
  const when =
    (fits: (selected: readonly IEntry[]) => boolean) =>
    (args: ReadonlyPartialJSONObject): boolean =>
      args.paths !== undefined || fits(model.selected);

  const isAny = when(selected => selected.length > 0);
  const isOne = when(selected => selected.length === 1);

  commands.addCommand(CommandIDs.open, {
    label: args =>
      args.isPalette ? trans.__('Show dCache Files') : trans.__('Open'),
    caption: trans.__('Show a dCache folder, or open a file in an editor'),
    icon: dcacheIcon,
    isEnabled: args =>
      args.isPalette === true || args.path !== undefined || isOne(args),
    describedBy: schema({
      endpoint: ENDPOINT,
      path: {
        type: 'string',
        description: 'Literal absolute path; what is selected if left out.'
      }
    }),
    execute: async args => {
      const path = args.path as string | undefined;
      if (args.isPalette || path !== undefined) {
        options.showPanel();
      }
      if (path !== undefined) {
        await actions.open({ endpoint: endpointOf(args), path });
      } else if (!args.isPalette && model.selected.length === 1) {
        const [entry] = model.selected;
        await actions.open(model.placeOf(entry), entry);
      }
    }
  });

  commands.addCommand(CommandIDs.newFolder, {
    label: trans.__('New Folder…'),
    caption: trans.__('Make a folder in the folder shown'),
    icon: newFolderIcon,
    isEnabled: () => model.endpoint !== null,
    describedBy: schema({
      endpoint: ENDPOINT,
      path: {
        type: 'string',
        description: 'Where to make it; the folder shown if left out.'
      },
      name: { type: 'string', description: 'Its name; asked for if left out.' }
    }),
    execute: async args => {
      const path = (args.path as string | undefined) ?? model.path;
      await actions.newFolder(
        { endpoint: endpointOf(args), path },
        args.name as string | undefined
      );
    }
  });

  commands.addCommand(CommandIDs.rename, {
    label: trans.__('Rename…'),
    caption: trans.__('Give the entry another name'),
    icon: editIcon,
    isEnabled: isOne,
    describedBy: schema({
      endpoint: ENDPOINT,
      paths: { ...PATHS, maxItems: 1 },
      name: { type: 'string', description: 'New name; asked for if left out.' }
    }),
    execute: async args => {
      const [entry] = await targetsOf(args);
      if (entry) {
        await actions.rename(
          { endpoint: endpointOf(args), path: entry.path },
          args.name as string | undefined
        );
      }
    }
  });

  commands.addCommand(CommandIDs.move, {
    label: trans.__('Move…'),
    caption: trans.__('Move to another folder'),
    isEnabled: isAny,
    describedBy: schema({
      endpoint: ENDPOINT,
      paths: PATHS,
      destination: {
        type: 'string',
        description: 'Folder to move to; asked for if left out.'
      }
    }),
    execute: async args => {
      const entries = await targetsOf(args);
      if (entries.length > 0) {
        await actions.move(
          endpointOf(args),
          entries,
          args.destination as string | undefined
        );
      }
    }
  });

  commands.addCommand(CommandIDs.remove, {
    label: trans.__('Delete…'),
    caption: trans.__('Delete from dCache, after asking'),
    icon: deleteIcon,
    isEnabled: isAny,
    describedBy: schema({ endpoint: ENDPOINT, paths: PATHS }),
    execute: async args => {
      const entries = await targetsOf(args);
      if (entries.length > 0) {
        await actions.remove(endpointOf(args), entries);
      }
    }
  });

  commands.addCommand(CommandIDs.stage, {
    label: trans.__('Stage from Tape'),
    caption: trans.__(
      'Bring the file from tape to disk, so that it can be read'
    ),
    icon: tapeIcon,
    isEnabled: when(selected => selected.some(isOnTape)),
    isVisible: when(selected => selected.some(isOnTape)),
    describedBy: schema({ endpoint: ENDPOINT, paths: PATHS }),
    execute: async args => {
      const entries = (await targetsOf(args)).filter(isOnTape);
      if (entries.length > 0) {
        await actions.stage(endpointOf(args), entries);
      }
    }
  });

  commands.addCommand(CommandIDs.release, {
    label: trans.__('Release from Disk'),
    caption: trans.__(
      'End the pin, so that dCache may take the copy off the disk; the one on tape stays'
    ),
    isEnabled: when(selected => selected.some(isStaged)),
    isVisible: when(selected => selected.some(isStaged)),
    describedBy: schema({ endpoint: ENDPOINT, paths: PATHS }),
    execute: async args => {
      const entries = (await targetsOf(args)).filter(isStaged);
      if (entries.length > 0) {
        await actions.release(endpointOf(args), entries);
      }
    }
  });

  commands.addCommand(CommandIDs.copyPath, {
    label: trans.__('Copy Path'),
    caption: trans.__('Copy the path to the clipboard'),
    icon: copyIcon,
    isEnabled: isAny,
    describedBy: schema({ endpoint: ENDPOINT, paths: PATHS }),
    execute: args => {
      const paths =
        (args.paths as string[] | undefined) ??
        model.selected.map(({ path }) => path);
      Clipboard.copyToSystem(paths.join('\n'));
    }
  });

  commands.addCommand(CommandIDs.insertCode, {
    label: trans.__('Insert Code'),
    caption: trans.__('Put code that reads the file into the notebook'),
    icon: codeIcon,
    isEnabled: isAny,
    describedBy: schema({ endpoint: ENDPOINT, paths: PATHS }),
    execute: async args => {
      const entries = await targetsOf(args);
      if (entries.length === 0) {
        return;
      }
      const endpoint = endpointOf(args);
      const code = readCode(
        entries,
        model.isDefault(endpoint) ? null : endpoint
      );
      if (!options.insertCode(code)) {
        Clipboard.copyToSystem(code);
        Notification.info(
          trans.__(
            'No notebook is open that takes code. The code is on the clipboard instead.'
          )
        );
      }
    }
  });

  model.stateChanged.connect(() => {
    for (const id of Object.values(CommandIDs)) {
      commands.notifyCommandChanged(id);
    }
  });
}
