/** What all features share of Lab: its language for the messages of requests, and whether there is a companion. */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ICompanion } from '../tokens';
// Light, and asked as soon as the page is there.
/* eslint-disable jupyter/prefer-lazy-imports */
import { Companion } from './companion';
import { MIGRATIONS, migrateText } from './migration';
import { requestJson, route, translateMessages } from './request';
/* eslint-enable jupyter/prefer-lazy-imports */
import type { IInfo } from './types';

const messages: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-rsdat:messages',
  description: 'Lets the messages of failed requests be in Lab’s language.',
  autoStart: true,
  requires: [ITranslator],
  activate: (_, translator: ITranslator): void =>
    translateMessages(translator.load('jupyterlab_rsdat'))
};

const companion: JupyterFrontEndPlugin<ICompanion> = {
  id: 'jupyterlab-rsdat:companion',
  description:
    'Tells whether the Jupyter server has the part of rsdat that belongs to this page.',
  autoStart: true,
  optional: [ITranslator],
  provides: ICompanion,
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null
  ): ICompanion => {
    const { serverSettings } = app.serviceManager;
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const companion = new Companion({
      load: () =>
        requestJson<IInfo>(
          serverSettings,
          route(serverSettings, 'api', 'info')
        ),
      trans
    });
    void app.restored.then(async () => {
      const [{ askOnReturn, tellProblems }] = await Promise.all([
        import('./companionwatch'),
        companion.check()
      ]);
      tellProblems({
        companion,
        trans,
        reload: () => window.location.reload()
      });
      askOnReturn(companion);
    });
    return companion;
  }
};

const migration: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-rsdat:settings-migration',
  description:
    'Reads settings under the names they had before, and takes over those of dask-labextension.',
  autoStart: true,
  requires: [ISettingRegistry],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    registry: ISettingRegistry,
    translator: ITranslator | null
  ): void => {
    const { commands } = app;
    for (const each of MIGRATIONS) {
      registry.transform(each.plugin, {
        fetch: plugin => ({ ...plugin, raw: migrateText(plugin.raw, each) })
      });
    }
    void app.restored.then(async () => {
      const { THEIRS, takeOver } = await import('./takeover');
      if (app.hasPlugin(THEIRS)) {
        const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
        // Where their settings can't be read, ours stay as they are.
        await takeOver({ registry, commands, trans }).catch(() => null);
      }
    });
  }
};

export const commonPlugins: JupyterFrontEndPlugin<unknown>[] = [
  messages,
  companion,
  migration
];
