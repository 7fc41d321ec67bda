/** Wires the notebooks' part into Lab. */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Panel } from '@lumino/widgets';
import { IClusterManager } from '../tokens';
import { NotebookApi } from './api';
import { addCommands } from './commands';
import { CommandIDs, PLUGIN_ID, TOOLBAR_ITEM } from './ids';
import type { NotebookRuntime } from './runtime';

const notebook: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Tells which Dask cluster a notebook is connected to.',
  autoStart: true,
  requires: [IClusterManager],
  optional: [
    INotebookTracker,
    IToolbarWidgetRegistry,
    ISettingRegistry,
    ITranslator,
    ICommandPalette
  ],
  activate: (
    app: JupyterFrontEnd,
    clusters: IClusterManager,
    notebooks: INotebookTracker | null,
    toolbars: IToolbarWidgetRegistry | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    if (!notebooks) {
      // Notebook 7's pages of other things have none.
      return;
    }
    const { commands, serviceManager } = app;
    const usedTranslator = translator ?? nullTranslator;
    const trans = usedTranslator.load('jupyterlab_rsdat');
    let runtime: NotebookRuntime | null = null;
    addCommands({
      commands,
      clusters,
      notebooks,
      translator: usedTranslator,
      front: () => app.shell.currentWidget,
      runtime: () => runtime
    });
    const category = trans.__('Dask');
    for (const command of [
      CommandIDs.connect,
      CommandIDs.disconnect,
      CommandIDs.show,
      CommandIDs.versions,
      CommandIDs.forget
    ]) {
      palette?.addItem({ command, category });
    }

    const start = async (): Promise<NotebookRuntime> => {
      const { NotebookRuntime } = await import('./runtime');
      runtime ??= new NotebookRuntime({
        api: new NotebookApi(serviceManager.serverSettings),
        clusters,
        events: serviceManager.events,
        commands,
        registry,
        translator: usedTranslator,
        trans
      });
      return runtime;
    };
    let starting: Promise<NotebookRuntime> | null = null;
    const started = (): Promise<NotebookRuntime> =>
      (starting ??= start().then(runtime => {
        const tell = (): void => commands.notifyCommandChanged();
        runtime.links.changed.connect(tell);
        runtime.mismatches.changed.connect(tell);
        runtime.wishes.changed.connect(tell);
        return runtime;
      }));

    /** A place in the toolbar, filled when the part that is loaded on first use is there. */
    const indicator = (panel: NotebookPanel): Panel => {
      const place = new Panel();
      place.addClass('jp-rsdat-IndicatorPlace');
      void Promise.all([started(), import('./indicator')]).then(
        ([runtime, { ClusterIndicator }]) => {
          if (!place.isDisposed && !panel.isDisposed) {
            place.addWidget(
              new ClusterIndicator({ panel, runtime, commands, trans })
            );
          }
        }
      );
      return place;
    };
    toolbars?.addFactory<NotebookPanel>('Notebook', TOOLBAR_ITEM, indicator);
    // Also where the toolbar has no such item: it is known who is connected, and offered again.
    const see = async (panel: NotebookPanel | null): Promise<void> => {
      if (panel) {
        (await started()).see(panel);
      }
    };
    notebooks.currentChanged.connect((_, panel) => void see(panel));
    void see(notebooks.currentWidget);
  }
};

export const notebookPlugins: JupyterFrontEndPlugin<unknown>[] = [notebook];
