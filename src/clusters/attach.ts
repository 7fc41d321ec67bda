/** What the form for attaching to a scheduler holds, and which request it stands for. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IAttachRequest, IClusterRequest } from '../common/types';

export interface IAttachFields {
  by: 'address' | 'file';
  name: string;
  address: string;
  file: string;
  port: string;
  ca: string;
  cert: string;
  key: string;
}

export type AttachProblems = Partial<Record<keyof IAttachFields, string>>;

export const EMPTY: IAttachFields = {
  by: 'address',
  name: '',
  address: '',
  file: '',
  port: '',
  ca: '',
  cert: '',
  key: ''
};

/** As Dask writes addresses; IPv6 in brackets. */
const ADDRESS = /^(tls|tcp):\/\/(\[[0-9a-f:]+\]|[^\s:/]+):\d{1,5}$/i;

/** What is wrong with the fields that count. An empty field that is needed counts as wrong. */
export function attachProblems(
  fields: IAttachFields,
  trans: TranslationBundle
): AttachProblems {
  const problems: AttachProblems = {};
  if (fields.name.trim().length > 64) {
    problems.name = trans.__('At most 64 characters');
  }
  const address = fields.address.trim();
  if (fields.by === 'address' && !ADDRESS.test(address)) {
    problems.address = trans.__('An address such as tls://10.0.0.1:8786');
  }
  if (fields.by === 'file' && fields.file.trim() === '') {
    problems.file = trans.__('A path on the server, such as ~/scheduler.json');
  }
  const port = fields.port.trim();
  if (port !== '' && !(/^\d{1,5}$/.test(port) && isPort(Number(port)))) {
    problems.port = trans.__('A number from 1 to 65535');
  }
  const isPlain = fields.by === 'address' && /^tcp:/i.test(address);
  const tls = ['ca', 'cert', 'key'] as const;
  if (!isPlain && tls.some(key => fields[key].trim() !== '')) {
    for (const key of tls) {
      if (fields[key].trim() === '') {
        problems[key] = trans.__('All three files, or none');
      }
    }
  }
  return problems;
}

/** The request for valid fields. */
export function attachRequest(fields: IAttachFields): IClusterRequest {
  const isPlain =
    fields.by === 'address' && /^tcp:/i.test(fields.address.trim());
  const attach: IAttachRequest =
    fields.by === 'address'
      ? { address: fields.address.trim() }
      : { scheduler_file: fields.file.trim() };
  if (fields.port.trim() !== '') {
    attach.dashboard_port = Number(fields.port);
  }
  if (!isPlain && fields.ca.trim() !== '') {
    attach.ca_file = fields.ca.trim();
    attach.cert_file = fields.cert.trim();
    attach.key_file = fields.key.trim();
  }
  const name = fields.name.trim();
  return name === '' ? { attach } : { name, attach };
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65535;
}
