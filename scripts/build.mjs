// Bundles lib/ into rsdat/labextension with @jupyterlab/builder, without Python. With --watch it does
// so again whenever src/ changes.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReplacePlugin } from './replace.mjs';

const require = createRequire(import.meta.url);
const json = path => JSON.parse(readFileSync(path, 'utf8'));
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);

/**
 * The packages that Lab shares, as the builder wants them, but each asked for as package.json does:
 * the builder would ask for what is compiled against, and an older Lab warn of every package.
 */
function sharedPackages() {
  const meta = json(require.resolve('@jupyterlab/core-meta/core.package.json'));
  for (const [name, range] of Object.entries(
    json(require.resolve('../package.json')).dependencies
  )) {
    for (const list of [meta.dependencies, meta.resolutions]) {
      if (list?.[name]) {
        list[name] = range;
      }
    }
  }
  return meta;
}

const work = mkdtempSync(join(tmpdir(), 'rsdat-build-'));
writeFileSync(join(work, 'package.json'), JSON.stringify(sharedPackages()));

// The builder empties the folder that package.json names, long before it fills it: a Lab that is
// open would find nothing. So it is told of another, and what is whole is put into its place.
const { jupyterlab } = require('../package.json');
const shown = join(root, jupyterlab.outputDir);
const fresh = join(work, 'labextension');
jupyterlab.outputDir = relative(root, fresh);
// The same object that the builder gets.
require('./webpack.config.cjs').plugins.push(new ReplacePlugin(fresh, shown));
const compiler = args.includes('--watch')
  ? spawn(
      process.execPath,
      [
        require.resolve('typescript/bin/tsc'),
        ...['--watch', '--preserveWatchOutput', '--sourceMap']
      ],
      { cwd: root, stdio: 'inherit' }
    )
  : null;
process.on('exit', () => {
  compiler?.kill();
  rmSync(work, { recursive: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => process.exit(1));
}

process.chdir(root);
const builder =
  require.resolve('@jupyterlab/builder/lib/build-labextension.js');
process.argv = [
  process.execPath,
  builder,
  ...['--core-path', work],
  ...args,
  root
];
require(builder);
