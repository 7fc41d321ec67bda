// npm run docs: the documentation's site, built into site/, every warning an error.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, setup, venv } from './setup.mjs';

const steps = [
  [
    join(venv, 'bin', 'sphinx-build'),
    ['-W', '--keep-going', '-q', '-b', 'html', 'docs', 'site']
  ],
  [
    join(root, 'node_modules', '.bin', 'typedoc'),
    [
      ...['--entryPoints', 'src/tokens.ts', '--out', 'site/typescript'],
      ...['--name', 'rsdat: TypeScript', '--readme', 'none'],
      // The generated REST types have a tag of their own.
      ...['--logLevel', 'Error']
    ]
  ]
];

setup();
for (const [command, args] of steps) {
  const options = { cwd: root, stdio: 'inherit', timeout: 5 * 60_000 };
  if (spawnSync(command, args, options).status !== 0) {
    process.exit(1);
  }
}
console.log('the documentation is in site/index.html');
