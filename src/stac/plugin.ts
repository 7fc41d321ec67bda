/** Wires STAC catalogs and searches into Lab: tabs, documents, commands. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  IThemeManager,
  WidgetTracker,
  type MainAreaWidget
} from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';
import { ChangeStream } from '../common/events';
import { insertCode } from '../common/insert';
import { placeTab, reveal } from '../common/place';
import { IClusterManager, IDCache } from '../tokens';
import type { StacActions } from './actions';
import { addCommands, ON_ITEMS } from './commands';
import { FACTORY, StacFactory, type StacDocument } from './document';
import { dcacheHref, mayBeStac, type ISource } from './hrefs';
import { CommandIDs, PluginIDs } from './ids';
import { LazyView } from './lazy';
import { StacSettings } from './settings';
import type { ITabSource, TabState } from './state';
import { targetOf } from './targets';
import type { StacView } from './view';
import type { IWork } from './work';

type StacTab = MainAreaWidget<StacView>;

const stac: JupyterFrontEndPlugin<void> = {
  id: PluginIDs.stac,
  description: 'STAC catalogs and searches: items, map, copies, code.',
  autoStart: true,
  requires: [IDCache],
  optional: [
    IClusterManager,
    ITranslator,
    ICommandPalette,
    ILayoutRestorer,
    INotebookTracker,
    ISettingRegistry,
    IThemeManager
  ],
  activate: (
    app: JupyterFrontEnd,
    dcache: IDCache,
    clusters: IClusterManager | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    notebooks: INotebookTracker | null,
    registry: ISettingRegistry | null,
    themes: IThemeManager | null
  ): void => {
    const { commands, docRegistry, serviceManager, shell } = app;
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const stream = new ChangeStream(serviceManager.events);
    const settings = new StacSettings();
    void settings.follow(registry);
    themes?.themeChanged.connect(() => settings.redraw());

    const options: Omit<StacActions.IOptions, 'api'> = {
      dcache,
      trans,
      isDefaultEndpoint: endpoint =>
        endpoint === null || endpoint === dcache.endpoints?.[0]?.name,
      cluster: () =>
        clusters?.clusters.find(
          ({ id, state }) => id === clusters.selected && state === 'running'
        )?.name ?? null,
      lookAtClusters: async () => clusters?.refresh(),
      root: PageConfig.getOption('serverRoot'),
      insertCode: code => {
        const notebook = notebooks?.currentWidget;
        const isIn = notebook ? insertCode(notebook.content, code) : false;
        if (notebook && isIn) {
          shell.activateById(notebook.id);
        }
        return isIn;
      },
      execute: (command, args) => commands.execute(command, args)
    };
    let made: IWork | null = null;
    const work = async (): Promise<IWork> => {
      const { makeWork } = await import('./work');
      return (made ??= makeWork(serviceManager.serverSettings, options));
    };

    const notify = (): void =>
      ON_ITEMS.forEach(id => commands.notifyCommandChanged(id));
    shell.currentChanged?.connect(notify);

    /** What was worked with last, for commands from a menu or a notebook. */
    let last: StacView | null = null;
    const current = (): TabState | null => {
      const content = (shell.currentWidget as Partial<StacTab> | null)?.content;
      const view =
        content instanceof LazyView
          ? content.view
          : content && 'state' in content
            ? content
            : null;
      last = view ?? (last?.isDisposed ? null : last);
      return last?.state ?? null;
    };

    const makeView = async (source: ITabSource): Promise<StacView> => {
      const [{ actions, api }, { makeDrag }, { StacView }, { TabState }] =
        await Promise.all([
          work(),
          import('./work'),
          import('./view'),
          import('./state')
        ]);
      const state = new TabState({ api, changes: stream.changed, source });
      state.items.changed.connect(notify);
      state.foundApi.connect(
        (_, url) => void commands.execute(CommandIDs.search, { url })
      );
      return new StacView({
        state,
        commands,
        trans,
        map: settings,
        makeDrag: () => {
          const target = targetOf({}, state);
          return makeDrag(
            target ? actions.code(target) : '',
            trans._n('%1 item', '%1 items', state.items.count)
          );
        }
      });
    };

    const catalogs = new WidgetTracker<StacTab>({ namespace: 'rsdat-stac' });
    const searches = new WidgetTracker<StacTab>({
      namespace: 'rsdat-stac-search'
    });
    const documents = new WidgetTracker<StacDocument>({
      namespace: 'rsdat-stac-documents'
    });
    let number = 0;
    const addTab = async (
      source: ITabSource,
      tracker: WidgetTracker<StacTab>
    ): Promise<StacTab> => {
      const [view, { makeTab }] = await Promise.all([
        makeView(source),
        import('./tab')
      ]);
      const id = `jp-rsdat-stac-${++number}`;
      const tab = makeTab({ id, view, commands, trans });
      await tracker.add(tab);
      placeTab(shell, tab, { type: 'rsdat-stac' });
      return tab;
    };

    const open = async (source: ISource): Promise<void> => {
      const known = catalogs.find(({ content }) => {
        const root = content.state.tree?.root;
        return root?.href === source.href && root.endpoint === source.endpoint;
      });
      const tab = known ?? (await addTab({ catalog: source }, catalogs));
      if (known) {
        void known.content.state.tree?.refresh();
        void known.content.state.items.refresh();
      }
      reveal(shell, tab);
    };

    addCommands({
      commands,
      actions: async () => (await work()).actions,
      isWanted: ({ href }) => settings.opensCatalogs && mayBeStac(href),
      trans,
      current,
      open,
      search: async fields => {
        const tab = await addTab({ search: fields }, searches);
        tab.content.state.search?.changed.connect(
          () => void searches.save(tab)
        );
        reveal(shell, tab);
        return tab;
      },
      askHref: async () => {
        const { InputDialog } = await import('@jupyterlab/apputils');
        const { button, value } = await InputDialog.getText({
          title: trans.__('Open STAC catalog'),
          label: trans.__('Address of a catalog, collection or item'),
          placeholder: trans.__('dcache:///pnfs/…/catalog.json'),
          okLabel: trans.__('Open')
        });
        const href = (value ?? '').trim();
        return button.accept && href !== '' ? href : null;
      },
      selectedFile: () => {
        const [entry, ...others] = dcache.selected;
        return entry &&
          others.length === 0 &&
          entry.type !== 'directory' &&
          mayBeStac(entry.path)
          ? { href: dcacheHref(entry.path), endpoint: dcache.endpoint }
          : null;
      }
    });
    dcache.stateChanged.connect(() =>
      commands.notifyCommandChanged(CommandIDs.open)
    );

    const factory = new StacFactory({
      trans,
      makeView: source => makeView({ catalog: source }),
      fillToolbar: (document, view) =>
        void import('./tab').then(({ fillToolbar }) => {
          if (!document.isDisposed) {
            fillToolbar(document.toolbar, view, commands, trans);
          }
        })
    });
    factory.widgetCreated.connect((_, widget) => void documents.add(widget));
    docRegistry.addWidgetFactory(factory);

    if (restorer) {
      void restorer.restore(catalogs, {
        command: CommandIDs.open,
        args: ({ content }) => ({ ...content.state.tree!.root }),
        name: ({ content }) => {
          const { endpoint, href } = content.state.tree!.root;
          return `${endpoint ?? ''}:${href}`;
        }
      });
      void restorer.restore(searches, {
        command: CommandIDs.search,
        args: ({ content }) => ({
          fields: content.state.search!.fields as unknown as JSONObject
        }),
        name: ({ id }) => id
      });
      void restorer.restore(documents, {
        command: 'docmanager:open',
        args: ({ context }) => ({ path: context.path, factory: FACTORY }),
        name: ({ context }) => context.path
      });
    }

    const category = trans.__('STAC');
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category });
    }
  }
};

export const stacPlugins: JupyterFrontEndPlugin<unknown>[] = [stac];
