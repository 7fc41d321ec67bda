/** Failures of a PUT that no server tells, in words. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ApiError } from '../../common/request';
import type { PutProblem } from './put';

/** What happened, as one sentence; the error's own where the server said it. */
export function putWords(error: ApiError, trans: TranslationBundle): string {
  switch (error.code as PutProblem) {
    case 'upload_broken':
      return trans.__(
        'The connection broke, or the file can’t be read any more. Nothing of it is in dCache.'
      );
    case 'upload_stalled':
      return trans.__(
        'Nothing of the file was taken for five minutes. Nothing of it is in dCache.'
      );
    default:
      return error.message;
  }
}
