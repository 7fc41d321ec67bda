/** Names of plots, from what the Dask of distributed 2026.8 answers. */
import { allPlots, groupOf, grouped, pageOf, plotName } from '../plots';

/** individual-plots.json of distributed 2026.8.0, whole. */
const ANSWER: Record<string, string> = {
  'Individual Progress': '/individual-progress',
  'Individual Workers Disk Timeseries': '/individual-workers-disk-timeseries',
  'Individual Workers Memory': '/individual-workers-memory',
  'Individual Exceptions': '/individual-exceptions',
  'Individual Workers Transfer Bytes': '/individual-workers-transfer-bytes',
  'Individual Group Progress': '/individual-group-progress',
  'Individual Gpu Memory': '/individual-gpu-memory',
  'Individual Workers Disk': '/individual-workers-disk',
  'Individual Contention': '/individual-contention',
  'Individual Rmm Memory': '/individual-rmm-memory',
  'Individual Cluster Memory': '/individual-cluster-memory',
  'Individual Occupancy': '/individual-occupancy',
  'Individual Groups': '/individual-groups',
  'Individual Profile': '/individual-profile',
  'Individual Aggregate Time Per Action':
    '/individual-aggregate-time-per-action',
  'Individual Nprocessing': '/individual-nprocessing',
  'Individual Compute Time Per Key': '/individual-compute-time-per-key',
  'Individual Task Stream': '/individual-task-stream',
  'Individual Workers Network': '/individual-workers-network',
  'Individual Gpu Utilization': '/individual-gpu-utilization',
  'Individual Graph': '/individual-graph',
  'Individual Workers Network Timeseries':
    '/individual-workers-network-timeseries',
  'Individual Fine Performance Metrics': '/individual-fine-performance-metrics',
  'Individual Profile Server': '/individual-profile-server',
  'Individual Workers Cpu Timeseries': '/individual-workers-cpu-timeseries',
  'Individual Memory By Key': '/individual-memory-by-key',
  'Individual Bandwidth Types': '/individual-bandwidth-types',
  'Individual Cpu': '/individual-cpu',
  'Individual Bandwidth Workers': '/individual-bandwidth-workers',
  'Individual Workers Memory Timeseries':
    '/individual-workers-memory-timeseries',
  'Individual Workers': '/individual-workers',
  'Individual Scheduler System': '/individual-scheduler-system',
  'Individual Cluster Map': '/statics/individual-cluster-map.html'
};

it.each([
  ['Individual Task Stream', 'Task Stream'],
  ['Individual Cpu', 'CPU'],
  ['Individual Workers Cpu Timeseries', 'Workers CPU Timeseries'],
  ['Individual Gpu Memory', 'GPU Memory'],
  ['Individual Rmm Memory', 'RMM Memory'],
  ['Something New', 'Something New']
])('%s is called %s', (key, name) => {
  expect(plotName(key)).toBe(name);
});

describe('allPlots', () => {
  const plots = allPlots(ANSWER);
  const names = plots.map(({ name }) => name);

  it('has every plot and every page under one name', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(plots.map(({ page }) => page)).size).toBe(plots.length);
    for (const key of Object.keys(ANSWER)) {
      expect(names).toContain(plotName(key));
    }
    for (const page of ['Status', 'Tasks', 'System', 'Info']) {
      expect(names).toContain(page);
    }
  });

  it('begins with what most people open, the rest by name', () => {
    expect(names.slice(0, 4)).toEqual([
      'Status',
      'Task Stream',
      'Progress',
      'Workers Memory'
    ]);
    const rest = names.slice(8);
    expect(rest).toEqual([...rest].sort((a, b) => a.localeCompare(b)));
  });

  it('has pages below the dashboard, never at the root of the server', () => {
    expect(plots.filter(({ page }) => page.startsWith('/'))).toEqual([]);
  });

  it('takes the plot alone where a full page has the same name', () => {
    expect(plots.find(({ name }) => name === 'Workers')?.page).toBe(
      'individual-workers'
    );
  });

  it('still has the pages when a Dask gives no plots', () => {
    expect(allPlots({}).map(({ name }) => name)).toContain('Workers');
  });
});

describe('pageOf', () => {
  it('finds a plot among those known', () => {
    expect(pageOf('Cluster Map', allPlots(ANSWER))).toBe(
      'statics/individual-cluster-map.html'
    );
  });

  it('knows the usual ones before Dask was asked', () => {
    expect(pageOf('Task Stream')).toBe('individual-task-stream');
    expect(pageOf('Status')).toBe('status');
  });
});

describe('grouped', () => {
  it.each([
    ['Task Stream', 'first'],
    ['Group Progress', 'tasks'],
    ['Workers Memory Timeseries', 'memory'],
    ['GPU Memory', 'gpu'],
    ['Workers Disk', 'transfer'],
    ['Scheduler System', 'scheduler'],
    ['Something New', 'other']
  ])('%s belongs to %s', (name, group) => {
    expect(groupOf(name)).toBe(group);
  });

  it('leaves nothing out and has no empty group', () => {
    const plots = allPlots(ANSWER);
    const groups = grouped(plots);
    expect(groups.flatMap(({ plots }) => plots).length).toBe(plots.length);
    expect(groups.every(({ plots }) => plots.length > 0)).toBe(true);
  });
});
