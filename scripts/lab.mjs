// npm run test:lab: the browser tests on another JupyterLab, or with other extensions beside ours.
//
//   npm run test:lab                            the newest JupyterLab that there is
//   npm run test:lab -- 4.2                     the first release of 4.2, our lowest
//   npm run test:lab -- 4.5.11 hub -g stopped   that release; what follows goes to Playwright
//   npm run test:lab -- 4.2 --beside            Notebook 7, jupyter-collaboration, jupyterlab-git and
//                                               dask-labextension in the same environment
//
// Each has an environment of its own, .venv-lab-…, made once.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runBrowserTests } from './browser.mjs';
import { ensurePrograms, PROGRAMS } from './debian.mjs';
import {
  digest,
  linkExtension,
  root,
  setup,
  SetupError,
  step,
  unlinkExtension,
  venv
} from './setup.mjs';

const NEIGHBOURS = [
  'notebook>=7',
  'jupyter-collaboration',
  'jupyterlab-git',
  'dask-labextension'
];
/** Ours holds JupyterLab to one release; what depends on it goes along. */
const NOT_HELD = /^(jupyterlab|jupyterlab-server|notebook-shim)==/;

/** Which JupyterLab pip is asked for: of a minor version its first release. */
function requirement(version) {
  if (version === null) {
    return 'jupyterlab<5';
  }
  const isMinor = version.split('.').length === 2;
  return `jupyterlab==${isMinor ? `${version}.0` : version}`;
}

/** The versions that were tested together with this JupyterLab, where there is such a list. */
function besideConstraints(version) {
  const [major, minor] = (version ?? lockedLab()).split('.');
  const path = join('scripts', `beside-${major}.${minor}.txt`);
  return existsSync(join(root, path)) ? path : null;
}

/** The JupyterLab that development is done with. */
function lockedLab() {
  return readFileSync(join(root, 'scripts', 'constraints.txt'), 'utf8').match(
    /^jupyterlab==(\S+)/m
  )[1];
}

/**
 * Make the environment of a JupyterLab; does nothing when nothing changed.
 *
 * @param version Such as "4.2" or "4.5.11"; null for the newest, which is asked for each time.
 * @param beside Whether the other extensions are in it.
 * @returns Its name and its Python.
 */
export function setupLab(version, beside) {
  setup();
  const name = `lab-${version ?? 'newest'}${beside ? '-beside' : ''}`;
  const folder = join(root, `.venv-${name}`);
  const python = join(folder, 'bin', 'python');
  const pins = beside ? besideConstraints(version) : null;
  const value = digest([
    'pyproject.toml',
    'package.json',
    'scripts/constraints.txt',
    'scripts/lab.mjs',
    ...(pins ? [pins] : [])
  ]);
  const mark = join(folder, '.rsdat-setup');
  const isMade = existsSync(mark);
  if (isMade && version !== null && readFileSync(mark, 'utf8') === value) {
    return { name, python };
  }
  const uv = join(venv, 'bin', 'uv');
  if (!isMade) {
    rmSync(folder, { recursive: true, force: true });
    step(`making the environment ${name}`, uv, [
      'venv',
      '--python',
      join(venv, 'bin', 'python'),
      folder
    ]);
  }
  const held = join(folder, 'constraints.txt');
  writeFileSync(
    held,
    readFileSync(join(root, 'scripts', 'constraints.txt'), 'utf8')
      .split('\n')
      .filter(line => !NOT_HELD.test(line))
      .join('\n')
  );
  unlinkExtension(folder);
  step(
    `installing ${requirement(version)}`,
    uv,
    [
      'pip',
      'install',
      '--python',
      python,
      '--compile-bytecode',
      '--upgrade-package',
      'jupyterlab',
      '-c',
      held,
      ...(pins ? ['-c', pins] : []),
      requirement(version),
      ...(beside ? NEIGHBOURS : []),
      '-e',
      '.[browser]'
    ],
    // The page's part was built by `setup`, and is linked below.
    { env: { ...process.env, HATCH_JUPYTER_BUILDER_SKIP_NPM: '1' } }
  );
  linkExtension(folder);
  writeFileSync(mark, value);
  return { name, python };
}

/** The browser tests on that JupyterLab; returns their counts. */
export function testLab({ version, beside, args = [] }) {
  const { name, python } = setupLab(version, beside);
  return runBrowserTests({
    python,
    beside,
    args,
    results: join(root, 'ui-tests', 'test-results', name)
  });
}

function main(words) {
  const beside = words.includes('--beside');
  const rest = words.filter(word => word !== '--beside');
  const version = /^\d+(\.\d+)+$/.test(rest[0] ?? '') ? rest.shift() : null;
  const missing = ensurePrograms(PROGRAMS);
  if (missing.chromium) {
    throw new SetupError(`chromium ${missing.chromium}`);
  }
  return testLab({ version, beside, args: rest });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { passed, failed, skipped } = await main(process.argv.slice(2));
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    process.exit(failed > 0 || passed === 0 ? 1 : 0);
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exit(1);
  }
}
