/** One request to the companion, and its failure as one kind of error. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** Where every route of the companion begins, below `base_url`. */
export const ROOT = 'rsdat';

/**
 * What the companion, Jupyter or the network said instead of an answer.
 *
 * Decide by `code`, not by `status`: Jupyter (403) and JupyterHub (424, 503) send statuses of
 * their own, which then have the code `jupyter`. A request without any answer has `network`.
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
    return this.hint ? `${this.message} ${this.hint}` : this.message;
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
    return new ApiError({
      message: reply.message || `The Jupyter server answered ${status}.`,
      hint: reply.hint,
      code: details.code ?? 'jupyter',
      status,
      details
    });
  }

  /** Any thrown value as an `ApiError`. */
  static from(reason: unknown): ApiError {
    if (reason instanceof ApiError) {
      return reason;
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
 * @returns The body; undefined for an empty one (202, 204).
 * @throws ApiError for every failure.
 */
export async function requestJson<T>(
  settings: ServerConnection.ISettings,
  url: string,
  init: RequestInit = {}
): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
    text = await response.text();
  } catch (reason) {
    throw new ApiError({
      message: 'The Jupyter server does not answer.',
      hint: 'Check that it still runs and that the network is up.',
      code: 'network',
      details: { reason: String(reason) }
    });
  }
  if (!response.ok) {
    throw ApiError.fromReply(response.status, text);
  }
  return (text ? JSON.parse(text) : undefined) as T;
}
