/** Uploads that are taken up again: after a reload, after lost answers, answered elsewhere. */
import { Notification } from '@jupyterlab/apputils';
import { Signal } from '@lumino/signaling';
import { nullTranslator } from '@jupyterlab/translation';
import { TransferActions } from '../actions';
import { TransfersModel } from '../model';
import { Reading } from '../upload/reading';
import { UploadSender } from '../upload/sender';
import { stateWords } from '../view';
import type { IUploadFile } from '../../tokens';
import {
  FakeApi,
  FakePut,
  aFile,
  aTransfer,
  failure,
  settle,
  setup
} from './fake';

const trans = nullTranslator.load('jupyterlab_rsdat');
const folder = { endpoint: 'here', path: '/data' };

function files(...paths: string[]): IUploadFile[] {
  return paths.map(path => ({ path, file: aFile(path) }));
}

/** A page that was loaded anew, on which files are chosen. */
function reloaded(chosen: readonly IUploadFile[]) {
  const { api, model, put } = setup();
  api.transfers = [
    aTransfer({ kind: 'upload', state: 'interrupted', can: ['retry'] })
  ];
  const actions = new TransferActions({
    model,
    reading: new Reading(),
    trans,
    conflict: () => 'ask',
    unfold: () => undefined,
    follow: () => undefined,
    chooseAgain: async () => chosen,
    stage: () => undefined
  });
  return { actions, api, model, put };
}

function paths(put: FakePut): string[] {
  return put.begun.map(url => url.split('?')[1]);
}

describe('Retry on a page that was loaded anew', () => {
  it('sends what failed and what was never sent, and nothing else', async () => {
    const all = Array.from({ length: 100 }, (_, number) => `d/f${number}`);
    const { actions, api, model, put } = reloaded(files(...all));
    api.transfers[0].files = { total: 100, done: 50, skipped: 0, failed: 3 };
    api.transfers[0].failures = all
      .slice(0, 3)
      .map(path => ({ path, message: 'no', hint: null }));
    const left = [...all.slice(0, 3), ...all.slice(53)];
    api.left = left.map(path => ({ path, size: 1 }));
    await model.refresh();
    await actions.retry('t1');
    await settle();
    expect(paths(put)).toEqual(left);
    expect(Notification.manager.notifications).toEqual([]);
    model.dispose();
  });

  it('puts no file under the name of another', async () => {
    const { actions, api, model, put } = reloaded([
      ...files('B/x.tif', 'B/y.tif'),
      { path: 'B/z.tif', file: aFile('z.tif', 18) }
    ]);
    api.left = ['A/x.tif', 'B/x.tif', 'B/z.tif'].map(path => ({
      path,
      size: 1
    }));
    await model.refresh();
    await actions.retry('t1');
    await settle();
    expect(paths(put)).toEqual(['B/x.tif']);
    expect(
      Notification.manager.notifications.map(({ message }) => message).sort()
    ).toEqual([
      '“A/x.tif” was not among the chosen files.',
      '“B/z.tif” has another size than when the upload began: it has changed since, or is another file. Upload it anew.'
    ]);
    Notification.dismiss();
    model.dispose();
  });
});

describe('what the companion has already', () => {
  it('is neither sent nor asked about at Retry', async () => {
    const { api, model, put } = setup();
    put.faults.set('a', ['no_space']).set('b', ['no_space']);
    await model.upload(files('a', 'b'), folder);
    api.change('t1', { state: 'failed', can: ['retry', 'forget'] });
    await model.refresh();
    put.begun.length = 0;
    api.left = [{ path: 'b', size: 1 }];
    expect(await model.retry('t1')).toBe(false);
    await settle();
    expect(paths(put)).toEqual(['b']);
    model.dispose();
  });

  function large(put: FakePut) {
    const api = new FakeApi();
    const sender = new UploadSender({
      api,
      put: put.put,
      transfer: aTransfer({ kind: 'upload', state: 'waiting' }),
      folder,
      files: [{ path: 'big', file: aFile('big', 2 ** 30) }],
      conflict: 'ask',
      wait: async () => undefined,
      explain: error => error.message,
      onChange: () => undefined
    });
    return { api, sender };
  }

  it('is no name that is taken', async () => {
    const put = new FakePut();
    const { api, sender } = large(put);
    api.there.set('/data/big', { size: 2 ** 30, modified: null });
    api.left = [];
    await sender.run();
    expect([put.begun, sender.failures, sender.left]).toEqual([[], [], []]);
  });

  it('can be sent though it could not be looked for', async () => {
    const put = new FakePut();
    const { api, sender } = large(put);
    api.info = async () => {
      throw failure('unreachable');
    };
    await sender.run();
    expect([put.begun.length, sender.failures]).toEqual([1, []]);
  });

  it('is not sent again when its answer was lost', async () => {
    const put = new FakePut();
    const { api, sender } = large(put);
    put.faults.set('big', ['upload_broken']);
    const done = sender.run();
    api.left = [];
    await done;
    expect([put.begun.length, sender.failures]).toEqual([1, []]);
  });
});

describe('Retry where nothing is missing', () => {
  it('lets the companion end it, and asks for no files', async () => {
    const { actions, api, model, put } = reloaded([]);
    api.left = [];
    await model.refresh();
    expect(await model.retry('t1')).toBe(false);
    expect(api.acted).toEqual([['t1', 'retry']]);
    await actions.retry('t1');
    expect(put.begun).toEqual([]);
    model.dispose();
  });
});

