/** Names of the commands; users and other extensions rely on them. */
export namespace CommandIDs {
  export const open = 'rsdat-dcache:open';
  export const upload = 'rsdat-dcache:upload';
  export const download = 'rsdat-dcache:download';
  export const newFolder = 'rsdat-dcache:new-folder';
  export const rename = 'rsdat-dcache:rename';
  export const move = 'rsdat-dcache:move';
  export const remove = 'rsdat-dcache:delete';
  export const stage = 'rsdat-dcache:stage';
  export const release = 'rsdat-dcache:release';
  export const copyPath = 'rsdat-dcache:copy-path';
  export const insertCode = 'rsdat-dcache:insert-code';
}

/** Ids of the plugins; the parts after the colon are the schema files' names. */
export namespace PluginIDs {
  export const panel = 'jupyterlab-rsdat:dcache';
  export const drive = 'jupyterlab-rsdat:dcache-drive';
  export const sidebar = 'jupyterlab-rsdat:dcache-sidebar';
}
