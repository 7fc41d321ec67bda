/** Makes the overview's model with what it needs of Lab. */
import type { ServerConnection } from '@jupyterlab/services';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IStateDB } from '@jupyterlab/statedb';
import { PulseApi } from './api';
import { OverviewModel } from './model';

/** Whose settings say how much is shown. */
const PLUGIN = 'jupyterlab-rsdat:clusters';

/** A model that follows the setting; without a registry all is shown. */
export function openOverview(
  settings: ServerConnection.ISettings,
  state: IStateDB | null,
  registry: ISettingRegistry | null
): OverviewModel {
  const overview = new OverviewModel({ api: new PulseApi(settings), state });
  void overview.follow(registry, PLUGIN);
  return overview;
}
