/** Wires dCache into Lab: the drive, and the panel with its commands. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { fileIcon, folderIcon, LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Token, type ReadonlyJSONObject } from '@lumino/coreutils';
import { ChangeStream } from '../common/events';
import { returnFocus } from '../common/keepfocus';
import type { MissedEvents } from '../common/missed';
import { insertCode } from '../common/insert';
import { reveal } from '../common/place';
import type { IEntry } from '../common/types';
import { ICompanion, IDCache, IDCacheSidebar } from '../tokens';
// Activation needs these at once: the drive before any document is restored, the actions for
// its signals and the page's address.
/* eslint-disable jupyter/prefer-lazy-imports */
import { tellFailure } from '../common/notice';
import { Section } from '../common/section';
import { DCacheActions } from './actions';
import { DCacheApi, type IDCacheApi } from './api';
import { Bookmarks } from './bookmarks';
import { readCode, urlOf } from './code';
import { ColumnsModel } from './columns';
import { addCommands } from './commands';
import type { IPanelContext } from './components/state';
import { DetailsModel } from './details';
import type { LargeChoice } from './dialogs';
import { makeDrag } from './drag';
import { DCacheDrive } from './drive';
import { suffixOf } from './filetypes';
import { isOnTape } from './format';
import { CommandIDs, OPEN_CATALOG, PluginIDs, TransferCommandIDs } from './ids';
import { DCacheModel } from './model';
import { followHabits, remember } from './remembered';
import { FolderWatch } from './watch';
import { DRIVE, fromDrivePath, toLabPath, type IPlace } from './paths';
import { DCacheSidebar } from './sidebar';
import { TapeCommandIDs } from './tape/ids';

/** The drive and the routes it uses; the panel works on the same. */
interface IDCacheService {
  api: IDCacheApi;
  drive: DCacheDrive;
}

const IDCacheService = new Token<IDCacheService>(
  'jupyterlab-rsdat:IDCacheService',
  'dCache files as a drive of Lab’s contents manager.'
);

const drive: JupyterFrontEndPlugin<IDCacheService> = {
  id: PluginIDs.drive,
  description: 'Lets Lab’s editors and viewers open and save files in dCache.',
  autoStart: true,
  optional: [ITranslator],
  provides: IDCacheService,
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null
  ): IDCacheService => {
    const { contents, serverSettings } = app.serviceManager;
    const api = new DCacheApi(serverSettings);
    const drive = new DCacheDrive({
      api,
      serverSettings,
      trans: (translator ?? nullTranslator).load('jupyterlab_rsdat'),
      fileTypes: name => app.docRegistry.getFileTypesForPath(name)
    });
    contents.addDrive(drive);
    return { api, drive };
  }
};

const sidebar: JupyterFrontEndPlugin<IDCacheSidebar> = {
  id: PluginIDs.sidebar,
  description: 'The left panel that the features on dCache share.',
  autoStart: true,
  optional: [ITranslator, ILayoutRestorer],
  provides: IDCacheSidebar,
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ): IDCacheSidebar => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const side: DCacheSidebar = new DCacheSidebar({
      caption: trans.__('dCache'),
      activate: () => reveal(app.shell, side)
    });
    app.shell.add(side, 'left', { rank: 210, type: 'rsdat' });
    restorer?.add(side, side.id);
    returnFocus(app.contextMenu.menu, side.node);
    return side;
  }
};

