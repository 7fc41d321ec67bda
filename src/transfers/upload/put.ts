/** One file of an upload: a PUT of its bytes, with progress. */
import type { ServerConnection } from '@jupyterlab/services';
import { ApiError } from '../../common/request';

/** No byte taken for so long, and the upload is given up. */
const STALL_LIMIT_MS = 300_000;

export interface IPutRequest {
  settings: ServerConnection.ISettings;
  url: string;
  file: Blob;
  /** Aborting it cancels the upload. */
  signal: AbortSignal;
  /** Called with the bytes sent so far. */
  onProgress: (sent_bytes: number) => void;
}

/** Sends one file; the settings are known. */
export type Put = (request: Omit<IPutRequest, 'settings'>) => Promise<void>;

/** Codes of failures that no server tells; `putWords` has the words. */
export type PutProblem = 'upload_broken' | 'upload_stalled';

/** The user cancelled. */
export class PutCancelled extends Error {}

/**
 * Send a file as it is, without holding it in memory.
 *
 * XMLHttpRequest, because fetch tells nothing about the progress of what it sends.
 *
 * @throws ApiError when the companion refuses or doesn't answer; code `exists` when the name is
 * taken.
 * @throws PutCancelled when `signal` aborted.
 */
export function put(request: IPutRequest): Promise<void> {
  const { settings, url, file, signal, onProgress } = request;
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
    const fail = (code: PutProblem): void => {
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
      reject(new PutCancelled());
    };
    if (signal.aborted) {
      reject(new PutCancelled());
      return;
    }
    signal.addEventListener('abort', abort);
    xhr.open('PUT', url);
    const headers = {
      ...authentication(settings),
      'Content-Type': 'application/octet-stream'
    };
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
