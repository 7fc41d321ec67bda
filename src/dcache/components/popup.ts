/** Menus that open below a button and give the focus back to it. */
import { MenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import type { Menu } from '@lumino/widgets';

/** A line of a menu; null separates. */
export type PopupItem =
  | { label: string; isToggled?: boolean; execute: () => void }
  | { label: string; items: readonly PopupItem[] }
  | null;

/** Open a menu of these lines; `at` in CSS pixels of the page, else below `owner`. */
export function openPopup(
  items: readonly PopupItem[],
  owner: HTMLElement,
  at?: { x: number; y: number }
): void {
  const commands = new CommandRegistry();
  const made: Menu[] = [];
  const menu = menuOf(items, commands, made);
  menu.aboutToClose.connect(() => {
    if (owner.hasAttribute('aria-expanded')) {
      owner.setAttribute('aria-expanded', 'false');
    }
    // After the line that was chosen, which may move the focus elsewhere.
    setTimeout(() => {
      if (document.activeElement === document.body) {
        owner.focus();
      }
      made.forEach(each => each.dispose());
    });
  });
  if (owner.hasAttribute('aria-expanded')) {
    owner.setAttribute('aria-expanded', 'true');
  }
  const { left, bottom } = owner.getBoundingClientRect();
  menu.open(at?.x ?? left, at?.y ?? bottom);
}

function menuOf(
  items: readonly PopupItem[],
  commands: CommandRegistry,
  made: Menu[]
): Menu {
  const menu = new MenuSvg({ commands });
  made.push(menu);
  for (const item of items) {
    if (item === null) {
      menu.addItem({ type: 'separator' });
    } else if ('items' in item) {
      const submenu = menuOf(item.items, commands, made);
      submenu.title.label = item.label;
      menu.addItem({ type: 'submenu', submenu });
    } else {
      const command = `rsdat-popup:${made.length}-${menu.items.length}`;
      const { execute, isToggled, label } = item;
      // The registry is this menu's own: no one else sees these.
      commands.addCommand(command, {
        label,
        isToggleable: isToggled !== undefined,
        isToggled: () => isToggled === true,
        describedBy: { args: {} },
        execute
      });
      menu.addItem({ command });
    }
  }
  return menu;
}
