/** Commands on files that begin a transfer: upload, download, copy, paste. */
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  copyIcon,
  downloadIcon,
  fileUploadIcon,
  folderIcon,
  pasteIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import { tell } from '../common/notice';
import { ApiError } from '../common/request';
import type { IEntry } from '../common/types';
import type { IDCache, IUploadFile } from '../tokens';
import type { IFolder, IPlaces, TransferActions } from './actions';
import type { ITransfersApi } from './api';
import { CommandIDs } from './ids';

export interface IFileCommandOptions {
  commands: CommandRegistry;
  actions: TransferActions;
  api: Pick<ITransfersApi, 'info'>;
  dcache: IDCache;
  trans: TranslationBundle;
  /** Let the user choose files of his computer. */
  chooseFiles: () => Promise<readonly IUploadFile[]>;
  /** Let the user choose a folder of his computer. */
  chooseFolder: () => Promise<readonly IUploadFile[]>;
  /** Ask for a folder of the workspace; null when cancelled. */
  askWorkspace: (count: number) => Promise<string | null>;
  /** Ask for a folder of dCache, and begin to copy there; what fails is told in the dialog. */
  askDCache: (
    paths: readonly string[],
    copy: (folder: IFolder) => Promise<unknown>
  ) => Promise<void>;
  /** Paths that are selected in Lab's own file browser. */
  workspaceSelection: () => readonly string[];
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

const FOLDER = {
  type: 'string',
  description: 'Folder to put it into; the one shown if left out.'
};

function schema(properties: ReadonlyJSONObject): {
  args: ReadonlyJSONObject;
} {
  return { args: { type: 'object', properties } };
}

export function addFileCommands(options: IFileCommandOptions): void {
  const { actions, commands, dcache, trans } = options;
  /** What "copy" took, for "paste". */
  let taken: IPlaces | null = null;
  const take = (places: IPlaces | null): void => {
    taken = places;
    commands.notifyCommandChanged(CommandIDs.paste);
  };
  /** The latest "copy". */
  let copying = {};

  const folderOf = (
    args: ReadonlyPartialJSONObject
  ): { endpoint: string; path: string } => ({
    endpoint: (args.endpoint as string | undefined) ?? dcache.endpoint ?? '',
    path: (args.path as string | undefined) ?? dcache.path
  });

  /** A selection of many rows is waited for; nothing is left of one that was given up meanwhile. */
  const selected = async (): Promise<readonly IEntry[]> =>
    (await dcache.selecting) ? dcache.selected : [];

  const placesOf = async (
    args: ReadonlyPartialJSONObject
  ): Promise<IPlaces> => {
    const endpoint = (args.endpoint as string | undefined) ?? dcache.endpoint;
    const paths =
      (args.paths as string[] | undefined) ??
      (await selected()).map(({ path }) => path);
    return { endpoint, paths };
  };

  const entriesOf = async (
    args: ReadonlyPartialJSONObject
  ): Promise<readonly IEntry[]> => {
    if (args.paths === undefined) {
      return selected();
    }
    const { endpoint } = folderOf(args);
    const entries: IEntry[] = [];
    for (const path of args.paths as string[]) {
      try {
        const entry = await options.api.info(endpoint, path);
        if (entry) {
          entries.push(entry);
        } else {
          tell(trans.__('“%1” does not exist.', path), 'error');
        }
      } catch (reason) {
        const { text } = ApiError.from(reason);
        tell(trans.__('Can’t find “%1”: %2', path, text), 'error', {
          autoClose: false
        });
      }
    }
    return entries;
  };

  const isShown = (): boolean => dcache.endpoint !== null;
  const isAny = (args: ReadonlyPartialJSONObject): boolean =>
    args.paths !== undefined || dcache.selectedCount > 0;
  /** Whether one file is all that is selected; what is still on its way is several. */
  const isOneSelected = (): boolean => isOneFile(dcache.selected);

  commands.addCommand(CommandIDs.upload, {
    label: trans.__('Upload Files…'),
    caption: trans.__('Upload files from this computer to the folder shown'),
    icon: fileUploadIcon,
    isEnabled: isShown,
    describedBy: schema({ endpoint: ENDPOINT, path: FOLDER }),
    execute: async args => {
      const folder = folderOf(args);
      await actions.upload(await options.chooseFiles(), folder);
    }
  });

  commands.addCommand(CommandIDs.uploadFolder, {
    label: trans.__('Upload Folder…'),
    caption: trans.__(
      'Upload a folder from this computer, with all that is in it'
    ),
    icon: folderIcon,
    isEnabled: isShown,
    describedBy: schema({ endpoint: ENDPOINT, path: FOLDER }),
    execute: async args => {
      const folder = folderOf(args);
      await actions.upload(await options.chooseFolder(), folder);
    }
  });

  commands.addCommand(CommandIDs.download, {
    label: () =>
      isOneSelected() || dcache.selectedCount === 0
        ? trans.__('Download')
        : trans.__('Download as Zip'),
    caption: trans.__(
      'Save on this computer; folders and several files as one zip archive'
    ),
    icon: downloadIcon,
    isEnabled: isAny,
    describedBy: schema({ endpoint: ENDPOINT, paths: PATHS }),
    execute: async args => {
      const { endpoint } = folderOf(args);
      const entries = await entriesOf(args);
      if (entries.length > 0) {
        const format = isOneFile(entries) ? 'file' : 'zip';
        await actions.download(endpoint, entries, format);
      }
    }
  });

  commands.addCommand(CommandIDs.downloadArchive, {
    label: args =>
      args.format === 'zip'
        ? trans.__('Download as Zip')
        : trans.__('Download as Tar'),
    caption: trans.__('Save on this computer as one archive'),
    icon: downloadIcon,
    isEnabled: isAny,
    // One file needs no archive: its menu has one way to download it.
    isVisible: args => args.paths !== undefined || !isOneSelected(),
    describedBy: schema({
      endpoint: ENDPOINT,
      paths: PATHS,
      format: {
        type: 'string',
        enum: ['zip', 'tar'],
        description: 'tar if left out.'
      }
    }),
    execute: async args => {
      const { endpoint } = folderOf(args);
      const entries = await entriesOf(args);
      if (entries.length > 0) {
        const format = args.format === 'zip' ? 'zip' : 'tar';
        await actions.download(endpoint, entries, format);
      }
    }
  });

  commands.addCommand(CommandIDs.copyToWorkspace, {
    label: trans.__('Copy to Workspace…'),
    caption: trans.__('Copy to a folder of Jupyter’s own files'),
    icon: copyIcon,
    isEnabled: isAny,
    describedBy: schema({
      endpoint: ENDPOINT,
      paths: PATHS,
      destination: {
        type: 'string',
        description: 'Folder of the workspace; asked for if left out.'
      }
    }),
    execute: async args => {
      const places = await placesOf(args);
      if (places.paths.length === 0) {
        return;
      }
      const path =
        (args.destination as string | undefined) ??
        (await options.askWorkspace(places.paths.length));
      if (path !== null) {
        await actions.copy(places, { endpoint: null, path });
      }
    }
  });

  commands.addCommand(CommandIDs.copyToDCache, {
    label: trans.__('Copy to dCache…'),
    caption: trans.__('Copy what is selected to a folder of dCache'),
    icon: copyIcon,
    isEnabled: args =>
      args.paths !== undefined || options.workspaceSelection().length > 0,
    describedBy: schema({
      paths: {
        ...PATHS,
        description:
          'Paths of the workspace; what is selected in the file browser if left out.'
      },
      endpoint: ENDPOINT,
      destination: {
        type: 'string',
        description: 'Folder of dCache; asked for if left out.'
      }
    }),
    execute: async args => {
      const paths =
        (args.paths as string[] | undefined) ?? options.workspaceSelection();
      if (paths.length === 0) {
        return;
      }
      const places: IPlaces = { endpoint: null, paths };
      const given = args.destination as string | undefined;
      if (given === undefined) {
        await options.askDCache(paths, folder => actions.begin(places, folder));
      } else {
        await actions.copy(places, { ...folderOf(args), path: given });
      }
    }
  });

  commands.addCommand(CommandIDs.copy, {
    label: trans.__('Copy'),
    caption: trans.__('Note what is selected, to paste it into another folder'),
    icon: copyIcon,
    isEnabled: isAny,
    describedBy: schema({ endpoint: ENDPOINT, paths: PATHS }),
    execute: async args => {
      const mine = (copying = {});
      const isSelection = args.paths === undefined && isAny(args);
      if (isSelection) {
        // Until all is here nobody shall paste what was taken before.
        take(null);
      }
      const places = await placesOf(args);
      if (mine !== copying) {
        return;
      }
      if (places.paths.length > 0) {
        take(places);
      } else if (isSelection) {
        tell(
          trans.__(
            'Nothing was noted to paste: the selection was given up before all of it was here.'
          ),
          'warning'
        );
      }
    }
  });

  commands.addCommand(CommandIDs.paste, {
    label: trans.__('Paste'),
    caption: trans.__('Copy what was noted to the folder shown'),
    icon: pasteIcon,
    isEnabled: () => taken !== null && isShown(),
    describedBy: schema({ endpoint: ENDPOINT, path: FOLDER }),
    execute: async args => {
      if (taken !== null) {
        const folder: IFolder = folderOf(args);
        await actions.copy(taken, folder);
      }
    }
  });

  dcache.stateChanged.connect(() => {
    for (const id of [
      CommandIDs.upload,
      CommandIDs.uploadFolder,
      CommandIDs.download,
      CommandIDs.downloadArchive,
      CommandIDs.copyToWorkspace,
      CommandIDs.copy,
      CommandIDs.paste
    ]) {
      commands.notifyCommandChanged(id);
    }
  });
}

function isOneFile(entries: readonly IEntry[]): boolean {
  return entries.length === 1 && entries[0].type !== 'directory';
}
