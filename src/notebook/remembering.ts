/** Notebooks that remember their cluster: asked once whether they should, then kept up to date. */
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell } from '../common/notice';
import type { NotebookLinks } from './links';
import { remember } from './memory';
import type { NotebookSettings } from './settings';

export class Remembering {
  /** As long as the page lives. */
  constructor(options: Remembering.IOptions) {
    this._options = options;
    options.links.changed.connect((_, panel) => this._note(panel));
    options.settings.changed.connect(() => this._noteAll());
  }

  private _noteAll(): void {
    if (this._options.settings.remember === 'on') {
      this._options.links.panels.forEach(panel => this._note(panel));
    }
  }

  private _note(panel: NotebookPanel): void {
    const { links, settings } = this._options;
    const { state } = links.of(panel);
    if (state.kind !== 'connected' || !panel.model) {
      return;
    }
    if (settings.remember === 'on') {
      remember(panel.model, state.cluster);
    } else if (settings.remember === 'ask' && !this._hasAsked) {
      this._hasAsked = true;
      this._ask(panel, state.cluster.name);
    }
  }

  private _ask(panel: NotebookPanel, cluster: string): void {
    const { settings, trans } = this._options;
    const words = trans.__(
      'Should notebooks remember their cluster, to be connected again? %1 works with %2.',
      PathExt.basename(panel.context.path),
      cluster
    );
    tell(words, 'info', {
      autoClose: false,
      actions: [
        {
          label: trans.__('Remember'),
          displayType: 'accent',
          callback: () => void settings.setRemember('on')
        },
        {
          label: trans.__('Do not'),
          callback: () => void settings.setRemember('off')
        }
      ]
    });
  }

  private _options: Remembering.IOptions;
  private _hasAsked = false;
}

export namespace Remembering {
  export interface IOptions {
    links: NotebookLinks;
    settings: NotebookSettings;
    trans: TranslationBundle;
  }
}
