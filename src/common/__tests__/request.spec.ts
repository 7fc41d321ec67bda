/** How requests fail: in time, with a code, in Lab's language. */
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import {
  ApiError,
  requestBytes,
  requestJson,
  route,
  translateMessages
} from '../request';

/** Settings whose `fetch` is this, with the signal that it would get. */
function settingsWith(
  answer: (signal: AbortSignal, request: Request) => Promise<Response>
): ServerConnection.ISettings {
  return ServerConnection.makeSettings({
    fetch: ((request: Request) => answer(request.signal, request)) as never
  });
}

/** What never comes; only the signal ends the waiting. */
function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error('aborted'));
    if (signal.aborted) {
      end();
    }
    signal.addEventListener('abort', end);
  });
}

/** A server that never answers. */
const silent = settingsWith(never);

/** A server that sends the headers and then nothing. */
const stalled = settingsWith(async signal =>
  Object.assign(new Response(''), { text: () => never(signal) })
);

const url = route(silent, 'api', 'info');

async function failureOf(work: Promise<unknown>): Promise<ApiError> {
  const reason: unknown = await work.then(
    () => null,
    error => error
  );
  expect(reason).toBeInstanceOf(ApiError);
  return reason as ApiError;
}

afterEach(() => translateMessages(nullTranslator.load('jupyterlab_rsdat')));

it.each([
  ['no answer', silent],
  ['half an answer', stalled]
])('gives up after its time: %s', async (_, settings) => {
  const error = await failureOf(requestJson(settings, url, {}, 30));
  expect(error).toMatchObject({ code: 'timeout', status: 0 });
  expect(error.message).toMatch(/did not answer within/);
});

it('gives up when it is told to', async () => {
  const control = new AbortController();
  const { signal } = control;
  const error = failureOf(requestJson(silent, url, { signal }));
  control.abort();
  expect((await error).code).toBe('network');
  expect((await failureOf(requestJson(silent, url, { signal }))).code).toBe(
    'network'
  );
});

it('leaves no timer behind', async () => {
  jest.useFakeTimers();
  try {
    const settings = settingsWith(async () => new Response('{"a": 1}'));
    expect(await requestJson(settings, url)).toEqual({ a: 1 });
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

it('gives bytes and headers', async () => {
  const settings = settingsWith(
    async () => new Response('abc', { headers: { 'X-Rsdat-Size': '3' } })
  );
  const { bytes, headers } = await requestBytes(settings, url);
  expect(bytes.byteLength).toBe(3);
  expect(headers.get('X-Rsdat-Size')).toBe('3');
});

it('tells what the companion and what others said', async () => {
  const said = (body: string, status: number) =>
    settingsWith(async () => new Response(body, { status }));
  const own = JSON.stringify({
    message: 'No.',
    hint: 'Ask.',
    details: { code: 'refused' }
  });
  expect(await failureOf(requestJson(said(own, 422), url))).toMatchObject({
    text: 'No. Ask.',
    code: 'refused',
    status: 422
  });
  expect(await failureOf(requestBytes(said('<html>', 503), url))).toMatchObject(
    { code: 'jupyter', status: 503 }
  );
});

it.each([
  [401, '', 'jupyter', /refused this.*log in again/],
  [403, '{"message": "No cookie."}', 'jupyter', /^No cookie\. Reload/],
  [404, '<html>', 'missing', /does not have its part.*pip install rsdat/],
  [424, '', 'jupyter', /not running \(424\).*Hub Control Panel/],
  [503, '{"message": "Service Unavailable"}', 'jupyter', /not running \(503\)/],
  [504, '', 'jupyter', /proxy before Jupyter/],
  [418, '{"message": "Tea."}', 'jupyter', /^Tea\.$/]
])(
  'says what to do about a %i that is not of the companion',
  async (status, body, code, text) => {
    const settings = settingsWith(async () => new Response(body, { status }));
    const error = await failureOf(requestJson(settings, url));
    expect(error).toMatchObject({ code, status });
    expect(error.text).toMatch(text);
  }
);

it('says that a login page is no answer', async () => {
  const settings = settingsWith(async () => new Response('<!DOCTYPE html>'));
  const error = await failureOf(requestJson(settings, url));
  expect(error).toMatchObject({ code: 'jupyter', status: 200 });
  expect(error.text).toMatch(/log in again/);
});

it('speaks the language of Lab', async () => {
  const trans = nullTranslator.load('jupyterlab_rsdat');
  translateMessages({
    ...trans,
    __: (text: string, ...args: unknown[]) => `«${text}» ${args.join()}`
  } as never);
  const settings = settingsWith(async () => new Response('', { status: 424 }));
  expect((await failureOf(requestJson(settings, url))).message).toBe(
    '«Your Jupyter server is not running (%1).» 424'
  );
  const broken = settingsWith(() => Promise.reject(new TypeError('failed')));
  expect((await failureOf(requestJson(broken, url))).message).toContain(
    '«The Jupyter server does not answer.»'
  );
});
