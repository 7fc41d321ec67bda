/** Takes over what the user told dask-labextension and what ours has a counterpart for; said once. */
import { Notification } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { plotsOfTheirs } from './migration';

/** The plugin whose settings are read. */
export const THEIRS = 'dask-labextension:plugin';
const OURS = 'jupyterlab-rsdat:dashboards';
/**
 * Keeps that it was done, so that who goes back to our default is not overruled: as a setting, since
 * Lab's state is one workspace's, and of another plugin than the layout, whose settings may all be
 * reset. Hidden in the settings editor.
 */
const MARK = 'jupyterlab-rsdat:settings-migration';
const TAKEN_OVER = 'takenOver';

/** The dashboard layout, unless the user has chosen one of ours. @throws what the registry throws */
export async function takeOver(options: {
  registry: ISettingRegistry;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): Promise<void> {
  const { commands, registry, trans } = options;
  const mark = await registry.load(MARK);
  if (mark.get(TAKEN_OVER).composite === true) {
    return;
  }
  const theirs = await registry.load(THEIRS);
  const layout = plotsOfTheirs(theirs.get('defaultLayout').user);
  const ours = await registry.load(OURS);
  if (layout.length === 0 || ours.get('layout').user !== undefined) {
    return;
  }
  await ours.set('layout', layout);
  await mark.set(TAKEN_OVER, true);
  Notification.info(
    trans.__(
      'The dashboard layout of dask-labextension’s settings is rsdat’s too now: %1.',
      layout.join(', ')
    ),
    {
      autoClose: 10_000,
      actions: [
        {
          label: trans.__('Settings'),
          callback: () =>
            void commands.execute('settingeditor:open', {
              query: trans.__('Dask dashboards')
            })
        }
      ]
    }
  );
}
