/** What is typed about an endpoint, what is wrong with it, and what it means. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IEndpoint, IEndpointRequest } from '../../common/types';

/** Where the proof of identity comes from; `keep`: the one there is, or none. */
export type CredentialKind =
  | 'keep'
  | 'token'
  | 'token_file'
  | 'rclone_config'
  | 'ada_config'
  | 'netrc_file'
  | 'proxy_file'
  | 'password';

export interface IEndpointFields {
  name: string;
  api_url: string;
  webdav_url: string;
  home: string;
  credential: CredentialKind;
  /** A secret; never drawn in clear. */
  token: string;
  /** Path of the file that the kind of credential names. */
  file: string;
  username: string;
  /** A secret; never drawn in clear. */
  password: string;
  ca_folder: string;
  insecure_redirects: boolean;
}

export type IFieldProblems = Partial<Record<keyof IEndpointFields, string>>;

/** Kinds of credentials that are a file on the computer where Jupyter runs. */
export const FILE_KINDS = new Set<CredentialKind>([
  'token_file',
  'rclone_config',
  'ada_config',
  'netrc_file',
  'proxy_file'
]);

/** The form for a new endpoint, or filled in from one that is there. */
export function endpointFields(endpoint: IEndpoint | null): IEndpointFields {
  return {
    name: endpoint?.name ?? '',
    api_url: endpoint?.api_url ?? '',
    webdav_url: endpoint?.webdav_url ?? '',
    home: endpoint?.home ?? '',
    credential: endpoint ? 'keep' : 'token',
    token: '',
    file: '',
    username: '',
    password: '',
    ca_folder: '',
    insecure_redirects: false
  };
}

/** What is wrong, by field; empty when it may be saved. */
export function endpointProblems(
  fields: IEndpointFields,
  taken: readonly string[],
  trans: TranslationBundle
): IFieldProblems {
  const problems: IFieldProblems = {};
  const needed = trans.__('Needed');
  if (!/^[A-Za-z0-9_.-]+$/.test(fields.name)) {
    problems.name = trans.__('Letters, digits, “_”, “.” and “-”');
  } else if (taken.includes(fields.name)) {
    problems.name = trans.__('There is an endpoint of this name');
  }
  const address = trans.__('An address, beginning with https://');
  for (const key of ['api_url', 'webdav_url'] as const) {
    if (fields[key].trim() !== '' && !isAddress(fields[key])) {
      problems[key] = address;
    }
  }
  if (fields.api_url.trim() === '' && fields.webdav_url.trim() === '') {
    problems.api_url = trans.__('One of the two addresses is needed');
  }
  if (fields.home.trim() !== '' && !fields.home.trim().startsWith('/')) {
    problems.home = trans.__('An absolute path, beginning with /');
  }
  const isPath = (text: string): boolean => /^(\/|~)/.test(text.trim());
  if (fields.credential === 'token' && fields.token.trim() === '') {
    problems.token = needed;
  }
  if (FILE_KINDS.has(fields.credential) && !isPath(fields.file)) {
    problems.file = trans.__('A path, beginning with / or ~');
  }
  if (fields.credential === 'password') {
    if (fields.username.trim() === '') {
      problems.username = needed;
    }
    if (fields.password === '') {
      problems.password = needed;
    }
  }
  if (fields.ca_folder.trim() !== '' && !isPath(fields.ca_folder)) {
    problems.ca_folder = trans.__('A path, beginning with / or ~');
  }
  return problems;
}

/**
 * What is sent: of an endpoint that is there only what differs.
 *
 * An address that was not touched is left out, so that it is found anew when the other one changed.
 */
export function endpointRequest(
  fields: IEndpointFields,
  endpoint: IEndpoint | null
): IEndpointRequest {
  const request: IEndpointRequest = {};
  const old = endpointFields(endpoint);
  for (const key of ['api_url', 'webdav_url', 'home'] as const) {
    const value = fields[key].trim();
    if (value !== old[key] && (value !== '' || endpoint !== null)) {
      request[key] = value;
    }
  }
  if (fields.ca_folder.trim() !== '') {
    request.ca_folder = fields.ca_folder.trim();
  }
  if (fields.insecure_redirects) {
    request.insecure_redirects = true;
  }
  switch (fields.credential) {
    case 'keep':
      break;
    case 'token':
      request.token = fields.token.trim();
      break;
    case 'password':
      request.username = fields.username.trim();
      request.password = fields.password;
      break;
    default:
      request[fields.credential] = fields.file.trim();
  }
  return request;
}

function isAddress(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text.trim()).protocol);
  } catch {
    return false;
  }
}
