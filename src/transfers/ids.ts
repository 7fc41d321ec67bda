/** Names of the commands; users and other extensions rely on them. */
export namespace CommandIDs {
  export const upload = 'rsdat-dcache:upload';
  export const uploadFolder = 'rsdat-dcache:upload-folder';
  export const download = 'rsdat-dcache:download';
  export const downloadArchive = 'rsdat-dcache:download-archive';
  export const copyToWorkspace = 'rsdat-dcache:copy-to-workspace';
  export const copyToDCache = 'rsdat-dcache:copy-to-dcache';
  export const copy = 'rsdat-dcache:copy';
  export const paste = 'rsdat-dcache:paste';
  export const show = 'rsdat-transfers:show';
  export const cancel = 'rsdat-transfers:cancel';
  export const retry = 'rsdat-transfers:retry';
  export const forget = 'rsdat-transfers:forget';
  export const answer = 'rsdat-transfers:answer';
  export const clearFinished = 'rsdat-transfers:clear-finished';
}

/** What the dCache panel offers; see src/dcache/ids.ts. */
export namespace DCacheCommandIDs {
  export const stage = 'rsdat-dcache:stage';
}

/** Ids of the plugins; the parts after the colon are the schema files' names. */
export namespace PluginIDs {
  export const transfers = 'jupyterlab-rsdat:transfers';
}
