/** The job table without its looks: words, columns, order, filter. */
import { nullTranslator } from '@jupyterlab/translation';
import {
  cellText,
  columnTemplate,
  columnsFor,
  type ColumnKey
} from '../jobs/columns';
import { JobTable, countStates, filterJobs, sortJobs } from '../jobs/table';
import { JobTables } from '../jobs/tables';
import { aboutWords, endWords, holdsWork, stageOf } from '../jobs/words';
import { ClusterModel } from '../model';
import { FakeApi, aCluster, aJob, aList, aWorker, settle } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');

describe('words', () => {
  it.each([
    ['PENDING', 'waiting'],
    ['REQUEUED', 'waiting'],
    ['CONFIGURING', 'running'],
    ['COMPLETING', 'running'],
    ['SUSPENDED', 'running'],
    ['TIMEOUT', 'ended'],
    ['BOOT_FAIL', 'ended']
  ])('%s is %s', (state, stage) => {
    expect(stageOf(state)).toBe(stage);
  });

  it.each([
    ['RUNNING', null, ''],
    ['COMPLETED', '0:0', 'by itself'],
    ['FAILED', '3:0', 'exit code 3'],
    ['FAILED', '0:9', 'signal 9 (KILL)'],
    ['FAILED', '0:64', 'signal 64'],
    ['FAILED', null, 'FAILED'],
    ['OUT_OF_MEMORY', '0:125', 'out of memory'],
    ['TIMEOUT', '0:0', 'walltime'],
    ['NODE_FAIL', null, 'node failure'],
    ['PREEMPTED', '0:15', 'preempted'],
    ['CANCELLED', '0:15', 'cancelled']
  ])('a job that is %s with %s ended: %s', (state, exit, words) => {
    expect(endWords(aJob({ state, exit }), trans)).toBe(words);
  });

  it('holds work when its worker computes, waits to, or has results', () => {
    const of = (part: object): boolean =>
      holdsWork(aJob({ workers: [aWorker(part)] }));
    expect(of({})).toBe(false);
    expect(of({ executing: 1 })).toBe(true);
    expect(of({ ready: 1 })).toBe(true);
    expect(of({ in_memory: 1 })).toBe(true);
    expect(holdsWork(aJob())).toBe(false);
  });

  it('says in one line what matters at each stage', () => {
    expect(aboutWords(aJob({ explanation: 'waits for nodes' }), trans)).toBe(
      'waits for nodes'
    );
    const running = { state: 'RUNNING', node: 'n1', time_left: 60 };
    expect(aboutWords(aJob(running), trans)).toBe(
      'no Dask worker yet · 1 min left · n1'
    );
    expect(aboutWords(aJob({ ...running, workers: [aWorker()] }), trans)).toBe(
      '1 GiB of 4 GiB · 1 min left · n1'
    );
    const gone = { state: 'OUT_OF_MEMORY', explanation: 'asked for 4 GiB' };
    expect(aboutWords(aJob(gone), trans)).toBe(
      'out of memory · asked for 4 GiB'
    );
  });

  it('adds up the workers of one job', () => {
    const job = aJob({
      workers: [
        aWorker({ cpu: 50, executing: 1 }),
        aWorker({ cpu: 30.6, executing: 2, ready: 3, in_memory: 4 })
      ]
    });
    const text = (key: ColumnKey): string => cellText(job, key, trans);
    expect(text('cpu')).toBe('81 %');
    expect(text('memory')).toBe('2 GiB of 8 GiB');
    expect(text('tasks')).toBe('3 run · 3 wait · 4 in memory');
    expect(text('worker')).toBe('tls://10.0.0.2:40001 +1');
  });
});

describe('columns', () => {
  it('a narrow table has three, a wide one all but the summing-up', () => {
    expect(columnsFor(0)).toEqual(['id', 'state', 'about']);
    expect(columnsFor(300)).toEqual(['id', 'state', 'about']);
    const wide = columnsFor(2000);
    expect(wide).toHaveLength(12);
    expect(wide).not.toContain('about');
  });

  it.each([560, 700, 850, 1000, 1200, 1500])(
    'those for %i pixels fit',
    width => {
      const least = columnTemplate(columnsFor(width))
        .match(/\d+px/g)!
        .reduce((sum, px) => sum + parseInt(px), 0);
      expect(least).toBeLessThanOrEqual(width);
    }
  );
});

