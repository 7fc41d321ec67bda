/** When the kernel is asked, and what is made of its answers. */
import { PromiseDelegate } from '@lumino/coreutils';
import { KernelWatch, type IWatchedSession } from '../kernelwatch';
import { QUESTION, closing, readAnswer } from '../question';
import { FakeSession, later } from './fake';

const golden = (name: string): string =>
  jest
    .requireActual('fs')
    .readFileSync(`tests/notebook/golden/${name}.txt`, 'utf8')
    .trimEnd();

describe('the question', () => {
  // tests/notebook/test_kernel.py asks real kernels with it.
  it('is the one that is tested in real kernels', () => {
    expect(QUESTION).toBe(golden('question'));
    expect(closing(['Client-x'])).toBe(golden('closing'));
  });

  it.each([
    ['no reply', undefined],
    ['an error in it', { rsdat: { status: 'error', ename: 'NameError' } }],
    ['other data', { rsdat: { status: 'ok', data: { 'text/plain': '1' } } }]
  ])('has no answer for %s', (_, expressions) => {
    expect(readAnswer(expressions, 'rsdat')).toBeNull();
  });
});

describe('the watch', () => {
  let session: FakeSession;
  let watch: KernelWatch;
  const client = {
    id: 'Client-1',
    scheduler: 'Scheduler-1',
    status: 'running'
  };

  beforeEach(() => {
    jest.useFakeTimers();
    session = new FakeSession();
    watch = new KernelWatch(session as unknown as IWatchedSession);
  });

  afterEach(() => {
    watch.dispose();
    jest.useRealTimers();
  });

  it('asks after cells, once for many, and leaves no trace', async () => {
    session.clients = [client, { ...client, id: 'old', status: 'closed' }];
    const changed = jest.fn();
    watch.changed.connect(changed);
    session.runCell('a');
    session.runCell('b');
    await later();
    expect(session.asked).toEqual([
      {
        code: '',
        silent: true,
        store_history: false,
        allow_stdin: false,
        stop_on_error: false,
        user_expressions: { rsdat: QUESTION }
      }
    ]);
    expect(watch.answer?.clients).toEqual([client]);
    changed.mockClear();
    session.runCell('c');
    await later();
    expect(session.asked).toHaveLength(2);
    expect(changed).not.toHaveBeenCalled();
  });

  it('not after what is no cell: extensions that ask would never end', async () => {
    session.runSilently();
    await later();
    expect(session.asked).toEqual([]);
  });

  it('never while the kernel is busy, but afterwards', async () => {
    session.setStatus('busy');
    await watch.ask();
    session.runCell();
    await later();
    expect(session.asked).toEqual([]);
    session.setStatus('idle');
    await later();
    expect(session.asked).toHaveLength(1);
  });

  it('never a kernel of another language', async () => {
    watch.dispose();
    session = new FakeSession('R');
    watch = new KernelWatch(session as unknown as IWatchedSession);
    await watch.ask();
    expect(session.asked).toEqual([]);
    expect(watch.isPython).toBe(false);
    expect(watch.answer).toBeNull();
  });

  it('a kernel that restarts has no clients, whatever it says later', async () => {
    session.clients = [client];
    await watch.ask();
    expect(watch.answer?.clients).toEqual([client]);
    session.setStatus('restarting');
    expect(watch.answer?.clients).toEqual([]);
  });

  it('nothing happens after its end', async () => {
    session.pause = new PromiseDelegate();
    session.clients = [client];
    const asking = watch.ask();
    watch.dispose();
    session.pause.resolve();
    await asking;
    expect(watch.answer).toBeNull();
    session.runCell();
    await later();
    expect(session.asked).toHaveLength(1);
  });

  it('closes clients, and asks then', async () => {
    expect(await watch.close(['Client-1'])).toBe('closed');
    const [first, second] = session.asked.map(
      ({ user_expressions }) => user_expressions?.rsdat
    );
    expect(first).toBe(closing(['Client-1']));
    expect(second).toBe(QUESTION);
  });

  it('asks the kernel that takes the place of one that never came up', async () => {
    session.clients = [client];
    const good = session.kernel;
    const info = new PromiseDelegate<never>();
    session.setKernel({ ...good, id: 'k-0', info: info.promise });
    const asking = watch.ask();
    session.setKernel(good);
    await asking;
    expect(session.asked).toEqual([]);
    session.runCell();
    await later();
    expect(watch.answer?.clients).toEqual([client]);
  });

  describe('closing', () => {
    it('sends a busy kernel nothing: it would be done hours later', async () => {
      session.setStatus('busy');
      expect(await watch.close(['Client-1'])).toBe('busy');
      session.setStatus('idle');
      await later();
      expect(session.asked).toEqual([]);
    });

    it.each(['unknown', 'starting'] as const)(
      'says that a kernel which is %s does not answer: it has no cells',
      async status => {
        session.setStatus(status);
        expect(await watch.close(['Client-1'])).toBe('silent');
        expect(session.asked).toEqual([]);
      }
    );

    it('says that it comes later where the kernel has begun something just before', async () => {
      session.pause = new PromiseDelegate();
      const closed = watch.close(['Client-1']);
      await jest.advanceTimersByTimeAsync(20_000);
      expect(await closed).toBe('later');
    });

    it('of a kernel that goes away has no words of Lab’s own', async () => {
      session.kernel.requestExecute = () => {
        throw new Error('Kernel connection is not alive');
      };
      await expect(watch.close(['Client-1'])).rejects.toThrow(/^$/);
    });
  });
});
