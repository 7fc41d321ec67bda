/** One request to the companion, and its failure as one kind of error. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import {
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';
import { sentences } from './sentences';

/** Where every route of the companion begins, below `base_url`. */
export const ROOT = 'rsdat';

/** How long a request may take unless it says otherwise; no transfer of a file goes this way. */
export const REQUEST_LIMIT_MS = 60_000;

// Requests are made far from every translator, and Lab speaks one language until it is reloaded.
let trans: TranslationBundle = nullTranslator.load('jupyterlab_rsdat');

/** Let the messages of this file be in Lab's language. */
export function translateMessages(bundle: TranslationBundle): void {
  trans = bundle;
}

/** The language of messages that are made where no translator is at hand. */
export function messageLanguage(): TranslationBundle {
  return trans;
}

/**
 * What the companion, Jupyter or the network said instead of an answer.
 *
 * Decide by `code`, not by `status`: Jupyter (403) and JupyterHub (424, 503) send statuses of
 * their own, which then have the code `jupyter`, or `missing` where nobody knows our routes. A
 * request without any answer has `network`, one that was given up after its time `timeout`.
 */
export class ApiError extends Error {
  constructor(options: ApiError.IOptions) {
    super(options.message);
    this.name = 'ApiError';
    this.code = options.code;
    this.status = options.status ?? 0;
    this.hint = options.hint ?? null;
    this.details = options.details ?? {};
  }

  readonly code: string;
  /** HTTP status; 0 when nothing answered. */
  readonly status: number;
  /** What to do next, in words. */
  readonly hint: string | null;
  readonly details: Readonly<Record<string, unknown>>;

  /** Message and hint as one text. */
  get text(): string {
    return sentences(this);
  }

  /** The error a reply stands for; `body` is the reply's text. */
  static fromReply(status: number, body: string): ApiError {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      parsed = null;
    }
    const reply = (parsed ?? {}) as {
      message?: string;
      hint?: string;
      details?: { code?: string };
    };
    const details = reply.details ?? {};
    if (details.code === undefined) {
      return notOurs(status, reply.message);
    }
    return new ApiError({
      message:
        reply.message || trans.__('The Jupyter server answered %1.', status),
      hint: reply.hint,
      code: details.code,
      status,
      details
    });
  }

  /** Any thrown value as an `ApiError`; that which caused it, if one did. */
  static from(reason: unknown): ApiError {
    if (reason instanceof ApiError) {
      return reason;
    }
    if (reason instanceof Error && reason.cause instanceof ApiError) {
      return reason.cause;
    }
    const message = reason instanceof Error ? reason.message : String(reason);
    return new ApiError({ message, code: 'network' });
  }
}

export namespace ApiError {
  export interface IOptions {
    message: string;
    code: string;
    status?: number;
    hint?: string | null;
    details?: Record<string, unknown>;
  }
}

/** The address of a route, e.g. `route(settings, 'api', 'clusters')`; parts are literal. */
export function route(
  settings: ServerConnection.ISettings,
  ...parts: string[]
): string {
  return URLExt.join(
    settings.baseUrl,
    ROOT,
    ...parts.map(part => part.split('/').map(encodeURIComponent).join('/'))
  );
}

/**
 * Ask the companion and wait for its JSON.
 *
 * @param init - Its signal gives the request up before its time.
 * @param limit_ms - How long it may take, body included.
 * @returns The body; undefined for an empty one (202, 204).
 * @throws ApiError for every failure.
 */
export async function requestJson<T>(
  settings: ServerConnection.ISettings,
  url: string,
  init: RequestInit = {},
  limit_ms = REQUEST_LIMIT_MS
): Promise<T> {
  const { response, body } = await exchange(
    settings,
    url,
    init,
    limit_ms,
    async response => await response.text()
  );
  try {
    return (body ? JSON.parse(body) : undefined) as T;
  } catch {
    throw notJson(response.status);
  }
}

/**
 * As `requestJson`, for an answer that is no JSON.
 *
 * @throws ApiError for every failure.
 */
