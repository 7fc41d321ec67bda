/** Names of the commands; users and other extensions rely on them. */
export namespace CommandIDs {
  export const open = 'rsdat-stac:open';
  export const search = 'rsdat-stac:search';
  export const insertCode = 'rsdat-stac:insert-code';
  export const copyCode = 'rsdat-stac:copy-code';
  export const copyAssets = 'rsdat-stac:copy-assets';
  export const saveCatalog = 'rsdat-stac:save-catalog';
  export const stage = 'rsdat-stac:stage';
  export const download = 'rsdat-stac:download';
  export const copyHref = 'rsdat-stac:copy-href';
}

/** What other features offer; see src/dcache/ids.ts, src/dcache/tape/ids.ts, src/transfers/ids.ts. */
export namespace OtherCommandIDs {
  export const openFile = 'rsdat-dcache:open';
  export const insertFileCode = 'rsdat-dcache:insert-code';
  export const copyFileCode = 'rsdat-dcache:copy-code';
  export const downloadFiles = 'rsdat-dcache:download';
  export const stageFiles = 'rsdat-dcache:stage';
  export const showTransfers = 'rsdat-transfers:show';
  export const openDocument = 'docmanager:open';
}

/** Ids of the plugins; the parts after the colon are the schema files' names. */
export namespace PluginIDs {
  export const stac = 'jupyterlab-rsdat:stac';
}
