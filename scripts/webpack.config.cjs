// What Lab's builder merges into its own configuration (package.json: jupyterlab.webpackConfig).

/**
 * Gives the bundle's entry an id of its own: webpack's would depend on the folder in which it is
 * built, and with it the name of remoteEntry.js, so that no two checkouts gave the same release.
 */
class EntryIdPlugin {
  apply(compiler) {
    compiler.hooks.compilation.tap('EntryIdPlugin', compilation => {
      compilation.hooks.beforeModuleIds.tap('EntryIdPlugin', modules => {
        for (const module of modules) {
          if (module.constructor.name === 'ContainerEntryModule') {
            compilation.chunkGraph.setModuleId(module, 'entry');
          }
        }
      });
    });
  }
}

module.exports = {
  plugins: [new EntryIdPlugin()],
  // Of what was built before in the same run nothing stays. The builder writes this file itself, once.
  output: { clean: { keep: 'style.js' } }
};
