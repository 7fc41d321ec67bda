/** Wires endpoints and their tokens into Lab: dialogs, warnings, the status bar. */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ChangeStream } from '../../common/events';
import { IDCache, IDCacheSidebar } from '../../tokens';
import { PluginIDs } from '../ids';
// As light as the API beside it.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { TokensApi } from '../tokens/api';
import { EndpointsApi } from './api';
import { addAccessCommands } from './commands';
import { AccessCommandIDs } from './ids';

export const accessPlugin: JupyterFrontEndPlugin<void> = {
  id: PluginIDs.access,
  description:
    'Describes dCache endpoints, and shows, renews and narrows tokens.',
  autoStart: true,
  requires: [IDCache, IDCacheSidebar],
  optional: [ITranslator, ICommandPalette, IStatusBar, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    dcache: IDCache,
    sidebar: IDCacheSidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    statusBar: IStatusBar | null,
    registry: ISettingRegistry | null
  ): void => {
    const { commands, serviceManager } = app;
    const { serverSettings } = serviceManager;
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const tokens = new TokensApi(serverSettings);
    const stream = new ChangeStream(serviceManager.events);
    const openToken = (endpoint: string): void =>
      void commands.execute(AccessCommandIDs.token, { endpoint });

    addAccessCommands({
      commands,
      dcache,
      trans,
      showEndpoints: async isAdding => {
        const { showEndpoints } = await import('./dialog');
        await showEndpoints({
          api: new EndpointsApi(serverSettings),
          trans,
          isAdding,
          openToken,
          onChanged: () => void dcache.reloadEndpoints()
        });
      },
      showToken: async (endpoint, path) => {
        const { showToken } = await import('../tokens/dialog');
        await showToken({
          api: tokens,
          endpoint,
          path,
          trans,
          onRenewed: () => void dcache.reloadEndpoints()
        });
      }
    });
    const category = trans.__('dCache');
    for (const command of Object.values(AccessCommandIDs)) {
      palette?.addItem({ command, category });
    }

    void Promise.all([
      import('../tokens/watch'),
      import('../tokens/notices'),
      import('../tokens/settings')
    ]).then(
      ([{ TokenWatch }, { TokenStatus, warnOfEnds }, { TokenSettings }]) => {
        const settings = new TokenSettings();
        void settings.follow(registry);
        const watch = new TokenWatch({
          api: tokens,
          changes: stream,
          now: () => new Date()
        });
        warnOfEnds({ watch, settings, trans, openToken });
        if (statusBar) {
          const item = new TokenStatus({ watch, settings, trans, openToken });
          statusBar.registerStatusItem('jupyterlab-rsdat:token', {
            align: 'left',
            item,
            isActive: () => item.isOfUse,
            activeStateChanged: item.isOfUseChanged
          });
        }
        // Who never looks at dCache is not asked about its tokens.
        const look = (): void => {
          if (sidebar.isVisible) {
            void watch.show(dcache.endpoint);
          }
        };
        dcache.stateChanged.connect(look);
        look();
      }
    );
  }
};
