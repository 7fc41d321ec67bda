// Debian packages that tests or set-up want, installed where we may.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Is the program on the PATH (or, as daemons are, in an sbin folder)? */
export function hasProgram(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    '/usr/sbin',
    '/sbin'
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
