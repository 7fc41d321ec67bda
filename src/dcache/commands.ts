/** What can be done with files in dCache: labels, when, and which arguments. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { deleteIcon, editIcon, newFolderIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { DCacheActions } from './actions';
import { addCodeCommands } from './codecommands';
import { dcacheIcon } from './icons';
import { CommandIDs } from './ids';
import type { DCacheModel } from './model';
import { ENDPOINT, PATHS, schema, Targets } from './targets';

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

/** Add the commands. Without paths they act on what is selected in the panel. */
export function addCommands(options: ICommandOptions): void {
  const { actions, commands, model, trans } = options;

  const targets = new Targets(model, actions);
  const isAny = targets.when(count => count > 0);
  const isOne = targets.when(count => count === 1);

  commands.addCommand(CommandIDs.open, {
    label: args =>
      args.isLauncher
        ? trans.__('dCache')
        : args.isPalette
          ? trans.__('Show dCache Files')
          : trans.__('Open'),
    caption: trans.__('Show a dCache folder, or open a file in an editor'),
    icon: dcacheIcon,
    isEnabled: args =>
      isOnlyShowing(args) || args.path !== undefined || isOne(args),
    describedBy: schema({
      endpoint: ENDPOINT,
      path: {
        type: 'string',
        description: 'Literal absolute path; what is selected if left out.'
      },
      isPalette: {
        type: 'boolean',
        description: 'Only show the panel.'
      },
      isLauncher: {
        type: 'boolean',
        description: 'Only show the panel; it stands in the launcher.'
      }
    }),
    execute: async args => {
      const path = args.path as string | undefined;
      const isOnly = isOnlyShowing(args);
      if (isOnly || path !== undefined) {
        options.showPanel();
      }
      if (path !== undefined) {
        await actions.open({ endpoint: targets.endpoint(args), path });
      } else if (!isOnly && model.selected.length === 1) {
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
        { endpoint: targets.endpoint(args), path },
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
      const [entry] = await targets.entries(args);
      if (entry) {
        await actions.rename(
          { endpoint: targets.endpoint(args), path: entry.path },
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
      const entries = await targets.entries(args);
      if (entries.length > 0) {
        await actions.move(
          targets.endpoint(args),
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
      const entries = await targets.entries(args);
      if (entries.length > 0) {
        await actions.remove(targets.endpoint(args), entries);
      }
    }
  });

  commands.addCommand(CommandIDs.toggleHidden, {
    label: trans.__('Show Hidden Files'),
    caption: trans.__(
      'Show names that begin with a dot, also those of what is being written'
    ),
    isToggleable: true,
    isToggled: () => model.showsHidden,
    describedBy: schema({}),
    execute: () => {
      model.showsHidden = !model.showsHidden;
    }
  });
  model.changed.connect(() =>
    commands.notifyCommandChanged(CommandIDs.toggleHidden)
  );

  addCodeCommands({
    commands,
    model,
    targets,
    trans,
    insertCode: options.insertCode
  });

  let last = { selection: model.selection, endpoint: model.endpoint };
  model.stateChanged.connect(() => {
    // What can be done depends on place and selection alone; rows come and go much more often.
    const now = { selection: model.selection, endpoint: model.endpoint };
    if (now.selection === last.selection && now.endpoint === last.endpoint) {
      return;
    }
    last = now;
    for (const id of Object.values(CommandIDs)) {
      commands.notifyCommandChanged(id);
    }
  });
}

/** Whether it stands where nothing is selected: then only the panel is shown. */
function isOnlyShowing(args: ReadonlyPartialJSONObject): boolean {
  return args.isPalette === true || args.isLauncher === true;
}
