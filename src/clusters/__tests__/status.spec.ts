/** A cluster in words. */
import { nullTranslator } from '@jupyterlab/translation';
import {
  announcement,
  isUnsettled,
  stateWord,
  waitingWords,
  workerCounts
} from '../status';
import { aCluster, aJob } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');

describe('workerCounts', () => {
  it.each([
    [[4, 2, 1, 1], '4 wanted · 2 queued · 1 starting · 1 connected'],
    [[4, 0, 0, 4], '4 wanted · 4 connected'],
    [[0, 0, 0, 0], '0 wanted · 0 connected']
  ])('%j', ([wanted, queued, starting, connected], words) => {
    const counts = { wanted, queued, starting, connected };
    const spoken = workerCounts(counts, trans).replace(/\u00a0/g, ' ');
    expect(spoken).toBe(words);
  });
});

describe('isUnsettled', () => {
  const settled = { wanted: 1, queued: 0, starting: 0, connected: 1 };
  it.each([
    ['all connected', aCluster({ workers: settled }), false],
    ['one queued', aCluster({ workers: { ...settled, queued: 1 } }), true],
    ['one lost', aCluster({ workers: { ...settled, connected: 0 } }), true],
    ['stopping', aCluster({ state: 'stopping' }), true],
    [
      'failed with jobs wanted',
      aCluster({ state: 'failed', workers: { ...settled, connected: 0 } }),
      false
    ]
  ])('%s', (_, cluster, expected) => {
    expect(isUnsettled(cluster)).toBe(expected);
  });
});

describe('waitingWords', () => {
  it('is silent when nothing waits', () => {
    expect(waitingWords([aJob({ state: 'RUNNING' })], trans)).toBeNull();
  });

  it("gives the commonest reason in the queue's words, and the first start", () => {
    const now = new Date(2026, 0, 1, 9);
    const at = (hour: number): string =>
      new Date(2026, 0, 1, hour, 30).toISOString();
    const jobs = [
      aJob({ explanation: 'waiting for free nodes', start_estimate: at(15) }),
      aJob({ explanation: 'waiting for free nodes', start_estimate: at(14) }),
      aJob({ reason: 'AssocMaxJobsLimit' })
    ];
    expect(waitingWords(jobs, trans, '', now)).toBe(
      '3 jobs wait: waiting for free nodes (expected 14:30)'
    );
    expect(waitingWords([aJob()], trans)).toBe('1 job waits');
    // A diagnosis beside it may have said the reason already.
    expect(
      waitingWords(jobs, trans, 'Jobs are waiting for free nodes.', now)
    ).toBe('3 jobs wait (expected 14:30)');
  });
});

describe('announcement', () => {
  it.each([
    [null, aCluster(), null],
    [null, aCluster({ state: 'starting' }), 'SLURMCluster 1 is starting'],
    [aCluster({ state: 'starting' }), aCluster(), 'SLURMCluster 1 is running'],
    [aCluster(), null, 'SLURMCluster 1 is gone'],
    [
      aCluster(),
      aCluster({
        state: 'failed',
        diagnosis: { message: 'Out of memory.', hint: null }
      }),
      'SLURMCluster 1 is failed: Out of memory.'
    ]
  ])('case %#', (before, after, words) => {
    expect(announcement(before, after, trans)).toBe(words);
  });
});

it('has a word for every state', () => {
  const states = ['starting', 'running', 'stopping', 'stopped', 'failed'];
  expect(states.map(state => stateWord(state as 'starting', trans))).toEqual(
    states
  );
});
