/** Names of the commands; users and other extensions rely on them. */
export namespace CommandIDs {
  export const open = 'rsdat-dcache:open';
  export const newFolder = 'rsdat-dcache:new-folder';
  export const rename = 'rsdat-dcache:rename';
  export const move = 'rsdat-dcache:move';
  export const remove = 'rsdat-dcache:delete';
  export const toggleHidden = 'rsdat-dcache:toggle-hidden-files';
  export const copyPath = 'rsdat-dcache:copy-path';
  export const copyUrl = 'rsdat-dcache:copy-url';
  export const copyCode = 'rsdat-dcache:copy-code';
  export const insertCode = 'rsdat-dcache:insert-code';
}

/** What src/transfers offers, for the panel's buttons. */
export namespace TransferCommandIDs {
  export const upload = 'rsdat-dcache:upload';
  export const download = 'rsdat-dcache:download';
  export const copyToWorkspace = 'rsdat-dcache:copy-to-workspace';
}

/** What src/stac offers: shows a file as a catalog, if it is one. */
export const OPEN_CATALOG = 'rsdat-stac:open';

/** Ids of the plugins; the parts after the colon are the schema files' names. */
export namespace PluginIDs {
  export const panel = 'jupyterlab-rsdat:dcache';
  export const drive = 'jupyterlab-rsdat:dcache-drive';
  export const sidebar = 'jupyterlab-rsdat:dcache-sidebar';
  export const tape = 'jupyterlab-rsdat:dcache-tape';
  export const access = 'jupyterlab-rsdat:dcache-access';
}
