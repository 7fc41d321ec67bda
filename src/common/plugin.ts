/** What all features share of Lab: its language for the messages of requests. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { translateMessages } from './request';

const messages: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-rsdat:messages',
  description: 'Lets the messages of failed requests be in Lab’s language.',
  autoStart: true,
  requires: [ITranslator],
  activate: (_, translator: ITranslator): void =>
    translateMessages(translator.load('jupyterlab_rsdat'))
};

export const commonPlugins: JupyterFrontEndPlugin<unknown>[] = [messages];