export async function requestBytes(
  settings: ServerConnection.ISettings,
  url: string,
  init: RequestInit = {},
  limit_ms = REQUEST_LIMIT_MS
): Promise<{ bytes: ArrayBuffer; headers: Headers }> {
  const { response, body } = await exchange(
    settings,
    url,
    init,
    limit_ms,
    async response => await response.arrayBuffer()
  );
  return { bytes: body, headers: response.headers };
}

async function exchange<T>(
  settings: ServerConnection.ISettings,
  url: string,
  init: RequestInit,
  limit_ms: number,
  read: (response: Response) => Promise<T>
): Promise<{ response: Response; body: T }> {
  const limit = new Limit(limit_ms, init.signal ?? undefined);
  try {
    const response = await ServerConnection.makeRequest(
      url,
      { ...init, signal: limit.signal },
      settings
    );
    if (!response.ok) {
      throw ApiError.fromReply(response.status, await response.text());
    }
    return { response, body: await read(response) };
  } catch (reason) {
    if (reason instanceof ApiError) {
      throw reason;
    }
    throw limit.isOver ? tooLate(limit_ms) : unanswered(reason);
  } finally {
    limit.end();
  }
}

function tooLate(limit_ms: number): ApiError {
  const limit_s = Math.round(limit_ms / 1000);
  return new ApiError({
    message: trans._n(
      'The Jupyter server did not answer within %1 second.',
      'The Jupyter server did not answer within %1 seconds.',
      limit_s
    ),
    hint: trans.__(
      'It may be busy, and may have done what was asked: look before you try again.'
    ),
    code: 'timeout'
  });
}

/** What Jupyter, JupyterHub or a proxy said in the companion's place, and what to do about it. */
function notOurs(status: number, said: string | undefined): ApiError {
  const answer = (
    message: string,
    hint: string | null,
    code = 'jupyter'
  ): ApiError => new ApiError({ message, hint, code, status });
  switch (status) {
    case 401:
    case 403:
      return answer(
        said || trans.__('Jupyter refused this (%1).', status),
        trans.__('Reload the page: you may have to log in again.')
      );
    case 404:
      return answer(
        trans.__('The Jupyter server does not have its part of rsdat.'),
        trans.__(
          'In the environment that Jupyter runs in: pip install rsdat, then jupyter server extension enable rsdat. Then restart Jupyter.'
        ),
        'missing'
      );
    case 424:
    case 503:
      return answer(
        trans.__('Your Jupyter server is not running (%1).', status),
        trans.__(
          'Start it again, in JupyterHub by File > Hub Control Panel, and reload the page.'
        )
      );
    case 502:
    case 504:
      return answer(
        trans.__('The proxy before Jupyter gets no answer (%1).', status),
        trans.__('Your Jupyter server may be starting, or have ended.')
      );
    default:
      return answer(
        said || trans.__('The Jupyter server answered %1.', status),
        null
      );
  }
}

/** A page of whatever stands before Jupyter: most often its login page, with status 200. */
function notJson(status: number): ApiError {
  return new ApiError({
    message: trans.__('A web page came instead of an answer.'),
    hint: trans.__('Reload the page: you may have to log in again.'),
    code: 'jupyter',
    status
  });
}

function unanswered(reason: unknown): ApiError {
  return new ApiError({
    message: trans.__('The Jupyter server does not answer.'),
    hint: trans.__('Check that it still runs and that the network is up.'),
    code: 'network',
    details: { reason: String(reason) }
  });
}

/** A signal that aborts after a time, or when another one does. */
class Limit {
  constructor(limit_ms: number, outer?: AbortSignal) {
    this._timer = setTimeout(() => {
      this._isOver = true;
      this._controller.abort();
    }, limit_ms);
    this._outer = outer;
    if (outer?.aborted) {
      this._controller.abort();
    }
    outer?.addEventListener('abort', this._abort);
  }

  get signal(): AbortSignal {
    return this._controller.signal;
  }

  /** Whether the time ran out. */
  get isOver(): boolean {
    return this._isOver;
  }

  /** Forget timer and listener; the request is over. */
  end(): void {
    clearTimeout(this._timer);
    this._outer?.removeEventListener('abort', this._abort);
  }

  private _controller = new AbortController();
  private _abort = () => this._controller.abort();
  private _timer: ReturnType<typeof setTimeout>;
  private _outer: AbortSignal | undefined;
  private _isOver = false;
}
