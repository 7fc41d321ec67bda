/** Names that others rely on: plugin, commands, toolbar items. */
import { CONNECTED } from '../common/connected';

export const PLUGIN_ID = 'jupyterlab-rsdat:notebook';

/** The toolbar item of schema/notebook.json. */
export const TOOLBAR_ITEM = 'rsdat-cluster';

export namespace CommandIDs {
  export const connect = 'rsdat:connect-notebook';
  export const disconnect = 'rsdat:disconnect-notebook';
  export const show = 'rsdat:show-notebook-cluster';
  export const forget = 'rsdat:forget-notebook-cluster';
  export const versions = 'rsdat:show-notebook-versions';
  export const connected = CONNECTED;
}

/** Commands of the clusters. */
export namespace ClusterCommands {
  export const showPanel = 'rsdat:show-clusters';
  export const create = 'rsdat:new-cluster';
  export const scale = 'rsdat:scale-cluster';
  export const layout = 'rsdat:open-dashboard-layout';
}
