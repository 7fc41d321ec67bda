import { ServerConnection } from '@jupyterlab/services';
import { ApiError } from '../../common/request';
import { upload, UploadCancelled, xsrfCookie } from '../upload';

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

function begin(replace = false): {
  done: Promise<void>;
  control: AbortController;
  sent: number[];
  file: Blob;
} {
  const control = new AbortController();
  const sent: number[] = [];
  const file = new Blob(['bytes']);
  const done = upload({
    settings: ServerConnection.makeSettings({ token: 'abc' }),
    url: '/rsdat/files/here/a',
    file,
    condition: { replace },
    signal: control.signal,
    onProgress: bytes => void sent.push(bytes)
  });
  return { done, control, sent, file };
}

describe('upload', () => {
  it('sends the file itself, never to replace unless told so', async () => {
    const { done, file, sent } = begin();
    const xhr = FakeXhr.last;
    expect([xhr.method, xhr.url]).toEqual(['PUT', '/rsdat/files/here/a']);
    expect(xhr.body).toBe(file);
    expect(xhr.headers).toMatchObject({
      Authorization: 'token abc',
      'Content-Type': 'application/octet-stream',
      'If-None-Match': '*'
    });
    xhr.upload.onprogress!({ loaded: 3 });
    xhr.answer(201, '{}');
    await done;
    expect(sent).toEqual([3]);
  });

  it('replaces when told so', async () => {
    const { done } = begin(true);
    expect(FakeXhr.last.headers).not.toHaveProperty('If-None-Match');
    FakeXhr.last.answer(200, '{}');
    await done;
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
    await expect(done).rejects.toBeInstanceOf(UploadCancelled);
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
    const done = upload({
      settings: ServerConnection.makeSettings(),
      url: '/x',
      file: new Blob([]),
      condition: { replace: false },
      signal: control.signal,
      onProgress: () => undefined
    });
    await expect(done).rejects.toBeInstanceOf(UploadCancelled);
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
