/** One upload: a PUT of a file's bytes, with progress. */
import type { ServerConnection } from '@jupyterlab/services';
import { ApiError } from '../common/request';
import { writeHeaders, type IWriteCondition } from './api';

/** No byte taken for so long, and the upload is given up. */
const STALL_LIMIT_MS = 300_000;

export interface IUploadRequest {
  settings: ServerConnection.ISettings;
  /** Address of `files/…`. */
  url: string;
  file: Blob;
  condition: IWriteCondition;
  /** Aborting it cancels the upload. */
  signal: AbortSignal;
  /** Called with the bytes sent so far. */
  onProgress: (sent_bytes: number) => void;
}

/** Codes of failures that no server tells; `explain` has the words. */
export type UploadProblem =
  'upload_broken' | 'upload_stalled' | 'upload_names_used_up';

/** The user cancelled. */
export class UploadCancelled extends Error {}

/**
 * Send a file as it is, without holding it in memory.
 *
 * XMLHttpRequest, because fetch tells nothing about the progress of what it sends.
 *
 * @throws ApiError when the companion refuses or doesn't answer; code `conflict` when the name is
 * taken or the file has changed.
 * @throws UploadCancelled when `signal` aborted.
 */
export function upload(request: IUploadRequest): Promise<void> {
  const { settings, url, file, condition, signal, onProgress } = request;
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout>;
    const watch = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        fail('upload_stalled');
        xhr.abort();
      }, STALL_LIMIT_MS);
    };
    const abort = (): void => xhr.abort();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const fail = (code: UploadProblem): void => {
      end();
      reject(new ApiError({ message: code, code }));
    };
    xhr.upload.onprogress = event => {
      watch();
      onProgress(event.loaded);
    };
    xhr.onload = () => {
      end();
      if (xhr.status >= 200 && xhr.status < 300) {
        resolve();
      } else {
        reject(ApiError.fromReply(xhr.status, xhr.responseText));
      }
    };
    xhr.onerror = () => fail('upload_broken');
    xhr.onabort = () => {
      end();
      reject(new UploadCancelled());
    };
    if (signal.aborted) {
      reject(new UploadCancelled());
      return;
    }
    signal.addEventListener('abort', abort);
    xhr.open('PUT', url);
    const headers = { ...authentication(settings), ...writeHeaders(condition) };
    for (const [name, value] of Object.entries(headers)) {
      xhr.setRequestHeader(name, value);
    }
    watch();
    xhr.send(file);
  });
}

/** The headers that `ServerConnection.makeRequest` would send. */
function authentication(
  settings: ServerConnection.ISettings
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (settings.token) {
    headers.Authorization = `token ${settings.token}`;
  }
  const xsrf = xsrfCookie();
  if (xsrf !== null) {
    headers['X-XSRFToken'] = xsrf;
  }
  return headers;
}

/**
 * The cookie `_xsrf`; the last one of several.
 *
 * Cookies of outer paths come last (RFC 6265, 5.4), and of two with one name tornado takes the
 * last.
 */
export function xsrfCookie(): string | null {
  const values = document.cookie
    .split(';')
    .map(part => part.trim())
    .filter(part => part.startsWith('_xsrf='))
    .map(part => part.slice('_xsrf='.length));
  return values.length ? values[values.length - 1] : null;
}
