/** Puts the examples into Lab's launcher and its command palette. */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ExamplesApi } from './api';
import { addCommands } from './commands';
import { CommandIDs, PluginIDs } from './ids';

/** After the cards of what one begins with; see src/launcher. */
const CATEGORY_RANK = 120;

const examples: JupyterFrontEndPlugin<void> = {
  id: PluginIDs.examples,
  description: 'Example notebooks in the launcher.',
  autoStart: true,
  optional: [ITranslator, ILauncher, ICommandPalette, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const { commands, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const api = new ExamplesApi(serviceManager.serverSettings);
    addCommands({
      commands,
      api,
      contents: serviceManager.contents,
      currentFolder: () => browser?.model.path ?? '',
      openDocument: path => commands.execute('docmanager:open', { path }),
      trans
    });
    const category = trans.__('Examples');
    void app.restored
      .then(() => api.list())
      .then(found => {
        found.forEach(({ name, title, caption }, rank) => {
          const args = { name, title, caption };
          launcher?.add({
            command: CommandIDs.open,
            args,
            category,
            categoryRank: CATEGORY_RANK,
            rank
          });
          palette?.addItem({ command: CommandIDs.open, args, category });
        });
      })
      .catch(() => {
        // Nobody asked for them; what is wrong with the companion the panels say.
      });
  }
};

export const examplesPlugins: JupyterFrontEndPlugin<unknown>[] = [examples];
