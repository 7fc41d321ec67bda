/** Uploads of this page: a few at once, questions, failures, another try, cancelling. */
import { UploadSender } from '../upload/sender';
import {
  FakeApi,
  FakePut,
  aFile,
  aTransfer,
  failure,
  settle,
  setup
} from './fake';

const folder = { endpoint: 'here', path: '/data' };

function files(...paths: string[]) {
  return paths.map(path => ({ path, file: aFile(path) }));
}

function sender(
  paths: string[],
  options: Partial<UploadSender.IOptions> = {},
  put = new FakePut()
) {
  const api = new FakeApi();
  api.transfers = [aTransfer({ kind: 'upload', state: 'waiting' })];
  const waits: number[] = [];
  const sender = new UploadSender({
    api,
    put: put.put,
    transfer: api.transfers[0],
    folder,
    files: files(...paths),
    conflict: 'ask',
    wait: async ms => void waits.push(ms),
    explain: error => error.message,
    onChange: () => undefined,
    ...options
  });
  return { api, put, sender, waits };
}

describe('a sender', () => {
  it('sends all files, a few at once', async () => {
    const paths = Array.from({ length: 50 }, (_, number) => `f${number}`);
    const { put, sender: it } = sender(paths);
    await it.run();
    expect(put.begun).toEqual(paths.map(path => `t1?${path}?refuse`));
    expect(put.most).toBe(4);
    expect(it.sent_bytes).toBe(50);
    expect(it.isActive).toBe(false);
  });

  it('counts what is under way', async () => {
    const { put, sender: it } = sender([], {
      files: [{ path: 'a', file: aFile('a', 100) }]
    });
    put.holds = true;
    const done = it.run();
    await settle();
    put.held[0].progress(40);
    expect([it.sent_bytes, it.current]).toEqual([40, 'a']);
    put.held[0].end();
    await done;
    expect([it.sent_bytes, it.current]).toEqual([100, null]);
  });

  it('asks where a name is taken, and goes on with the others meanwhile', async () => {
    const { api, put, sender: it } = sender(['a', 'b', 'c']);
    put.faults.set('a', ['exists']);
    api.there.set('/data/a', { size: 7, modified: '2026-01-01T00:00:00Z' });
    const done = it.run();
    await settle();
    expect(put.begun).toHaveLength(3);
    expect(it.question).toEqual({
      path: 'a',
      size: 7,
      modified: '2026-01-01T00:00:00Z',
      new_size: 1,
      others: 0
    });
    expect(it.answer('a', 'keep-both', false)).toBe(true);
    await done;
    expect(put.begun[3]).toBe('t1?a?keep-both');
    expect(it.failures).toEqual([]);
  });

  it('never replaces what it was not told to replace', async () => {
    const { put, sender: it } = sender(['a', 'b']);
    put.faults.set('a', ['exists']).set('b', ['exists']);
    const done = it.run();
    await settle();
    it.answer('a', 'replace', false);
    await settle();
    expect(it.question?.path).toBe('b');
    it.answer('b', 'skip', false);
    await done;
    expect(put.begun).toEqual(['t1?a?refuse', 't1?b?refuse', 't1?a?replace']);
  });

  it('tells the companion what is skipped', async () => {
    const { api, put, sender: it } = sender(['a', 'b', 'c']);
    put.faults.set('a', ['exists']).set('c', ['is_a_folder']);
    const done = it.run();
    await settle();
    it.answer('a', 'skip', true);
    await done;
    expect(api.answers).toEqual([
      { path: 'c', choice: 'skip', for_all: false },
      { path: 'a', choice: 'skip', for_all: false }
    ]);
  });

  it('does the same for all others without asking again', async () => {
    const paths = Array.from({ length: 10 }, (_, number) => `f${number}`);
    const { put, sender: it } = sender(paths);
    put.holds = true;
    const done = it.run();
    await settle();
    put.held[0].fail('exists');
    await settle();
    it.answer('f0', 'replace', true);
    put.holds = false;
    for (const { end } of put.held) {
      end();
    }
    await done;
    expect(put.begun).toContain('t1?f0?replace');
    expect(put.begun).toContain('t1?f9?replace');
    expect(put.begun).not.toContain('t1?f9?refuse');
  });

  it('looks at the name of a large file before a byte is sent', async () => {
    const {
      api,
      put,
      sender: it
    } = sender([], {
      files: [{ path: 'in/big', file: aFile('big', 2 ** 30) }]
    });
    api.there.set('/data/in/big', { size: 1, modified: null });
    const done = it.run();
    await settle();
    expect(put.begun).toEqual([]);
    expect(it.question?.path).toBe('in/big');
    it.answer('in/big', 'replace', false);
    await done;
    expect(put.begun).toEqual(['t1?in/big?replace']);
  });

  it('keeps the others when one fails, and knows what to send again', async () => {
    const { put, sender: it } = sender(['a', 'b', 'c']);
    put.faults.set('b', ['not_permitted']);
    await it.run();
    expect(put.begun).toHaveLength(3);
    expect(it.failures).toEqual([
      { path: 'b', message: 'not_permitted', hint: null }
    ]);
    expect(it.left.map(({ path }) => path)).toEqual(['b']);
  });

  it('tries a broken connection again, thrice at most', async () => {
    const { put, sender: it, waits } = sender(['a', 'b']);
    put.faults.set('a', ['upload_broken']);
    put.faults.set('b', ['upload_broken', 'upload_broken', 'upload_broken']);
    await it.run();
    expect(put.begun.filter(what => what.includes('?b?'))).toHaveLength(3);
    expect(waits).toEqual([1000, 1000, 4000]);
    expect(it.left.map(({ path }) => path)).toEqual(['b']);
  });

  it('tries a refused credential never again, for no file', async () => {
    const paths = Array.from({ length: 20 }, (_, number) => `f${number}`);
    const { put, sender: it } = sender(paths);
    put.faults.set('f0', ['no_credential']);
    await it.run();
    expect(put.begun.length).toBeLessThanOrEqual(8);
    expect(it.left).toHaveLength(20 - put.begun.length + 1);
  });

  it('takes what is there already as sent', async () => {
    const { put, sender: it } = sender(['a', 'b']);
    put.faults.set('a', ['sent']).set('b', ['skipped']);
    await it.run();
    expect([it.sent_bytes, it.failures]).toEqual([2, []]);
  });

  it('gives up all when it is stopped', async () => {
    const paths = Array.from({ length: 20 }, (_, number) => `f${number}`);
    const { put, sender: it } = sender(paths);
    put.holds = true;
    const done = it.run();
    await settle();
    it.stop();
    await done;
    expect(put.begun).toHaveLength(4);
    expect(it.failures).toEqual([]);
  });

  it('survives a folder of which one file in a hundred fails', async () => {
    const paths = Array.from({ length: 10_000 }, (_, number) => `f${number}`);
    const { put, sender: it } = sender(paths);
    const bad = paths.filter((_, number) => number % 100 === 0);
    for (const path of bad) {
      put.faults.set(path, ['door_broken']);
    }
    await it.run();
    expect(it.left.map(({ path }) => path)).toEqual(bad);
    expect(it.sent_bytes).toBe(9_900);
  });
});

