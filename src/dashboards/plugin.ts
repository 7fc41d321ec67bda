/** Wires the dashboards into Lab. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  IThemeManager,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { placeTab, reveal } from '../common/place';
// The section itself is there from the start; what is in it comes when it is shown.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { Section } from '../common/section';
import { IClusterManager, IDashboards, ISidebar } from '../tokens';
import { DashboardsApi } from './api';
import {
  CommandIDs,
  SIDES,
  THEIR_LAYOUT,
  addCommands,
  addTheirs,
  type ICommandOptions
} from './commands';
import { coloursOfLab } from './frame';
import { DashboardsModel } from './model';
import { pageOf } from './plots';
import { DashboardTab, tabId } from './tab';

/** Its button in a client's description is answered by itself where it is there. */
const THEIR_PLUGIN = 'dask-labextension:plugin';
/** What the layout opens while the settings have not been read. */
const DEFAULT_LAYOUT = ['Task Stream', 'Progress', 'Workers Memory'];

const dashboards: JupyterFrontEndPlugin<IDashboards> = {
  id: 'jupyterlab-rsdat:dashboards',
  description: 'The Dask dashboards of the clusters, as tabs.',
  autoStart: true,
  requires: [IClusterManager, ISidebar],
  optional: [
    ITranslator,
    ICommandPalette,
    ILayoutRestorer,
    ISettingRegistry,
    IThemeManager
  ],
  provides: IDashboards,
  activate: (
    app: JupyterFrontEnd,
    clusters: IClusterManager,
    sidebar: ISidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    settings: ISettingRegistry | null,
    themes: IThemeManager | null
  ): IDashboards => {
    const { commands, serviceManager, shell } = app;
    const usedTranslator = translator ?? nullTranslator;
    const trans = usedTranslator.load('jupyterlab_rsdat');
    const api = new DashboardsApi(serviceManager.serverSettings);
    const model = new DashboardsModel({ api, clusters });
    const tracker = new WidgetTracker<DashboardTab>({
      namespace: 'rsdat-dashboards'
    });

    const theme: DashboardTab.ITheme = {
      colours: () =>
        coloursOfLab(!themes?.theme || themes.isLight(themes.theme)),
      changed: themes?.themeChanged ?? null
    };
    const tabOf = (
      cluster: string,
      plot: string,
      page: string,
      name?: string
    ): DashboardTab => {
      const id = tabId(cluster, plot);
      let tab = tracker.find(open => open.id === id);
      if (!tab) {
        tab = new DashboardTab({
          api,
          clusters,
          theme,
          cluster,
          name,
          plot,
          page,
          trans
        });
        const added = tab;
        void tracker.add(added);
        // With it the name of its cluster, which a page that is loaded anew could not know of one that is gone.
        added.title.changed.connect(() => void tracker.save(added));
      }
      return tab;
    };
    const open: ICommandOptions['open'] = (
      { cluster, name, plot, page },
      { isMove = false, ...place }
    ) => {
      const known = page ?? pageOf(plot, model.plotsOf(cluster));
      const tab = tabOf(cluster, plot, known, name);
      if (!tab.isAttached || isMove) {
        placeTab(shell, tab, place as Record<string, string>);
      }
      reveal(shell, tab);
      return tab.id;
    };
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.open,
        args: ({ cluster, clusterName, plot, page }) => ({
          cluster,
          ...(clusterName !== undefined && { name: clusterName }),
          plot,
          page
        }),
        name: tab => tab.id
      });
    }

    let layout: readonly string[] = DEFAULT_LAYOUT;
    void settings?.load(dashboards.id).then(
      loaded => {
        const read = (): void => {
          layout = loaded.composite.layout as string[];
        };
        read();
        loaded.changed.connect(read);
      },
      // Without its settings the layout is the default one.
      () => undefined
    );
    const options: ICommandOptions = {
      commands,
      clusters,
      translator: usedTranslator,
      open,
      pointed: () => model.pointed,
      hasSides: 'mode' in shell,
      layout: () => layout
    };
    addCommands(options);
    void app.restored.then(() => {
      if (!app.hasPlugin(THEIR_PLUGIN) && !commands.hasCommand(THEIR_LAYOUT)) {
        addTheirs(options);
      }
    });
    const category = trans.__('Dask');
    palette?.addItem({ command: CommandIDs.open, category });
    palette?.addItem({ command: CommandIDs.openLayout, category });
    palette?.addItem({ command: CommandIDs.openPlot, category });
    for (const mode of SIDES) {
      const args = { mode };
      palette?.addItem({ command: CommandIDs.openPlot, category, args });
    }

    const section = new Section({
      id: 'jp-rsdat-dashboards',
      label: trans.__('Dashboards'),
      failure: trans.__(
        'This part of the page could not be loaded. Reload the page.'
      ),
      load: async () => {
        const [{ DashboardsList }, { startPlotDrag }, { createElement }] =
          await Promise.all([
            import('./components/list'),
            import('./drag'),
            import('react')
          ]);
        return () =>
          createElement(DashboardsList, {
            model,
            commands,
            trans,
            onPress: (event, cluster, plot) =>
              startPlotDrag(event, {
                label: plot.name,
                url: api.url(cluster.id, plot.page),
                factory: () => tabOf(cluster.id, plot.name, plot.page)
              })
          });
      }
    });
    let watch: IDisposable | null = null;
    section.visibleChanged.connect((_, isVisible) => {
      watch?.dispose();
      watch = isVisible ? clusters.watch() : null;
      model.isShown = isVisible;
    });
    sidebar.addSection(section);
    return {
      open: ({ cluster, plot, mode }) => {
        open({ cluster, plot }, { mode });
      }
    };
  }
};

export const dashboardsPlugins: JupyterFrontEndPlugin<unknown>[] = [dashboards];
