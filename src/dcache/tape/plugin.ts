/** Wires orders for tape into Lab: the section in the dCache panel, commands, notices. */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { ChangeStream } from '../../common/events';
// The section itself is there from the start; what is in it comes when it is shown.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { Section } from '../../common/section';
import type { ITapeRequest } from '../../common/types';
import { IDCache, IDCacheSidebar } from '../../tokens';
import { PluginIDs } from '../ids';
import { folderOf } from '../paths';
import { TapeApi } from './api';
import { addTapeCommands } from './commands';
import { TapeCommandIDs } from './ids';
import { TapeModel } from './model';
import type { ITapeContext } from './section';

export const tapePlugin: JupyterFrontEndPlugin<void> = {
  id: PluginIDs.tape,
  description: 'Orders to bring dCache files from tape, keep and release them.',
  autoStart: true,
  requires: [IDCache, IDCacheSidebar],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    dcache: IDCache,
    sidebar: IDCacheSidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const { commands, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const stream = new ChangeStream(serviceManager.events);
    const model = new TapeModel({
      api: new TapeApi(serviceManager.serverSettings),
      changes: stream
    });
    const context: ITapeContext = {
      model,
      commands,
      trans,
      fold: { isOpen: false },
      reveal: ({ endpoint, paths }: ITapeRequest) => {
        sidebar.reveal();
        // One folder is shown as such; of files the folder that they lie in.
        void dcache.open(endpoint, folderOf(paths[0] ?? '/'));
      }
    };
    const section = new Section({
      id: 'jp-rsdat-tape',
      label: trans.__('Tape orders'),
      failure: trans.__(
        'This part of the page could not be loaded. Reload the page.'
      ),
      load: async () => {
        const [{ TapeSection }, { createElement }] = await Promise.all([
          import('./section'),
          import('react')
        ]);
        return () => createElement(TapeSection, context);
      }
    });
    section.addClass('jp-rsdat-FoldSection');
    let watch: IDisposable | null = null;
    section.visibleChanged.connect((_, isVisible) => {
      watch?.dispose();
      watch = isVisible ? model.watch() : null;
    });
    sidebar.addSection(section);

    const show = (): void => {
      sidebar.reveal();
      context.fold.isOpen = true;
      section.update();
    };
    addTapeCommands({
      commands,
      model,
      dcache,
      trans,
      show,
      ask: async (activity, entries) => {
        const { askOrder } = await import('./orderdialog');
        return askOrder(activity, entries, trans);
      }
    });
    const category = trans.__('dCache');
    for (const command of [
      TapeCommandIDs.stage,
      TapeCommandIDs.pin,
      TapeCommandIDs.release,
      TapeCommandIDs.show
    ]) {
      palette?.addItem({ command, category });
    }

    void Promise.all([
      import('./notices'),
      import('../../common/missed'),
      app.restored
    ]).then(([{ TapeNotices }, { followMissed }]) => {
      const notices = new TapeNotices({
        model,
        trans,
        isPageSeen: () => !document.hidden,
        reveal: context.reveal,
        show
      });
      document.addEventListener('visibilitychange', () => notices.look());
      const missed = followMissed({
        stream,
        settings: serviceManager.serverSettings,
        isIdle: () => model.isIdle
      });
      missed.missed.connect(() => void model.refresh());
      // Once, for what became ready while the page was closed.
      void model.refresh();
    });
  }
};