const panel: JupyterFrontEndPlugin<IDCache> = {
  id: PluginIDs.panel,
  description: 'The panel of files in dCache, and its commands.',
  autoStart: true,
  requires: [IDCacheService, IDCacheSidebar],
  optional: [
    ITranslator,
    ICommandPalette,
    IStateDB,
    INotebookTracker,
    IDocumentManager,
    ISettingRegistry,
    ICompanion
  ],
  provides: IDCache,
  activate: (
    app: JupyterFrontEnd,
    service: IDCacheService,
    sidebar: IDCacheSidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    state: IStateDB | null,
    notebooks: INotebookTracker | null,
    documents: IDocumentManager | null,
    settings: ISettingRegistry | null,
    companion: ICompanion | null
  ): IDCache => {
    const { api, drive } = service;
    const { commands, serviceManager, shell } = app;
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const stream = new ChangeStream(serviceManager.events);
    let missed: MissedEvents | null = null;
    const model = new DCacheModel({
      api,
      changes: stream.changed
    });
    const followed = {
      api,
      stream,
      settings: serviceManager.serverSettings,
      trans
    };
    const actions = new DCacheActions({
      followDeletion: async place => {
        const { followDeletions } = await import('./deletionnotices');
        const notices = await followDeletions(followed, place);
        return notices.found();
      },
      stage: ({ endpoint, path }) =>
        void commands.execute(TapeCommandIDs.stage, {
          endpoint,
          paths: [path]
        }),
      api,
      model,
      contents: serviceManager.contents,
      trans,
      openLimit_bytes: () => drive.openLimit_bytes,
      insteadOfOpening: (choice, { endpoint, path }) =>
        void commands.execute(INSTEAD[choice], { endpoint, paths: [path] }),
      openDocument: async path =>
        (await isOpenedAsCatalog(commands, path)) ||
        commands.execute('docmanager:open', { path })
    });
    drive.onTape.connect((_, place) => actions.offerStage(place));

    const columns = new ColumnsModel();
    const bookmarks = new Bookmarks();
    const details = new DetailsModel({ api, model });
    const watch = new FolderWatch({ api, model });

    const context: IPanelContext = {
      model,
      columns,
      bookmarks,
      details,
      commands,
      trans,
      companion,
      iconOf: entry => iconOf(entry, app),
      complete: (typed, signal) =>
        model.complete(model.endpoint ?? '', typed, signal),
      drop: data => {
        const { endpoint, path } = model;
        if (endpoint !== null) {
          sidebar.drop({ data, endpoint, path });
        }
      },
      open: () => void commands.execute(CommandIDs.open),
      makeDrag: () => {
        const { selected } = model;
        const [first] = selected;
        const canOpen =
          documents !== null &&
          selected.length === 1 &&
          first.type === 'file' &&
          !isOnTape(first);
        const endpoint = model.endpoint ?? '';
        return makeDrag({
          code: readCode(selected, model.isDefault(endpoint) ? null : endpoint),
          label:
            selected.length === 1
              ? first.name
              : trans._n('%1 entry', '%1 entries', selected.length),
          openDocument: canOpen
            ? () => documents.openOrReveal(toLabPath(model.placeOf(first)))
            : null
        });
      }
    };
    const section = new Section({
      id: 'jp-rsdat-dcache-files',
      label: trans.__('dCache'),
      failure: trans.__(
        'This panel can’t be loaded. Save your work and reload the page.'
      ),
      load: async () => {
        const [{ DCachePanel }, { createElement }, { followMissed }] =
          await Promise.all([
            import('./components/panel'),
            import('react'),
            import('../common/missed')
          ]);
        missed = followMissed({
          stream,
          settings: serviceManager.serverSettings,
          isIdle: () => !section.isVisible
        });
        missed.missed.connect(() => model.markOld());
        return () => createElement(DCachePanel, context);
      }
    });
    section.addClass('jp-rsdat-DCache');
    sidebar.addSection(section);

    const restored = remember({
      model,
      columns,
      details,
      state,
      registry: settings
    });
    void app.restored.then(() =>
      followHabits({
        registry: settings,
        bookmarks,
        model,
        setOpenLimit: limit_bytes => {
          drive.openLimit_bytes = limit_bytes;
        },
        onFailure: reason =>
          tellFailure(trans.__('The setting was not kept'), reason, trans)
      })
    );
    section.visibleChanged.connect((_, isVisible) => {
      if (isVisible) {
        void missed?.check();
        void restored.then(() => model.show()).then(() => watch.start());
      } else {
        model.hide();
      }
    });

    addCommands({
      commands,
      model,
      actions,
      trans,
      showPanel: () => sidebar.reveal(),
      insertCode: code => {
        const notebook = notebooks?.currentWidget;
        const isIn = notebook ? insertCode(notebook.content, code) : false;
        if (notebook && isIn) {
          shell.activateById(notebook.id);
        }
        return isIn;
      }
    });
    void Promise.all([import('./deletionnotices'), app.restored]).then(
      ([{ followDeletions }]) => followDeletions(followed)
    );
    const asked = takeTreePath();
    if (asked) {
      void app.restored.then(() => actions.open(asked));
    }

    const category = trans.__('dCache');
    for (const command of Object.values(CommandIDs)) {
      const args: ReadonlyJSONObject =
        command === CommandIDs.open ? { isPalette: true } : {};
      palette?.addItem({ command, args, category });
    }
    return model;
  }
};

/** The command for what is done with a file that is too large to open. */
const INSTEAD: Readonly<Record<LargeChoice, string>> = {
  code: CommandIDs.insertCode,
  copy: TransferCommandIDs.copyToWorkspace,
  download: TransferCommandIDs.download
};

export const dcachePlugins: JupyterFrontEndPlugin<unknown>[] = [
  drive,
  sidebar,
  panel
];

/**
 * The file or folder of ours that the page's address names (`/lab/tree/dcache:…`), taken over.
 *
 * Lab puts the current document into the address, and after a reload hands it to its own file
 * browser, which knows no browser for our drive and shows an error (Lab 4.6, `filebrowser:open-path`).
 */
function takeTreePath(): IPlace | null {
  const path = PageConfig.getOption('treePath');
  if (!path.startsWith(`${DRIVE}:`)) {
    return null;
  }
  PageConfig.setOption('treePath', '');
  return fromDrivePath(path.slice(DRIVE.length + 1));
}

/** Whether a JSON file was a STAC catalog, and is shown as one. */
async function isOpenedAsCatalog(
  commands: CommandRegistry,
  labPath: string
): Promise<boolean> {
  const place = fromDrivePath(labPath.slice(DRIVE.length + 1));
  const canBe = suffixOf(labPath) === 'json' || suffixOf(labPath) === 'geojson';
  return place !== null && canBe && commands.hasCommand(OPEN_CATALOG)
    ? commands.execute(OPEN_CATALOG, {
        endpoint: place.endpoint,
        href: urlOf(place.path),
        isGuess: true
      })
    : false;
}

function iconOf(entry: IEntry, { docRegistry }: JupyterFrontEnd): LabIcon {
  if (entry.type === 'directory') {
    return folderIcon;
  }
  const [type] = docRegistry.getFileTypesForPath(entry.name);
  return type?.icon instanceof LabIcon ? type.icon : fileIcon;
}
