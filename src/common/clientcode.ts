/**
 * The code that gives a notebook a client of a cluster.
 *
 * It needs nothing but Dask: the kernel's environment may have no rsdat. The keys stay in their
 * files, which only their owner can read.
 */
import type { ICluster } from './types';

type IConnected = Pick<ICluster, 'name' | 'connection'>;

/** JSON's string literals are Python's as well: the same escapes, and no others. */
const literal = (text: string): string => JSON.stringify(text);

/** The code; null for a cluster that nobody can connect to any more. */
export function clientCode(cluster: IConnected): string | null {
  const { connection, name } = cluster;
  if (connection === null) {
    return null;
  }
  const { address, ca_file, cert_file, key_file, scheduler_file } = connection;
  // While the cluster starts, Dask waits for the file.
  const where = scheduler_file
    ? `scheduler_file=${literal(scheduler_file)}`
    : literal(address ?? '');
  const lines = ['from dask.distributed import Client', ''];
  lines.push(`# Dask cluster: ${name}`);
  if (ca_file && cert_file && key_file) {
    lines[0] += ', Security';
    lines.push(
      'client = Client(',
      `    ${where},`,
      '    security=Security(',
      '        require_encryption=True,',
      `        tls_ca_file=${literal(ca_file)},`,
      `        tls_client_cert=${literal(cert_file)},`,
      `        tls_client_key=${literal(key_file)},`,
      '    ),',
      ')'
    );
  } else {
    lines.push(`client = Client(${where})`);
  }
  lines.push('client');
  return lines.join('\n');
}

/** Whether it is such code, and nobody has changed it: for whichever cluster. */
export function isClientCode(source: string): boolean {
  const shape = shapeOf(source.trim());
  return SHAPES.includes(shape);
}

/** The code without what differs from cluster to cluster. */
function shapeOf(code: string): string {
  return code
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replace(/^# Dask cluster: .*$/m, '#');
}

const FILES = { ca_file: 'c', cert_file: 'c', key_file: 'k' };
const NO_FILES = { ca_file: null, cert_file: null, key_file: null };
const SHAPES = [FILES, NO_FILES].flatMap(files =>
  [
    { address: null, scheduler_file: 's' },
    { address: 'a', scheduler_file: null }
  ].map(way => {
    const code = clientCode({ name: '', connection: { ...way, ...files } });
    return shapeOf(code ?? '');
  })
);
