/** Wires the clusters into Lab. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  WidgetTracker,
  type MainAreaWidget
} from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import { AccordionPanel } from '@lumino/widgets';
import { ChangeStream } from '../common/events';
import { returnFocus } from '../common/keepfocus';
import { placeTab, reveal } from '../common/place';
// The section itself is there from the start; what is in it comes when it is shown.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { Section } from '../common/section';
import { IClusterManager, ICompanion, ISidebar } from '../tokens';
import { ClustersApi } from './api';
import { CommandIDs, addCommands } from './commands';
import { clustersIcon } from './icons';
import type { JobsView } from './jobs/tab';
import { JobTables } from './jobs/tables';
import type { LogView } from './logs/tab';
import { ClusterModel } from './model';
import { ClusterSettings } from './settings';

const clusters: JupyterFrontEndPlugin<IClusterManager> = {
  id: 'jupyterlab-rsdat:clusters',
  description: 'Dask clusters of the rsdat companion: model, commands, panel.',
  autoStart: true,
  requires: [ISidebar],
  optional: [
    ITranslator,
    ICommandPalette,
    IStateDB,
    INotebookTracker,
    ILayoutRestorer,
    IStatusBar,
    IRunningSessionManagers,
    ICompanion,
    ISettingRegistry
  ],
  provides: IClusterManager,
  activate: (
    app: JupyterFrontEnd,
    sidebar: ISidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    state: IStateDB | null,
    notebooks: INotebookTracker | null,
    restorer: ILayoutRestorer | null,
    statusBar: IStatusBar | null,
    runningManagers: IRunningSessionManagers | null,
    companion: ICompanion | null,
    registry: ISettingRegistry | null
  ): IClusterManager => {
    const { commands, serviceManager, shell } = app;
    const usedTranslator = translator ?? nullTranslator;
    const trans = usedTranslator.load('jupyterlab_rsdat');
    const stream = new ChangeStream(serviceManager.events);
    const model = new ClusterModel({
      api: new ClustersApi(serviceManager.serverSettings),
      changes: stream,
      state
    });
    model.changed.connect(() => commands.notifyCommandChanged());
    const settings = new ClusterSettings();
    settings.changed.connect(() => {
      model.calm_ms = settings.refresh_s * 1000;
    });
    void settings.follow(registry);

    const logs = new WidgetTracker<MainAreaWidget<LogView>>({
      namespace: 'rsdat-logs'
    });
    const openLog = async (cluster: string, source: string): Promise<void> => {
      const { createLogTab, logTabId } = await import('./logs/tab');
      const open = logs.find(tab => tab.id === logTabId(cluster));
      if (open) {
        open.content.source = source;
        reveal(shell, open);
        return;
      }
      const tab = createLogTab({
        clusters: model,
        cluster,
        source,
        translator: usedTranslator
      });
      tab.content.sourceChanged.connect(() => void logs.save(tab));
      await logs.add(tab);
      placeTab(shell, tab);
      reveal(shell, tab);
    };
    if (restorer) {
      void restorer.restore(logs, {
        command: CommandIDs.openLogs,
        args: tab => ({
          cluster: tab.content.cluster,
          source: tab.content.source
        }),
        name: tab => tab.content.cluster
      });
    }

    const tables = new JobTables(model, trans);
    const jobs = new WidgetTracker<MainAreaWidget<JobsView>>({
      namespace: 'rsdat-jobs'
    });
    const openJobs = async (cluster: string, name?: string): Promise<void> => {
      const { createJobsTab, jobsTabId } = await import('./jobs/tab');
      let tab = jobs.find(open => open.id === jobsTabId(cluster));
      if (!tab) {
        tab = createJobsTab({
          model,
          tables,
          cluster,
          name,
          commands,
          translator: usedTranslator
        });
        const added = tab;
        await jobs.add(added);
        // With it the name of its cluster, which a page that is loaded anew could not know of one that is gone.
        added.title.changed.connect(() => void jobs.save(added));
        placeTab(shell, added);
      }
      reveal(shell, tab);
    };
    if (restorer) {
      void restorer.restore(jobs, {
        command: CommandIDs.openJobs,
        args: ({ content, title }) => ({
          cluster: content.cluster,
          ...(title.caption && { name: title.caption })
        }),
        name: tab => tab.content.cluster
      });
    }

    addCommands({
      commands,
      model,
      translator: usedTranslator,
      state,
      notebooks,
      activate: id => shell.activateById(id),
      showPanel: () => {
        if (!section.isVisible) {
          sidebar.show();
        }
      },
      openLog,
      tables,
      openJobs
    });
    const category = trans.__('Dask');
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category });
    }
    palette?.addItem({
      command: CommandIDs.newCluster,
      args: { form: true },
      category
    });

    const section = new Section({
      id: 'jp-rsdat-clusters',
      label: trans.__('Clusters'),
      failure: trans.__(
        'This part of the page could not be loaded. Reload the page.'
      ),
      load: async () => {
        const [{ ClustersPanel }, { createElement }, { openOverview }] =
          await Promise.all([
            import('./components/panel'),
            import('react'),
            import('./overview/open')
          ]);
        const { baseUrl } = serviceManager.serverSettings;
        const overview = openOverview(
          serviceManager.serverSettings,
          state,
          registry
        );
        return () =>
          createElement(ClustersPanel, {
            model,
            tables,
            overview,
            commands,
            baseUrl,
            trans,
            companion
          });
      }
    });
    let watch: IDisposable | null = null;
    section.visibleChanged.connect((_, isVisible) => {
      watch?.dispose();
      watch = isVisible ? model.watch() : null;
    });
    sidebar.addSection(section);

    const show = (cluster: string): void =>
      void commands.execute(CommandIDs.show, { cluster });
    void import('../common/missed').then(({ followMissed }) => {
      const missed = followMissed({
        stream,
        settings: serviceManager.serverSettings,
        // By the events that do come, and by coming back: nothing is asked while nobody looks.
        isIdle: () => true
      });
      missed.missed.connect(() => model.noteMissed());
    });
    void import('./notices').then(({ Notices }) => {
      new Notices({ model, trans, show, isWanted: () => settings.warns });
    });
    if (runningManagers) {
      void import('./running').then(({ RunningClusters }) => {
        runningManagers.add(
          new RunningClusters({ model, commands, trans, show })
        );
      });
    }
    if (statusBar) {
      void import('./statusitem').then(({ ClusterStatus }) => {
        const item = new ClusterStatus({ model, commands, settings, trans });
        statusBar.registerStatusItem('jupyterlab-rsdat:clusters', {
          align: 'left',
          item,
          isActive: () => item.isOfUse,
          activeStateChanged: item.isOfUseChanged
        });
      });
    }
    return model;
  }
};

const sidebar: JupyterFrontEndPlugin<ISidebar> = {
  id: 'jupyterlab-rsdat:sidebar',
  description: 'The left panel that the Dask features share.',
  autoStart: true,
  optional: [ITranslator, ILayoutRestorer],
  provides: ISidebar,
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ): ISidebar => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const panel = new SidePanel({ translator: translator ?? undefined });
    panel.id = 'jp-rsdat-sidebar';
    panel.addClass('jp-rsdat-Sidebar');
    panel.title.icon = clustersIcon;
    panel.title.caption = trans.__('Dask clusters and dashboards');
    app.shell.add(panel, 'left', { rank: 200, type: 'rsdat' });
    restorer?.add(panel, panel.id);
    returnFocus(app.contextMenu.menu, panel.node);
    return {
      show: () => reveal(app.shell, panel),
      addSection: section => {
        panel.addWidget(section);
        if (panel.content instanceof AccordionPanel) {
          // Cards are taller than the lists below them.
          panel.content.setRelativeSizes(
            panel.widgets.map((_, index) => (index === 0 ? 3 : 2))
          );
        }
      }
    };
  }
};

export const clustersPlugins: JupyterFrontEndPlugin<unknown>[] = [
  sidebar,
  clusters
];
