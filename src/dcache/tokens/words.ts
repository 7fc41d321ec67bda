/** Tokens, their rights and their ends in words. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IMacaroonRequest, ITokenInfo } from '../../common/types';
import { formatSpan } from '../../common/units';
import { formatTime } from '../format';

export type ActivityName = IMacaroonRequest['activities'][number];

/** dCache's activities, those asked for most first. */
export const ACTIVITIES: readonly ActivityName[] = [
  'LIST',
  'DOWNLOAD',
  'UPLOAD',
  'DELETE',
  'MANAGE',
  'READ_METADATA',
  'UPDATE_METADATA',
  'STAGE'
];

/** What an activity lets one do. */
export function activityWords(
  activity: string,
  trans: TranslationBundle
): string {
  switch (activity as ActivityName) {
    case 'LIST':
      return trans.__('list folders');
    case 'DOWNLOAD':
      return trans.__('read files');
    case 'UPLOAD':
      return trans.__('write new files');
    case 'DELETE':
      return trans.__('delete');
    case 'MANAGE':
      return trans.__('make folders, rename and move');
    case 'READ_METADATA':
      return trans.__('see sizes and other attributes');
    case 'UPDATE_METADATA':
      return trans.__('change labels and other attributes');
    case 'STAGE':
      return trans.__('bring files from tape');
    default:
      return activity;
  }
}

export function kindWords(
  { kind }: Pick<ITokenInfo, 'kind'>,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'macaroon':
      return trans.__('Macaroon');
    case 'oidc':
      return trans.__('OpenID Connect token');
    case 'opaque':
      return trans.__('Token of a kind that tells nothing of itself');
    case 'password':
      return trans.__('User name and password');
    case 'x509':
      return trans.__('X509 certificate');
    case 'none':
      return trans.__('None');
  }
}

/** How near the end is. */
export type Stage = 'fine' | 'day' | 'hour' | 'ended';

export function stageOf(expires: string | null, now: Date): Stage {
  if (expires === null) {
    return 'fine';
  }
  const left_ms = Date.parse(expires) - now.getTime();
  if (left_ms <= 0) {
    return 'ended';
  }
  return left_ms <= 3_600_000 ? 'hour' : left_ms <= 86_400_000 ? 'day' : 'fine';
}

/** When it ends, and in how long. */
export function expiryWords(
  expires: string | null,
  trans: TranslationBundle,
  now: Date
): string {
  if (expires === null) {
    return trans.__('It does not say when it ends.');
  }
  const left_s = (Date.parse(expires) - now.getTime()) / 1000;
  const time = formatTime(expires);
  return left_s <= 0
    ? trans.__('It has ended: %1', time)
    : trans.__('Until %1 (%2 left)', time, formatSpan(left_s));
}