describe('the model', () => {
  it('shows what is sent before the companion tells it', async () => {
    jest.useFakeTimers();
    const { model, put } = setup();
    put.holds = true;
    const done = model.upload([{ path: 'a', file: aFile('a', 100) }], folder);
    await settle();
    put.held[0].progress(50);
    jest.advanceTimersByTime(500);
    await settle();
    const [shown] = model.transfers;
    expect(shown.bytes).toEqual({ total: 100, done: 50 });
    expect(shown.isSending).toBe(true);
    expect(model.isSending).toBe(true);
    put.held[0].end();
    await settle();
    await done;
    expect(model.isSending).toBe(false);
    model.dispose();
    jest.useRealTimers();
  });

  it('asks for what it has, and says how many files it will send', async () => {
    const { api, model } = setup();
    await model.upload(files('a', 'in/b'), folder);
    expect(api.started[0]).toEqual({
      kind: 'upload',
      destination: { endpoint: 'here', paths: ['/data'] },
      files: [
        { path: 'a', size: 1 },
        { path: 'in/b', size: 1 }
      ],
      conflict: 'ask'
    });
    model.dispose();
  });

  it('says that it is there while a question is open, and only then', async () => {
    jest.useFakeTimers();
    const { api, model, put } = setup();
    put.faults.set('a', ['exists']);
    void model.upload(files('a'), folder);
    await jest.advanceTimersByTimeAsync(95_000);
    expect(api.acted).toEqual([
      ['t1', 'here'],
      ['t1', 'here'],
      ['t1', 'here']
    ]);
    await model.answer('t1', { path: 'a', choice: 'skip', for_all: false });
    await jest.advanceTimersByTimeAsync(95_000);
    expect(api.acted).toHaveLength(3);
    model.dispose();
    jest.useRealTimers();
  });

  it('sends only what failed when it is tried again', async () => {
    const { api, model, put } = setup();
    put.faults.set('b', ['no_space']);
    await model.upload(files('a', 'b', 'c'), folder);
    api.change('t1', { state: 'failed', can: ['retry', 'forget'] });
    await model.refresh();
    put.begun.length = 0;
    expect(await model.retry('t1')).toBe(false);
    await settle();
    expect(api.acted).toEqual([['t1', 'retry']]);
    expect(put.begun).toEqual(['t1?b?refuse']);
    model.dispose();
  });

  it('says that the files must be chosen again when the page was loaded anew', async () => {
    const { api, model } = setup();
    api.transfers = [
      aTransfer({ kind: 'upload', state: 'interrupted', can: ['retry'] })
    ];
    await model.refresh();
    expect(await model.retry('t1')).toBe(true);
    // Nothing is begun before the user has chosen.
    expect(api.acted).toEqual([]);
    model.dispose();
  });

  it('sends all that was not sent when a cancelled one is taken up again', async () => {
    const { api, model, put } = setup();
    put.holds = true;
    void model.upload(files('a', 'b', 'c', 'd', 'e', 'f'), folder);
    await settle();
    put.held[0].end();
    await settle();
    await model.cancel('t1');
    put.holds = false;
    put.begun.length = 0;
    expect(await model.retry('t1')).toBe(false);
    await settle();
    expect(put.begun.sort()).toEqual(
      ['b', 'c', 'd', 'e', 'f'].map(path => `t1?${path}?refuse`)
    );
    expect(api.acted).toEqual([
      ['t1', 'cancel'],
      ['t1', 'retry']
    ]);
    model.dispose();
  });

  it('stops sending when the transfer was cancelled elsewhere', async () => {
    const { api, model, put } = setup();
    put.holds = true;
    const done = model.upload(files('a'), folder);
    await settle();
    api.change('t1', { state: 'cancelled', can: ['retry', 'forget'] });
    await model.refresh();
    await done;
    expect(model.isSending).toBe(false);
    model.dispose();
  });

  it('answers its own questions itself, others at the companion', async () => {
    const { api, model, put } = setup();
    put.faults.set('a', ['exists']);
    const done = model.upload(files('a'), folder);
    await settle();
    await model.answer('t1', { path: 'a', choice: 'replace', for_all: false });
    await done;
    expect(put.begun[1]).toBe('t1?a?replace');
    expect(api.answers).toEqual([]);
    const answer = { path: '/x', choice: 'skip', for_all: true } as const;
    await model.answer('t1', answer);
    expect(api.answers).toEqual([answer]);
    model.dispose();
  });

  it('tells when no upload was taken', async () => {
    const { api, model } = setup();
    api.nextFailure = failure('no_endpoint');
    await expect(model.upload(files('a'), folder)).rejects.toMatchObject({
      code: 'no_endpoint'
    });
    expect(model.isSending).toBe(false);
    model.dispose();
  });
});