describe('order and filter', () => {
  const jobs = [
    aJob({ id: '7_10', state: 'RUNNING', time_left: 50, node: 'b2' }),
    aJob({ id: '7_9', state: 'PENDING', explanation: 'waits for a node' }),
    aJob({ id: '7_1', state: 'RUNNING', time_left: 500, node: 'b10' })
  ];
  const ids = (key: ColumnKey, reverse = false): string[] =>
    sortJobs(jobs, { key, reverse }, trans).map(({ id }) => id);

  it('numbers in ids and names count as numbers', () => {
    expect(ids('id')).toEqual(['7_1', '7_9', '7_10']);
    expect(ids('id', true)).toEqual(['7_10', '7_9', '7_1']);
    expect(ids('node')).toEqual(['7_10', '7_1', '7_9']);
  });

  it('what is not known comes last, either way', () => {
    expect(ids('left')).toEqual(['7_10', '7_1', '7_9']);
    expect(ids('left', true)).toEqual(['7_1', '7_10', '7_9']);
  });

  it('every word must occur somewhere, in the state chosen', () => {
    const found = (text: string, state = ''): string[] =>
      filterJobs(jobs, { text, state }, trans).map(({ id }) => id);
    expect(found('NODE waits')).toEqual(['7_9']);
    expect(found('b')).toEqual(['7_10', '7_1']);
    expect(found('b', 'PENDING')).toEqual([]);
    expect(found('', 'RUNNING')).toEqual(['7_10', '7_1']);
    expect(filterJobs(jobs, { text: ' ', state: '' }, trans)).toBe(jobs);
  });

  it('counts the states that occur', () => {
    expect([...countStates(jobs)]).toEqual([
      ['PENDING', 1],
      ['RUNNING', 2]
    ]);
  });

  it('sorts again only when something changed', () => {
    const table = new JobTable(trans);
    const rows = table.rows(jobs);
    expect(table.rows(jobs)).toBe(rows);
    table.sortBy('id');
    expect(table.sort).toEqual({ key: 'id', reverse: true });
    expect(table.rows(jobs).map(({ id }) => id)).toEqual([
      '7_10',
      '7_9',
      '7_1'
    ]);
    table.sortBy('left');
    expect(table.sort).toEqual({ key: 'left', reverse: false });
  });
});

describe('JobTables', () => {
  it('tells the job last pointed at, also in a table where it was before', () => {
    const model = new ClusterModel({ api: new FakeApi() });
    const tables = new JobTables(model, trans);
    const card = tables.get('a', 'card');
    card.active = '1_0';
    tables.get('b', 'card').active = '2_0';
    card.active = '1_0';
    expect(tables.current).toEqual({ cluster: 'a', job: '1_0' });
    tables.get('b', 'card').text = 'typed';
    expect(tables.current).toEqual({ cluster: 'a', job: '1_0' });
    tables.dispose();
    model.dispose();
  });

  it('keeps one table per place, until its cluster is gone', async () => {
    const api = new FakeApi();
    const model = new ClusterModel({ api });
    const tables = new JobTables(model, trans);
    const show = async (list = aList()): Promise<void> => {
      void model.refresh();
      api.lists[api.lists.length - 1].resolve(list);
      await settle();
    };
    await show(aList(aCluster()));
    const table = tables.get('c-1', 'card');
    expect(tables.get('c-1', 'card')).toBe(table);
    expect(tables.get('c-1', 'tab')).not.toBe(table);
    expect(tables.current).toBeNull();
    table.active = '671_0';
    expect(tables.current).toEqual({ cluster: 'c-1', job: '671_0' });
    await show();
    expect(tables.current).toBeNull();
    expect(tables.get('c-1', 'card')).not.toBe(table);
    tables.dispose();
    model.dispose();
  });
});
