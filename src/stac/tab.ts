/** Tabs of catalogs and searches, with the buttons above them. */
import { MainAreaWidget } from '@jupyterlab/apputils';
import {
  CommandToolbarButton,
  ToolbarButton,
  type Toolbar
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { nameOfHref } from './hrefs';
import { stacIcon } from './icons';
import { CommandIDs } from './ids';
import type { Part, StacView } from './view';

/** The buttons above what is shown. */
export function fillToolbar(
  toolbar: Toolbar,
  view: StacView,
  commands: CommandRegistry,
  trans: TranslationBundle
): void {
  toolbar.addClass('jp-rsdat-StacToolbar');
  const buttons: [string, string][] = [
    [CommandIDs.insertCode, trans.__('Insert Code')],
    [CommandIDs.copyAssets, trans.__('Copy Assets…')],
    [CommandIDs.saveCatalog, trans.__('Save as Catalog…')],
    [CommandIDs.stage, trans.__('Stage')],
    [CommandIDs.download, trans.__('Download')]
  ];
  for (const [id, label] of buttons) {
    toolbar.addItem(id, new CommandToolbarButton({ commands, id, label }));
  }
  const parts: [Part, string, string][] = [
    [
      'side',
      view.state.search ? trans.__('Form') : trans.__('Tree'),
      view.state.search
        ? trans.__('Show or hide the form')
        : trans.__('Show or hide the tree')
    ],
    ['map', trans.__('Map'), trans.__('Show or hide the map')],
    [
      'details',
      trans.__('Details'),
      trans.__('Show or hide the details of an item')
    ]
  ];
  for (const [name, label, tooltip] of parts) {
    const button: ToolbarButton = new ToolbarButton({
      label,
      tooltip,
      pressed: true,
      onClick: () => {
        view.toggle(name);
        button.pressed = view.isShown(name);
      }
    });
    toolbar.addItem(`toggle-${name}`, button);
  }
}

/** A tab of its own; it is the caller's to add to the shell. */
export function makeTab(options: {
  id: string;
  view: StacView;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): MainAreaWidget<StacView> {
  const { commands, id, trans, view } = options;
  const tab = new MainAreaWidget({ content: view });
  tab.id = id;
  tab.title.icon = stacIcon;
  tab.title.closable = true;
  fillToolbar(tab.toolbar, view, commands, trans);
  const { search, tree } = view.state;
  const rename = (): void => {
    tab.title.label = tree
      ? tree.rootNode?.title || nameOfHref(tree.root.href)
      : trans.__('STAC Search');
    tab.title.caption = tree ? tree.root.href : (search?.fields.url ?? '');
  };
  rename();
  view.state.changed.connect(rename);
  return tab;
}
