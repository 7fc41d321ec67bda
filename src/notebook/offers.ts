/** Notifications that offer something for one notebook. */
import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { LinkState } from './link';
import type { NotebookLinks } from './links';

/** Take a notification back once its notebook is closed, or its link makes it pointless. */
export function dismissWith(options: {
  links: NotebookLinks;
  panel: NotebookPanel;
  /** Of the notification. */
  id: string;
  isPointless: (state: LinkState) => boolean;
}): void {
  const { id, isPointless, links, panel } = options;
  if (panel.isDisposed) {
    Notification.dismiss(id);
    return;
  }
  const dismiss = (): void => {
    links.changed.disconnect(onChanged);
    panel.disposed.disconnect(dismiss);
    Notification.dismiss(id);
  };
  const onChanged = (_: NotebookLinks, changed: NotebookPanel): void => {
    if (changed === panel && isPointless(links.of(panel).state)) {
      dismiss();
    }
  };
  links.changed.connect(onChanged);
  panel.disposed.connect(dismiss);
}
