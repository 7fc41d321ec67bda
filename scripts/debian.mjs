// Debian packages that tests or set-up want, installed where we may.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';

/** What the tests want: program (or file) and its Debian package. */
export const PROGRAMS = {
  chromium: 'chromium',
  slurmctld: 'slurmctld',
  slurmd: 'slurmd',
  sbatch: 'slurm-client',
  munged: 'munge',
  // Accounting, QOS and limits; the core packages bring no service that would start.
  slurmdbd: 'slurmdbd',
  mariadbd: 'mariadb-server-core',
  mariadb: 'mariadb-client-core',
  // Reads the configurations that tokens are handed out in.
  rclone: 'rclone',
  // What jupyterlab-git works with, beside which we are tested.
  git: 'git',
  // The database of a real STAC API server; metapackages of whatever version the release has.
  postgres: 'postgresql',
  'postgis.control': 'postgresql-postgis'
};

/** Folders of one name below each version of something. */
function versions(above, name) {
  return existsSync(above)
    ? readdirSync(above).map(version => `${above}/${version}/${name}`)
    : [];
}

/**
 * Is the program on the PATH (or, as daemons are, in an sbin folder; or, as PostgreSQL's programs and
 * extensions are, in a folder of its version)?
 */
export function hasProgram(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    '/usr/sbin',
    '/sbin',
    ...versions('/usr/lib/postgresql', 'bin'),
    ...versions('/usr/share/postgresql', 'extension')
  ];
  return folders.some(folder => folder && existsSync(`${folder}/${name}`));
}

/**
 * Install packages whose programs are missing.
 *
 * @param wanted Map of program name to Debian package.
 * @returns The programs that are missing all the same, with the reason.
 */
export function ensurePrograms(wanted) {
  const missing = Object.keys(wanted).filter(program => !hasProgram(program));
  if (missing.length === 0) {
    return {};
  }
  const packages = [...new Set(missing.map(program => wanted[program]))];
  const byHand = `apt-get install ${packages.join(' ')}`;
  let reason = null;
  if (!hasProgram('apt-get')) {
    reason = `not on this machine, and no apt-get to install ${packages.join(' ')}`;
  } else if (process.getuid() !== 0) {
    reason = `not on this machine; as root: ${byHand}`;
  } else {
    console.error(`installing Debian packages: ${packages.join(' ')}`);
    if (packages.some(name => name.startsWith('postgresql'))) {
      makeNoCluster();
    }
    const options = {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 10 * 60_000
    };
    spawnSync('apt-get', ['update', '-qq'], options);
    const { status, stderr } = spawnSync(
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', ...packages],
      options
    );
    if (status !== 0) {
      reason = `${byHand} failed: ${(stderr ?? '').trim().split('\n').pop()}`;
    }
  }
  return Object.fromEntries(
    missing
      .filter(program => !hasProgram(program))
      .map(program => [program, reason ?? `${byHand} did not bring it`])
  );
}

/**
 * Tests start a database of their own: where there is no PostgreSQL server yet, its package makes and
 * starts none. (The folder alone says nothing: the package of its clients has it too.)
 */
function makeNoCluster() {
  if (existsSync('/etc/postgresql-common/createcluster.conf')) {
    return;
  }
  const folder = '/etc/postgresql-common/createcluster.d';
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    `${folder}/rsdat.conf`,
    '# Written by the tests of rsdat, which need the programs only.\ncreate_main_cluster = false\n'
  );
}
