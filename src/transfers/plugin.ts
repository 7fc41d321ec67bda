/** Wires the transfers into Lab: the section in the dCache panel, commands, notices, status bar. */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { ChangeStream } from '../common/events';
// The section itself is there from the start; what is in it comes when it is shown.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { Section } from '../common/section';
import { followSettings } from '../common/settings';
import type { ITransferRequest } from '../common/types';
import { IDCache, IDCacheSidebar, ITransfers } from '../tokens';
// Activation needs these at once: what was dropped is gone after its event.
/* eslint-disable jupyter/prefer-lazy-imports */
import { TransferActions } from './actions';
import { TransfersApi } from './api';
import { addCommands } from './commands';
import type { ITransfersContext } from './components/context';
import { addFileCommands } from './filecommands';
import { CommandIDs, DCacheCommandIDs, PluginIDs } from './ids';
import { TransfersModel } from './model';
import { put } from './upload/put';
import { Reading } from './upload/reading';
import { putWords } from './upload/words';
import {
  acceptDrags,
  copiedPaths,
  selectedPaths,
  workspacePaths
} from './workspace';
/* eslint-enable jupyter/prefer-lazy-imports */

const transfers: JupyterFrontEndPlugin<ITransfers> = {
  id: PluginIDs.transfers,
  description:
    'Uploads, downloads and copies between computer, workspace and dCache.',
  autoStart: true,
  requires: [IDCache, IDCacheSidebar],
  optional: [
    ITranslator,
    ICommandPalette,
    IDocumentManager,
    IFileBrowserFactory,
    IStatusBar,
    ISettingRegistry
  ],
  provides: ITransfers,
  activate: (
    app: JupyterFrontEnd,
    dcache: IDCache,
    sidebar: IDCacheSidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    documents: IDocumentManager | null,
    browsers: IFileBrowserFactory | null,
    statusBar: IStatusBar | null,
    registry: ISettingRegistry | null
  ): ITransfers => {
    const { commands, serviceManager } = app;
    const { contents, serverSettings } = serviceManager;
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const stream = new ChangeStream(serviceManager.events);
    const api = new TransfersApi(serverSettings);
    const model = new TransfersModel({
      api,
      changes: stream,
      put: request => put({ ...request, settings: serverSettings }),
      wait: ms => new Promise(resolve => setTimeout(resolve, ms)),
      explain: error => putWords(error, trans)
    });
    model.changed.connect(() => {
      commands.notifyCommandChanged(CommandIDs.cancel);
      commands.notifyCommandChanged(CommandIDs.clearFinished);
      commands.notifyCommandChanged(CommandIDs.forget);
    });
    const reading = new Reading();
    const fold = { isOpen: false };
    const context: ITransfersContext = {
      model,
      reading,
      commands,
      trans,
      fold
    };

    const section = makeSection(context);
    let watch: IDisposable | null = null;
    section.visibleChanged.connect((_, isVisible) => {
      watch?.dispose();
      watch = isVisible ? model.watch() : null;
    });
    sidebar.addSection(section);
    const unfold = (): void => {
      fold.isOpen = true;
      section.update();
    };

    const habits = {
      tellsDone: true,
      conflict: 'ask' as ITransferRequest['conflict']
    };
    void followSettings(registry, PluginIDs.transfers, settings => {
      habits.tellsDone = settings.tellDone !== false;
      habits.conflict = (settings.conflicts ?? 'ask') as typeof habits.conflict;
    });

    const actions = new TransferActions({
      model,
      reading,
      trans,
      conflict: () => habits.conflict,
      unfold,
      follow: transfer =>
        followLink(api.downloadUrl(model.transfer(transfer.id)!)),
      chooseAgain: async title => {
        const { chooseAgain } = await import('./upload/choose');
        return chooseAgain(section.node, title, trans);
      },
      stage: (endpoint, paths) =>
        void commands.execute(DCacheCommandIDs.stage, {
          endpoint,
          paths: [...paths]
        })
    });
    const show = (): void => {
      sidebar.reveal();
      unfold();
    };
    addCommands({ commands, model, actions, trans, show });
    addFileCommands({
      commands,
      actions,
      api,
      dcache,
      trans,
      chooseFiles: async () =>
        (await import('./upload/choose')).choose(section.node, 'files'),
      chooseFolder: async () =>
        (await import('./upload/choose')).choose(section.node, 'folder'),
      askWorkspace: count => askWorkspace(documents, count, trans),
      askDCache: async ({ length: count }, attempt) => {
        const { askDCacheFolder } = await import('./copydialog');
        const place = { endpoint: dcache.endpoint ?? '', path: dcache.path };
        await askDCacheFolder({ place, dcache, count, attempt }, trans);
      },
      workspaceSelection: () =>
        workspacePaths(selectedPaths(browsers), contents)
    });
    sidebar.dropped.connect(
      (_, dropped) => void actions.uploadDropped(dropped)
    );
    acceptDrags(sidebar.node, {
      canDrop: () => dcache.endpoint !== null,
      drop: dragged => {
        const paths = copiedPaths(dragged, contents, trans);
        void actions.copy(
          { endpoint: null, paths },
          { endpoint: dcache.endpoint, path: dcache.path }
        );
      }
    });

    const category = trans.__('dCache');
    for (const command of [
      CommandIDs.upload,
      CommandIDs.uploadFolder,
      CommandIDs.download,
      CommandIDs.downloadArchive,
      CommandIDs.copyToWorkspace,
      CommandIDs.copyToDCache,
      CommandIDs.copy,
      CommandIDs.paste,
      CommandIDs.show,
      CommandIDs.clearFinished
    ]) {
      palette?.addItem({ command, category });
    }

    window.addEventListener('beforeunload', event => {
      if (model.isSending) {
        // Without it the files that are on their way would be lost unasked.
        event.preventDefault();
        event.returnValue = '';
      }
    });
    void import('./follow').then(({ follow }) =>
      follow({
        app,
        stream,
        model,
        trans,
        statusBar,
        tellsDone: () => habits.tellsDone,
        isSectionSeen: () => section.isVisible && fold.isOpen,
        section
      })
    );
    return model;
  }
};

