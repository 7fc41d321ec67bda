/** The menu behind the "…" of a card. */
import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ICluster } from '../../common/types';
import { CommandIDs } from '../ids';
import { countEntries } from '../jobs/entries';
import { isAttached } from '../status';

/** What the menu of a cluster has, in its order; null parts. */
export function menuCommands(cluster: ICluster): (string | null)[] {
  const jobs = countEntries(cluster) > 0 ? [CommandIDs.openJobs] : [];
  if (isAttached(cluster)) {
    return [...jobs, null, CommandIDs.shutdown];
  }
  return [
    CommandIDs.scale,
    CommandIDs.dropQueued,
    CommandIDs.addGroup,
    ...(cluster.groups.length > 1 ? [CommandIDs.removeGroup] : []),
    null,
    CommandIDs.idleShutdown,
    CommandIDs.keep,
    CommandIDs.renew,
    null,
    ...jobs,
    CommandIDs.openLogs,
    null,
    CommandIDs.shutdown
  ];
}

/** Open it below its button; it gives the focus back to the button when it closes. */
export function openCardMenu(
  cluster: ICluster,
  commands: CommandRegistry,
  button: HTMLElement
): void {
  const menu = new MenuSvg({ commands });
  menu.addClass('jp-rsdat-CardMenu');
  for (const command of menuCommands(cluster)) {
    menu.addItem(
      command === null
        ? { type: 'separator' }
        : { command, args: { cluster: cluster.id } }
    );
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
