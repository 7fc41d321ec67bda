/** Pulses and a controllable companion for the tests. */
import { PromiseDelegate } from '@lumino/coreutils';
import type { IPulse, IPulseList, IPulseNow } from '../../../common/types';
import type { IPulseApi } from '../api';

export function aNow(part: Partial<IPulseNow> = {}): IPulseNow {
  return {
    workers: 2,
    paused: 0,
    cores: 8,
    cpu: 78.4,
    memory: 5 * 2 ** 30,
    memory_limit: 8 * 2 ** 30,
    spilled: 0,
    tasks: {
      processing: 12,
      queued: 340,
      no_worker: 0,
      waiting: 0,
      in_memory: 7,
      erred: 0
    },
    run: {
      running: true,
      done: 1203,
      total: 4000,
      erred: 0,
      seconds: 12,
      parts: [
        {
          name: 'mean_chunk',
          processing: 12,
          done: 1203,
          total: 4000,
          erred: 0
        }
      ]
    },
    ...part
  };
}

export function anIdle(part: Partial<IPulseNow> = {}): IPulseNow {
  const none = aNow().tasks;
  return aNow({
    cpu: 2,
    tasks: { ...none, processing: 0, queued: 0 },
    run: {
      running: false,
      done: 1000,
      total: 1000,
      erred: 0,
      seconds: 34,
      parts: []
    },
    ...part
  });
}

export function aPulse(part: Partial<IPulse> = {}): IPulse {
  return {
    id: 'c-1',
    state: 'live',
    age: 0,
    now: aNow(),
    samples: [
      [4, 10, 50, 2, 8, 0],
      [2, 20, 55, 4, 6, 0],
      [0, 78.4, 62.5, 12, 340, 0]
    ],
    ...part
  };
}

export function aPulseList(part: Partial<IPulseList> = {}): IPulseList {
  return {
    cursor: 'a.1',
    whole: true,
    next: 2,
    clusters: [aPulse()],
    ...part
  };
}

export class FakePulses implements IPulseApi {
  readonly asked: (string | null)[] = [];
  readonly answers: PromiseDelegate<IPulseList>[] = [];

  pulse(since: string | null): Promise<IPulseList> {
    this.asked.push(since);
    const answer = new PromiseDelegate<IPulseList>();
    this.answers.push(answer);
    return answer.promise;
  }
}
