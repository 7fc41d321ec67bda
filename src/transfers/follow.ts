/** What the page does by itself about transfers: notices, the status bar, lost events. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IStatusBar } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ChangeStream } from '../common/events';
import { followMissed } from '../common/missed';
import { onReturn } from '../common/returned';
import type { Section } from '../common/section';
import type { TransfersModel } from './model';
import { Notices } from './notices';
import { TransfersStatus } from './statusitem';

export function follow(options: {
  app: JupyterFrontEnd;
  stream: ChangeStream;
  model: TransfersModel;
  trans: TranslationBundle;
  statusBar: IStatusBar | null;
  section: Section;
  isSectionSeen: () => boolean;
  tellsDone: () => boolean;
}): void {
  const { app, model, section, statusBar, stream, trans } = options;
  const missed = followMissed({
    stream,
    settings: app.serviceManager.serverSettings,
    isIdle: () => model.isIdle
  });
  missed.missed.connect(() => void model.refresh());

  const notices = new Notices({
    model,
    commands: app.commands,
    trans,
    tellsDone: options.tellsDone,
    isPageSeen: () => !document.hidden,
    isSectionSeen: options.isSectionSeen
  });
  section.visibleChanged.connect(() => notices.look());
  document.addEventListener('visibilitychange', () => notices.look());
  onReturn(() => {
    if (!model.isIdle) {
      void model.refresh();
    }
  });
  // Once, for what ended while the page was closed.
  void app.restored.then(() => model.refresh());

  if (statusBar) {
    const item = new TransfersStatus({
      model,
      commands: app.commands,
      trans
    });
    statusBar.registerStatusItem('jupyterlab-rsdat:transfers', {
      align: 'left',
      item,
      isActive: () => model.moving.length > 0,
      activeStateChanged: model.changed
    });
  }
}
