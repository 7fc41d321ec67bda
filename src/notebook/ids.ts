/** Names that others rely on: plugin, commands, toolbar items. */
export const PLUGIN_ID = 'jupyterlab-rsdat:notebook';

/** The toolbar item of schema/notebook.json. */
export const TOOLBAR_ITEM = 'rsdat-cluster';

export namespace CommandIDs {
  export const connect = 'rsdat:connect-notebook';
  export const disconnect = 'rsdat:disconnect-notebook';
  export const show = 'rsdat:show-notebook-cluster';
  export const forget = 'rsdat:forget-notebook-cluster';
  /** For the dialog that asks before a cluster is shut down. */
  export const connected = 'rsdat:list-connected-notebooks';
}

/** Commands of the clusters. */
export namespace ClusterCommands {
  export const showPanel = 'rsdat:show-clusters';
  export const create = 'rsdat:new-cluster';
  export const scale = 'rsdat:scale-cluster';
  export const layout = 'rsdat:open-dashboard-layout';
}