export const transfersPlugins: JupyterFrontEndPlugin<unknown>[] = [transfers];

function makeSection(context: ITransfersContext): Section {
  const { trans } = context;
  const section = new Section({
    id: 'jp-rsdat-transfers',
    label: trans.__('Transfers'),
    failure: trans.__(
      'This part of the page could not be loaded. Reload the page.'
    ),
    load: async () => {
      const [{ TransfersSection }, { createElement }] = await Promise.all([
        import('./components/section'),
        import('react')
      ]);
      return () => createElement(TransfersSection, context);
    }
  });
  section.addClass('jp-rsdat-FoldSection');
  return section;
}

/** Ask for a folder of the workspace; null when cancelled. */
async function askWorkspace(
  manager: IDocumentManager | null,
  count: number,
  trans: TranslationBundle
): Promise<string | null> {
  const title = trans._n(
    'Copy %1 entry to the workspace',
    'Copy %1 entries to the workspace',
    count
  );
  if (manager) {
    const { FileDialog } = await import('@jupyterlab/filebrowser');
    const { button, value } = await FileDialog.getExistingDirectory({
      manager,
      title
    });
    return button.accept ? (value?.[0]?.path ?? '') : null;
  }
  const { InputDialog } = await import('@jupyterlab/apputils');
  const { button, value } = await InputDialog.getText({
    title,
    label: trans.__('Folder'),
    okLabel: trans.__('Copy')
  });
  return button.accept ? (value ?? '') : null;
}

/** Let the browser save what an address of ours gives. */
function followLink(url: string): void {
  const link = document.createElement('a');
  // Nothing secret in it: addresses end in histories and logs. The cookie suffices for a GET.
  link.href = url;
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}