describe('a proxy before Jupyter', () => {
  it.each([502, 504])('that waits no longer (%s) is no end', async status => {
    const { api, model, put } = setup();
    put.status = status;
    put.faults.set('a', ['jupyter']).set('b', ['jupyter']);
    api.left = [{ path: 'b', size: 1 }];
    await model.upload(files('a', 'b'), folder);
    expect(paths(put)).toEqual(['a', 'b', 'b']);
    expect(api.givenUp).toEqual([]);
    model.dispose();
  });

  it('what never gets through it the companion is told', async () => {
    const { api, model, put } = setup();
    put.status = 504;
    put.faults.set('a', ['jupyter', 'jupyter', 'jupyter']);
    await model.upload(files('a', 'b'), folder);
    expect(paths(put)).toEqual(['a', 'b', 'a', 'a']);
    expect(api.givenUp).toEqual(['t1?a']);
    model.dispose();
  });
});

describe('a door', () => {
  it.each(['unreachable', 'certificate', 'no_tls'])(
    'that is not there (%s) is not asked for the rest',
    async code => {
      const { model, put } = setup();
      const all = Array.from({ length: 1000 }, (_, number) => `f${number}`);
      for (const path of all) {
        put.faults.set(path, [code]);
      }
      await model.upload(files(...all), folder);
      expect(put.begun).toHaveLength(4);
      model.dispose();
    }
  );

  it('that fails too often is not asked for the rest, as the companion says', async () => {
    const { model, put } = setup();
    put.details = { stopped: true };
    put.faults.set('f0', ['door_broken']);
    const all = Array.from({ length: 100 }, (_, number) => `f${number}`);
    await model.upload(files(...all), folder);
    expect(put.begun.length).toBeLessThanOrEqual(8);
    model.dispose();
  });

  it('that breaks off in the middle gets the file again', async () => {
    const { model, put, waits } = setup();
    put.details = { again: true };
    put.faults.set('a', ['cut', 'cut']);
    await model.upload(files('a'), folder);
    expect(put.begun).toHaveLength(3);
    expect(waits).toEqual([1000, 4000]);
    model.dispose();
  });

  it('gets a file as often as the companion asks for it', async () => {
    const { api, model, put } = setup();
    put.details = { again: true };
    put.faults.set('a', Array<string>(10).fill('unreachable'));
    await model.upload(files('a', 'b', 'c', 'd', 'e'), folder);
    expect(paths(put).filter(path => path === 'a')).toHaveLength(11);
    expect(paths(put)).toContain('e');
    expect([model.transfers[0].failures, api.givenUp]).toEqual([[], []]);
    model.dispose();
  });

  it('that is waited for is told as such', () => {
    const problem = { message: 'Can’t reach dCache', hint: null };
    const transfer = aTransfer({ kind: 'upload', state: 'waiting', problem });
    expect(stateWords(transfer, trans)).toBe('waiting for dCache');
  });
});

describe('two pages', () => {
  function pages() {
    const { api, model: sending, put } = setup();
    const other = new TransfersModel({
      api,
      put: new FakePut().put,
      changes: { changed: new Signal({} as never) } as never,
      wait: async () => undefined,
      explain: error => error.message
    });
    return { api, other, put, sending };
  }

  /** The companion asks, as it does when it refuses a name. */
  const asking = (path: string) => ({
    state: 'asking' as const,
    question: { path, size: 1, modified: null, new_size: 1, others: 0 }
  });

  it('an answer on the one that has no files is acted upon by the other', async () => {
    const { api, other, put, sending } = pages();
    put.faults.set('a', ['exists']).set('b', ['exists']);
    const done = sending.upload(files('a', 'b'), folder);
    await settle();
    api.change('t1', asking('/data/a'));
    await other.refresh();
    await other.answer('t1', {
      path: '/data/a',
      choice: 'replace',
      for_all: false
    });
    api.change('t1', {
      ...asking('/data/b'),
      answered: [{ path: '/data/a', choice: 'replace' }]
    });
    await sending.refresh();
    await settle();
    expect(put.begun.slice(2)).toEqual(['t1?a?replace']);
    expect(sending.transfer('t1')?.question?.path).toBe('b');
    api.change('t1', {
      state: 'running',
      question: null,
      conflict: 'keep-both'
    });
    await sending.refresh();
    await done;
    expect(put.begun.slice(3)).toEqual(['t1?b?keep-both']);
    other.dispose();
    sending.dispose();
  });

  it('an answer that comes before the question is asked counts too', async () => {
    const { api, other, put, sending } = pages();
    put.holds = true;
    const done = sending.upload(files('a'), folder);
    await settle();
    api.change('t1', {
      state: 'running',
      answered: [{ path: '/data/a', choice: 'skip' }]
    });
    await sending.refresh();
    put.held[0].fail('exists');
    await done;
    // The companion has skipped it, and may have ended with it.
    expect(api.answers).toEqual([]);
    expect(put.begun).toHaveLength(1);
    other.dispose();
    sending.dispose();
  });

  it('what is skipped on the one is asked no more on the other', async () => {
    const { api, other, put, sending } = pages();
    put.faults.set('a', ['exists']).set('b', ['exists']);
    const done = sending.upload(files('a', 'b'), folder);
    await settle();
    api.change('t1', {
      ...asking('/data/b'),
      answered: [{ path: '/data/a', choice: 'skip' }]
    });
    await sending.refresh();
    expect(sending.transfer('t1')?.question?.path).toBe('b');
    api.change('t1', { state: 'done', question: null, answered: undefined });
    await sending.refresh();
    // Not cancelled, though nothing was left to send.
    expect(await done).toBe(true);
    expect([put.begun.length, api.answers]).toEqual([2, []]);
    other.dispose();
    sending.dispose();
  });
});
