/** One file on its way: headers, progress, cancelling, stalling. */
import { ServerConnection } from '@jupyterlab/services';
import { ApiError } from '../../common/request';
import { put, PutCancelled, xsrfCookie } from '../upload/put';

/** A browser's request that does what the test says. */
class FakeXhr {
  static last: FakeXhr;
  constructor() {
    FakeXhr.last = this;
  }

  upload: { onprogress?: (event: { loaded: number }) => void } = {};
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  status = 0;
  responseText = '';
  headers: Record<string, string> = {};
  method = '';
  url = '';
  body: unknown = null;
  aborted = false;

  open(method: string, url: string): void {
    this.method = method;
    this.url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  send(body: unknown): void {
    this.body = body;
  }

  abort(): void {
    this.aborted = true;
    this.onabort?.();
  }

  answer(status: number, body = ''): void {
    this.status = status;
    this.responseText = body;
    this.onload?.();
  }
}

const browserXhr = globalThis.XMLHttpRequest;

beforeEach(() => {
  jest.useFakeTimers();
  globalThis.XMLHttpRequest = FakeXhr as never;
});

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
  globalThis.XMLHttpRequest = browserXhr;
});

function begin(): {
  done: Promise<void>;
  control: AbortController;
  sent: number[];
  file: Blob;
} {
  const control = new AbortController();
  const sent: number[] = [];
  const file = new Blob(['bytes']);
  const done = put({
    settings: ServerConnection.makeSettings({ token: 'abc' }),
    url: '/rsdat/transfers/t1/content?path=a',
    file,
    signal: control.signal,
    onProgress: bytes => void sent.push(bytes)
  });
  return { done, control, sent, file };
}

describe('put', () => {
  it('sends the file itself, with what Jupyter asks for', async () => {
    const { done, file, sent } = begin();
    const xhr = FakeXhr.last;
    expect([xhr.method, xhr.url]).toEqual([
      'PUT',
      '/rsdat/transfers/t1/content?path=a'
    ]);
    expect(xhr.body).toBe(file);
    expect(xhr.headers).toMatchObject({
      Authorization: 'token abc',
      'Content-Type': 'application/octet-stream'
    });
    xhr.upload.onprogress!({ loaded: 3 });
    xhr.answer(201, '{}');
    await done;
    expect(sent).toEqual([3]);
  });

  it('rejects with the companion’s words', async () => {
    const { done } = begin();
    FakeXhr.last.answer(
      507,
      '{"message": "Full.", "hint": "Delete.", "details": {"code": "no_space"}}'
    );
    await expect(done).rejects.toMatchObject({
      code: 'no_space',
      text: 'Full. Delete.'
    });
  });

  it('tells a broken connection', async () => {
    const { done } = begin();
    FakeXhr.last.onerror!();
    await expect(done).rejects.toMatchObject({ code: 'upload_broken' });
  });

  it('cancels', async () => {
    const { done, control } = begin();
    control.abort();
    await expect(done).rejects.toBeInstanceOf(PutCancelled);
    expect(FakeXhr.last.aborted).toBe(true);
  });

  it('gives up when nothing moves for five minutes, not before', async () => {
    const { done } = begin();
    jest.advanceTimersByTime(290_000);
    FakeXhr.last.upload.onprogress!({ loaded: 1 });
    jest.advanceTimersByTime(290_000);
    expect(FakeXhr.last.aborted).toBe(false);
    jest.advanceTimersByTime(11_000);
    const reason = await done.catch(error => error);
    expect(reason).toBeInstanceOf(ApiError);
    expect(reason.code).toBe('upload_stalled');
    expect(FakeXhr.last.aborted).toBe(true);
  });

  it('sends nothing when it was cancelled before', async () => {
    const control = new AbortController();
    control.abort();
    const done = put({
      settings: ServerConnection.makeSettings(),
      url: '/x',
      file: new Blob([]),
      signal: control.signal,
      onProgress: () => undefined
    });
    await expect(done).rejects.toBeInstanceOf(PutCancelled);
    expect(FakeXhr.last.body).toBeNull();
  });
});

test('of several cookies the one that tornado reads is taken', () => {
  jest
    .spyOn(document, 'cookie', 'get')
    .mockReturnValue('a=1; _xsrf=inner; x_xsrf=no; _xsrf=outer');
  expect(xsrfCookie()).toBe('outer');
  jest.restoreAllMocks();
  expect(xsrfCookie()).toBeNull();
});
