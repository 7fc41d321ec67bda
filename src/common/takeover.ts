/** Takes over what the user told dask-labextension and what ours has a counterpart for; said once. */
import { Notification } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { plotsOfTheirs } from './migration';

/** The plugin whose settings are read. */
export const THEIRS = 'dask-labextension:plugin';
const OURS = 'jupyterlab-rsdat:dashboards';
/** Kept so that who goes back to our default is not overruled. */
const STATE_KEY = 'jupyterlab-rsdat:taken-over';

/** The dashboard layout, unless the user has chosen one of ours. @throws what the registry throws */
export async function takeOver(options: {
  registry: ISettingRegistry;
  state: IStateDB | null;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): Promise<void> {
  const { commands, registry, state, trans } = options;
  if (await state?.fetch(STATE_KEY)) {
    return;
  }
  const theirs = await registry.load(THEIRS);
  const layout = plotsOfTheirs(theirs.get('defaultLayout').user);
  const ours = await registry.load(OURS);
  if (layout.length === 0 || ours.get('layout').user !== undefined) {
    return;
  }
  await ours.set('layout', layout);
  await state?.save(STATE_KEY, true);
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
