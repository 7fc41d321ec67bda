/** When versions are compared again: what is known of a kernel may not be true for ever. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import type { IGroup } from '../../common/types';
import { NotebookLinks } from '../links';
import { Mismatches } from '../mismatch';
import { NotebookSettings } from '../settings';
import { FakeChanges, FakeClusters, FakePanel, aCluster, later } from './fake';

const mismatch = {
  message: 'Versions of dask differ',
  hint: 'Install the same.',
  serious: true
};

describe('versions', () => {
  let clusters: FakeClusters;
  let links: NotebookLinks;
  let one: FakePanel;
  let mismatches: Mismatches;
  let emit: jest.SpyInstance;
  const compare = jest.fn();

  const goTogether = (yes: boolean): void =>
    void compare.mockResolvedValue({
      workers: 2,
      mismatch: yes ? null : mismatch
    });
  const restart = async (packages: Record<string, string>): Promise<void> => {
    one.sessionContext.setStatus('restarting');
    one.sessionContext.setStatus('idle');
    one.sessionContext.packages = packages;
    one.connectTo('Scheduler-1');
    await later();
  };
  const found = (): string | undefined => mismatches.of(one.panel)?.message;
  const aGroup = (name: string, connected: number): IGroup => ({
    name,
    workers: { wanted: 1, queued: 0, starting: 0, connected },
    adapt: null,
    options: {},
    resources: {}
  });

  beforeEach(async () => {
    jest.useFakeTimers();
    jest.resetAllMocks();
    emit = jest.spyOn(Notification.manager, 'notify').mockReturnValue('n-1');
    clusters = new FakeClusters();
    const changes = new FakeChanges();
    links = new NotebookLinks({ clusters, changes: changes as never });
    one = new FakePanel('one.ipynb');
    links.of(one.panel);
    clusters.set(aCluster({ groups: [aGroup('workers', 2)] }));
    mismatches = new Mismatches({
      api: { compare },
      links,
      settings: new NotebookSettings(),
      trans: nullTranslator.load('jupyterlab_rsdat'),
      show: jest.fn()
    });
  });

  afterEach(() => {
    links.dispose();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('that were mended are no longer marked when the kernel was restarted', async () => {
    goTogether(false);
    one.connectTo('Scheduler-1');
    await later();
    expect(found()).toBe(mismatch.message);
    goTogether(true);
    await restart({ python: '3.12.1', dask: '2026.9.0' });
    expect(found()).toBeUndefined();
    // And are told again where that is undone.
    goTogether(false);
    await restart({ python: '3.12.1', dask: '2026.8.0' });
    expect(found()).toBe(mismatch.message);
    expect(emit).toHaveBeenCalledTimes(2);
  });

  it('are told when a restart has made them others', async () => {
    goTogether(true);
    one.connectTo('Scheduler-1');
    await later();
    expect(emit).not.toHaveBeenCalled();
    goTogether(false);
    await restart({ python: '3.12.1', dask: '2024.8.0' });
    expect(emit).toHaveBeenCalledTimes(1);
    expect(found()).toBe(mismatch.message);
  });

  it('of what is imported after the client are compared, too', async () => {
    goTogether(true);
    one.connectTo('Scheduler-1');
    await later();
    goTogether(false);
    const packages = { ...one.sessionContext.packages, pandas: '1.5.0' };
    one.sessionContext.packages = packages;
    one.sessionContext.runCell('cell-2');
    await later();
    expect(compare).toHaveBeenLastCalledWith('c-1', packages);
    expect(found()).toBe(mismatch.message);
  });

  it('of a group that is added later are compared, once; and it may be removed', async () => {
    goTogether(true);
    one.connectTo('Scheduler-1');
    await later();
    const workers = aGroup('workers', 2);
    clusters.set(aCluster({ groups: [workers, aGroup('gpu', 0)] }));
    await later();
    expect(compare).toHaveBeenCalledTimes(1);
    goTogether(false);
    clusters.set(aCluster({ groups: [workers, aGroup('gpu', 1)] }));
    await later();
    expect(found()).toBe(mismatch.message);
    for (const connected of [0, 1, 0]) {
      clusters.set(aCluster({ groups: [workers, aGroup('gpu', connected)] }));
      await later();
    }
    expect(compare).toHaveBeenCalledTimes(2);
    goTogether(true);
    clusters.set(aCluster({ groups: [workers] }));
    await later();
    expect(found()).toBeUndefined();
  });

  it('are those of the newest answer, whichever comes last', async () => {
    const answers: ((told: object) => void)[] = [];
    compare.mockImplementation(() => new Promise(go => answers.push(go)));
    one.connectTo('Scheduler-1');
    await later();
    await restart({ python: '3.12.1', dask: '2024.8.0' });
    answers[1]({ workers: 2, mismatch: null });
    answers[0]({ workers: 2, mismatch });
    await later();
    expect(found()).toBeUndefined();
  });

  describe('that are asked for while another answer is still to come', () => {
    const asked: { answer: (told: object) => void; fail: () => void }[] = [];

    const setWorkers = (connected: number): void => {
      const workers = { wanted: 1, queued: 0, starting: 0, connected };
      clusters.set(
        aCluster({ workers, groups: [aGroup('workers', connected)] })
      );
    };

    /** The scheduler alone is compared, and workers come before that is answered. */
    beforeEach(async () => {
      asked.length = 0;
      compare.mockImplementation(
        () =>
          new Promise((answer, reject) => {
            asked.push({ answer, fail: () => reject(new Error('busy')) });
          })
      );
      setWorkers(0);
      one.connectTo('Scheduler-1');
      await later();
      setWorkers(1);
      await later();
      expect(asked).toHaveLength(2);
      // They are gone again when it is tried once more.
      setWorkers(0);
    });

    it('are known by the first answer until the second comes', async () => {
      asked[0].answer({ workers: 0, mismatch });
      await later();
      expect(found()).toBe(mismatch.message);
      asked[1].answer({ workers: 1, mismatch: null });
      await later();
      expect(found()).toBeUndefined();
    });

    it('and also where the second fails', async () => {
      asked[0].answer({ workers: 0, mismatch });
      await later();
      asked[1].fail();
      await jest.advanceTimersByTimeAsync(600_000);
      expect(found()).toBe(mismatch.message);
      expect(emit).toHaveBeenCalledTimes(1);
    });

    it('and where it comes after the second has failed', async () => {
      asked[1].fail();
      await later();
      asked[0].answer({ workers: 0, mismatch });
      await later();
      expect(found()).toBe(mismatch.message);
    });

    it('are asked for again where both fail', async () => {
      asked[0].fail();
      await later();
      asked[1].fail();
      await jest.advanceTimersByTimeAsync(3_000);
      asked[2].answer({ workers: 0, mismatch });
      await later();
      expect(found()).toBe(mismatch.message);
    });
  });
});
