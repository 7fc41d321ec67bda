/** The names of the examples' command and plugin; others rely on them. */
export namespace CommandIDs {
  export const open = 'rsdat:open-example';
}

export namespace PluginIDs {
  export const examples = 'jupyterlab-rsdat:examples';
}
