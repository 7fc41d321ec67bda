// Writes src/common/schema.ts from docs/api.yaml; with --check only compares.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const target = 'src/common/schema.ts';
const check = process.argv.includes('--check');
const folder = mkdtempSync(join(tmpdir(), 'rsdat-types-'));
const output = check ? join(folder, 'schema.ts') : target;
try {
  execFileSync(
    process.execPath,
    [
      'node_modules/openapi-typescript/bin/cli.js',
      'docs/api.yaml',
      '--output',
      output
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] }
  );
  execFileSync(
    process.execPath,
    [
      'node_modules/prettier/bin/prettier.cjs',
      '--config',
      'package.json',
      '--write',
      output
    ],
    {
      stdio: ['ignore', 'ignore', 'inherit']
    }
  );
  if (check && readFileSync(output, 'utf8') !== readFileSync(target, 'utf8')) {
    console.error(
      `${target} is not what docs/api.yaml says: run npm run types`
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
