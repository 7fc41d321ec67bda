/** In a notebook's toolbar: the cluster that its kernel is connected to, and a menu of what can be done. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg, ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import type { Menu } from '@lumino/widgets';
import React from 'react';
import { clusterIcon } from './icons';
import { ClusterCommands, CommandIDs } from './ids';
import type { NotebookRuntime } from './runtime';
import { description, label, tooltip } from './words';

export class ClusterIndicator extends ReactWidget {
  constructor(options: ClusterIndicator.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-rsdat-Indicator');
    const { links } = options.runtime;
    links.of(options.panel).watch.changed.connect(this._showIfOfUse, this);
    this._showIfOfUse();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._see();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._see();
  }

  protected render(): JSX.Element {
    const { panel, runtime, trans } = this._options;
    const content = (): JSX.Element => {
      const state = runtime.state(panel);
      const mismatch = runtime.mismatches.of(panel);
      const words = label(state, trans);
      return (
        <button
          type="button"
          className="jp-rsdat-Indicator-button"
          data-state={state.kind}
          aria-label={description(state, mismatch, trans)}
          aria-haspopup="menu"
          aria-expanded="false"
          title={tooltip(state, mismatch, trans)}
          onClick={event => this._openMenu(event.currentTarget)}
        >
          <clusterIcon.react tag="span" elementPosition="center" />
          {words && <span className="jp-rsdat-Indicator-label">{words}</span>}
          {mismatch && <span aria-hidden="true">⚠</span>}
        </button>
      );
    };
    return (
      <UseSignal signal={runtime.links.of(panel).changed}>
        {() => (
          <UseSignal signal={runtime.mismatches.changed}>{content}</UseSignal>
        )}
      </UseSignal>
    );
  }

  private _see(): void {
    const { panel, runtime } = this._options;
    if (this.isVisible && !panel.isDisposed) {
      runtime.see(panel);
    }
  }

  /** Kernels of other languages have no clients. */
  private _showIfOfUse(): void {
    const { panel, runtime } = this._options;
    this.setHidden(runtime.links.of(panel).watch.isPython === false);
  }

  private _openMenu(button: HTMLElement): void {
    const { commands } = this._options;
    const menu = new MenuSvg({ commands });
    for (const item of menuItems(this._options)) {
      menu.addItem(item);
    }
    const { left, bottom } = button.getBoundingClientRect();
    menu.aboutToClose.connect(() => {
      button.setAttribute('aria-expanded', 'false');
      // After the command that was chosen, which may open a dialog.
      setTimeout(() => {
        if (document.activeElement === document.body) {
          button.focus();
        }
        menu.dispose();
      });
    });
    button.setAttribute('aria-expanded', 'true');
    menu.open(left, bottom);
  }

  private _options: ClusterIndicator.IOptions;
}

/** What the menu has, for the notebook as it is now. */
export function menuItems(
  options: ClusterIndicator.IOptions
): Menu.IItemOptions[] {
  const { panel, runtime } = options;
  const notebook = panel.id;
  const state = runtime.state(panel);
  const separator: Menu.IItemOptions = { type: 'separator' };
  const items: Menu.IItemOptions[] = [
    ...runtime.choices.map(({ id }) => ({
      command: CommandIDs.connect,
      args: { notebook, cluster: id }
    })),
    { command: CommandIDs.connect, args: { notebook, new: true } },
    separator
  ];
  if (state.kind === 'connected') {
    const args = { cluster: state.cluster.id };
    items.push(
      { command: CommandIDs.show, args: { notebook } },
      ...(runtime.mismatches.of(panel)
        ? [{ command: CommandIDs.versions, args: { notebook } }]
        : []),
      { command: ClusterCommands.scale, args },
      { command: ClusterCommands.layout, args },
      separator
    );
  }
  if (state.kind !== 'none' || runtime.wishes.of(panel) !== null) {
    items.push({ command: CommandIDs.disconnect, args: { notebook } });
  }
  if (runtime.remembers(panel)) {
    items.push({ command: CommandIDs.forget, args: { notebook } });
  }
  return items;
}

export namespace ClusterIndicator {
  export interface IOptions {
    panel: NotebookPanel;
    runtime: NotebookRuntime;
    commands: CommandRegistry;
    trans: TranslationBundle;
  }
}
