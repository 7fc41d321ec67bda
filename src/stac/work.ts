/** What does the work of the commands and fills the tabs: a chunk of its own, loaded on first use. */
import type { ServerConnection } from '@jupyterlab/services';
import { StacActions } from './actions';
import { StacApi } from './api';

export { makeDrag } from './drag';

export interface IWork {
  api: StacApi;
  actions: StacActions;
}

export function makeWork(
  settings: ServerConnection.ISettings,
  options: Omit<StacActions.IOptions, 'api'>
): IWork {
  const api = new StacApi(settings);
  return { api, actions: new StacActions({ ...options, api }) };
}
