// npm run release: wheel with the prebuilt extension, sdist and npm tarball, in dist/.
//
//   npm run release                      from what is committed; built twice, compared, and checked
//   node scripts/release.mjs --as-is     from the checkout as it is, committed or not
//     --out DIR                          into another folder (emptied first)
//     --unchecked                        without tests/packaging, which installs and starts them
//
// Whoever builds the same commit with the same versions gets the same bytes: SHA256SUMS says which.
// Nothing is published; .github/workflows/release.yml does that.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  statSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { root, setup, SetupError, venv } from './setup.mjs';

const BUILDS = 2;
const STEP_MS = 15 * 60_000;
const SUMS = 'SHA256SUMS';

const has = word => process.argv.includes(word);
const outAt = process.argv.indexOf('--out');
const out = resolve(outAt < 0 ? join(root, 'dist') : process.argv[outAt + 1]);

/** Run a step; its output is shown only when it fails. Returns stdout. */
function run(cwd, command, args, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 2 ** 20,
    timeout: STEP_MS
  });
  if (error || status !== 0) {
    throw new SetupError(
      `${command} ${args.join(' ')} failed\n${stdout ?? ''}${stderr ?? ''}${error ?? ''}`
    );
  }
  return stdout;
}

function say(text) {
  console.error(`rsdat release: ${text}`);
}

/** The files that a release is made of, and the time that all of them get. */
function source() {
  if (!existsSync(join(root, '.git'))) {
    throw new SetupError('A release is made from a checkout of git.');
  }
  const changed = run(root, 'git', ['status', '--porcelain']);
  if (changed && !has('--as-is')) {
    throw new SetupError(
      `Commit these first, or build with --as-is:\n${changed}`
    );
  }
  const files = run(root, 'git', [
    ...['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  ]);
  return {
    files: files
      .split('\0')
      .filter(
        file =>
          file &&
          statSync(join(root, file), { throwIfNoEntry: false })?.isFile()
      )
      .sort(),
    epoch:
      process.env.SOURCE_DATE_EPOCH ??
      run(root, 'git', ['log', '-1', '--format=%ct']).trim()
  };
}

/** Build all three from a copy of the files in a folder of its own. */
function build({ files, epoch }, folder, results) {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(root, file), join(folder, file));
  }
  // Hard links where both lie on one disk: paths in bundles are as in a checkout.
  const packages = [join(root, 'node_modules'), join(folder, 'node_modules')];
  if (spawnSync('cp', ['-al', ...packages]).status !== 0) {
    rmSync(packages[1], { recursive: true, force: true });
    run(folder, 'cp', ['-a', ...packages]);
  }
  const env = { SOURCE_DATE_EPOCH: epoch, TZ: 'UTC', LC_ALL: 'C.UTF-8' };
  run(folder, 'npm', ['run', 'build'], env);
  run(folder, 'npm', ['pack', '--pack-destination', results], env);
  // The wheel is built from the sdist, as those do who build from it.
  run(
    folder,
    join(venv, 'bin', 'uv'),
    [
      ...['build', '--out-dir', results, '--no-create-gitignore'],
      ...['--build-constraints', 'scripts/build-constraints.txt']
    ],
    env
  );
}

/** Name and digest of each file, as `sha256sum` writes them. */
function sums(folder) {
  return readdirSync(folder)
    .sort()
    .map(name => {
      const bytes = readFileSync(join(folder, name));
      return `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`;
    })
    .join('');
}

function release() {
  const what = source();
  setup();
  const work = mkdtempSync(join(tmpdir(), 'rsdat-release-'));
  try {
    const built = [];
    for (let number = 1; number <= BUILDS; number++) {
      say(`building, ${number} of ${BUILDS}`);
      // Of other lengths, so that a path in a result shows.
      const folder = join(work, 'source'.repeat(number));
      const results = join(work, `results-${number}`);
      mkdirSync(results);
      build(what, folder, results);
      rmSync(folder, { recursive: true });
      built.push({ results, sums: sums(results) });
    }
    const [first, ...others] = built;
    for (const other of others) {
      if (other.sums !== first.sums) {
        throw new SetupError(
          `Two builds of the same files differ:\n${first.sums}\n${other.sums}`
        );
      }
    }
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    for (const name of readdirSync(first.results)) {
      copyFileSync(join(first.results, name), join(out, name));
    }
    writeFileSync(join(out, SUMS), first.sums);
    console.log(first.sums.trimEnd());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  if (!has('--unchecked')) {
    say('installing and starting what was built');
    run(
      root,
      join(venv, 'bin', 'pytest'),
      ['-q', '-m', 'long', join('tests', 'packaging')],
      { RSDAT_DIST: out }
    );
  }
}

try {
  release();
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}
