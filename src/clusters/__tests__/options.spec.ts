/** What the options' forms hold, send, and say of themselves. */
import { nullTranslator } from '@jupyterlab/translation';
import { check, describePartition, formatLimit } from '../options/checks';
import {
  clusterRequest,
  groupPreview,
  groupRequest,
  presetFields,
  realChanges,
  requestChanges,
  type Changes
} from '../options/fields';
import { presetName } from '../options/model';
import { PreviewModel } from '../options/preview';
import { SPIDER } from './optionsite';

const trans = nullTranslator.load('jupyterlab_rsdat');
const spider = presetFields(SPIDER, 'spider');
const mine = presetFields(SPIDER, 'mine');

const remarks = (changes: Changes, groups: string[] | null = null) =>
  check(
    {
      fields: { ...spider, ...changes },
      site: SPIDER,
      chosen: SPIDER.presets[0],
      groups
    },
    trans
  );

it('shows what the preset says, of the scheduler and of the lifetime, too', () => {
  expect(spider).toMatchObject({
    cores: '4',
    memory: '30GiB',
    partition: '',
    prologue: 'module load x',
    placement: 'beside',
    isIdleEnding: false
  });
  expect(mine).toMatchObject({
    isAdaptive: true,
    minimum: '1',
    maximum: '4',
    placement: 'job',
    schedulerWalltime: '10:00:00',
    isIdleEnding: true,
    idleAfter: '10'
  });
});

it.each<[string, Changes, object]>([
  ['nothing', {}, { options: {} }],
  ['a name', { name: ' mine ' }, { name: 'mine', options: {} }],
  ['workers', { workers: '3' }, { workers: 3, options: {} }],
  ['numbers', { cores: '8' }, { options: { cores: 8 } }],
  [
    'lines without the empty ones',
    { prologue: 'a\n\n b=1' },
    { options: { prologue: ['a', ' b=1'] } }
  ],
  [
    'none instead of the account',
    { account: '' },
    { options: { account: '' } }
  ],
  ['no prologue', { prologue: '' }, { options: { prologue: [] } }],
  ['emptied cores: the preset', { cores: ' ' }, { options: {} }],
  [
    'variables',
    { environment: 'A=1\nB=x = y' },
    { options: { environment: { A: '1', B: 'x = y' } } }
  ],
  [
    'adaptive from 0',
    { isAdaptive: true, maximum: '9' },
    { adapt: { minimum: 0, maximum: 9 }, options: {} }
  ],
  [
    'a scheduler beside, whatever its job would have been',
    { schedulerWalltime: '1:00:00' },
    { options: {} }
  ],
  [
    "a scheduler's job",
    { placement: 'job', schedulerCores: '2', schedulerMemory: '4GiB' },
    { options: {}, scheduler: { mode: 'job', cores: 2, memory: '4GiB' } }
  ],
  [
    "a scheduler's job as long as the workers'",
    { placement: 'job', schedulerWalltime: '', schedulerPartition: 'short' },
    {
      options: {},
      scheduler: { mode: 'job', partition: 'short', walltime: '01:00:00' }
    }
  ],
  ['an end', { isIdleEnding: true }, { options: {}, idle_after: 1800 }],
  [
    'an end after minutes',
    { isIdleEnding: true, idleAfter: '5' },
    { options: {}, idle_after: 300 }
  ],
  ['minutes of no end', { idleAfter: '5' }, { options: {} }],
  ['renewal', { isRenewing: true }, { options: {}, renew: true }]
])('asks for %s', (_, changes, request) => {
  expect(clusterRequest(spider, changes)).toEqual({
    preset: 'spider',
    ...request
  });
});

it('takes back what the preset says beside the options', () => {
  const changes = { isAdaptive: false, workers: '2', isIdleEnding: false };
  expect(clusterRequest(mine, changes)).toEqual({
    preset: 'mine',
    workers: 2,
    idle_after: null,
    options: {}
  });
});

it('a request becomes the form that makes the same request', () => {
  const request = {
    preset: 'spider',
    adapt: { minimum: 0, maximum: 8 },
    options: {
      cores: 2,
      walltime: '10:00:00',
      reservation: 'workshop',
      gres: 'gpu:1',
      processes: 2,
      environment: { A: '1' },
      python: '/opt/python',
      image: 'x.sif',
      binds: ['/data'],
      account: '',
      directives: ['--nice=1']
    },
    scheduler: { mode: 'job' as const, partition: 'short' },
    idle_after: 3600,
    renew: true
  };
  const changes = realChanges(
    requestChanges({ ...request, name: 'taken' }),
    spider
  );
  expect(clusterRequest(spider, changes)).toEqual(request);
});

it('what says the same as the preset is no change', () => {
  expect(realChanges({ cores: '4', memory: '8GiB' }, spider)).toEqual({
    memory: '8GiB'
  });
});

it('a group asks for workers only', () => {
  const changes: Changes = {
    name: 'gpu',
    workers: '2',
    gres: 'gpu:1',
    placement: 'job',
    isRenewing: true,
    resources: 'GPU=1\nSSD = 0.5'
  };
  const request = {
    preset: 'spider',
    workers: 2,
    options: { gres: 'gpu:1' }
  };
  expect(groupRequest(spider, changes)).toEqual({
    ...request,
    name: 'gpu',
    resources: { GPU: 1, SSD: 0.5 }
  });
  expect(groupPreview(spider, changes)).toEqual(request);
});

it.each<[keyof Changes, string, boolean]>([
  ['workers', 'x', true],
  ['workers', '0', false],
  ['workers', '10001', true],
  ['cores', '0', true],
  ['cores', '2', false],
  ['memory', 'much', true],
  ['memory', '8GiB', false],
  ['memory', '1.5 TB', false],
  ['walltime', '25 hours', true],
  ['walltime', '00:00:00', true],
  ['walltime', '01:30:00', false],
  ['walltime', '1-00:00:00', false],
  ['walltime', '90', false],
  ['partition', 'what Slurm does not know', false],
  ['name', 'n'.repeat(65), true],
  ['processes', '1.5', true],
  ['localDirectory', '/a b', true],
  ['localDirectory', '$TMPDIR/x', false],
  ['environment', 'A', true],
  ['environment', '1A=2', true],
  ['environment', 'A=\n\nB=2', false],
  ['directives', '--nice=1\n#SBATCH -H', false],
  ['directives', 'nice', true],
  // Only where the scheduler has a job does it matter what that asks for.
  ['schedulerCores', '0', false]
])('%s %j: wrong is %j', (key, value, isWrong) => {
  const { errors } = remarks({ [key]: value });
  expect(Object.keys(errors)).toEqual(isWrong ? [key] : []);
});

it.each<[Changes, string[]]>([
  [{ isAdaptive: true }, ['maximum']],
  [{ isAdaptive: true, minimum: '3', maximum: '2' }, ['maximum']],
  [{ isAdaptive: true, minimum: 'x', maximum: '2' }, ['minimum']],
  [{ isAdaptive: true, workers: 'x', maximum: '2' }, []],
  [{ isIdleEnding: true, idleAfter: '0' }, ['idleAfter']],
  [{ isIdleEnding: false, idleAfter: '0' }, []],
  [{ placement: 'job', schedulerCores: '0' }, ['schedulerCores']]
])('%j: wrong are %j', (changes, wrong) => {
  expect(Object.keys(remarks(changes).errors)).toEqual(wrong);
});

it.each([
  ['', ''],
  ['gpu', undefined],
  ['cpu', 'The cluster has workers of that name'],
  ['two words', '1 to 32 letters, digits, - and _']
])('a group of the name %j: %j', (name, words) => {
  expect(remarks({ name }, ['cpu']).errors.name).toBe(words);
});

it.each<[Changes, object]>([
  [{}, {}],
  [
    { partition: 'short', walltime: '24:00:00', memory: '2GiB' },
    { walltime: 'short allows 12 h, you asked for 24 h' }
  ],
  [
    { partition: 'short', walltime: 'UNLIMITED', memory: '2GiB' },
    { walltime: 'short allows 12 h, you asked for no end' }
  ],
  // One of several is enough.
  [{ partition: 'short,normal', walltime: '24:00:00' }, {}],
  [
    { walltime: '25 hours', cores: '65' },
    { cores: 'A node of normal has 64 cores, you asked for 65' }
  ],
  [
    { cores: '65', memory: '501GiB' },
    {
      cores: 'A node of normal has 64 cores, you asked for 65',
      memory: 'A node of normal has 500 GiB, you asked for 501 GiB'
    }
  ],
  // What the nodes have is not what the partition gives.
  [
    { partition: 'short', cores: '9', memory: '61GiB' },
    {
      cores: 'A node of short has 4 cores, you asked for 9',
      memory: 'A node of short has 16 GiB, you asked for 61 GiB'
    }
  ],
  [
    { partition: 'old' },
    { partition: 'old is DOWN', memory: expect.anything() }
  ],
  [
    { partition: 'course', memory: '2GiB' },
    { partition: 'Jobs in course need a reservation' }
  ],
  [{ partition: 'course', memory: '2GiB', reservation: 'workshop' }, {}],
  [{ reservation: 'nosuch' }, { reservation: 'There is no such reservation' }],
  [{ partition: 'nosuch' }, { partition: 'There is no partition nosuch' }],
  [
    { account: 'foreign' },
    { account: 'Not one of your accounts (proj, other)' }
  ],
  [
    {
      placement: 'job',
      schedulerPartition: 'short',
      schedulerWalltime: '2-00:00:00'
    },
    { schedulerWalltime: 'short allows 12 h, you asked for 48 h' }
  ],
  // Without a job of its own the same means nothing.
  [{ schedulerPartition: 'short', schedulerWalltime: '2-00:00:00' }, {}]
])('%j would wait for ever: %j', (changes, problems) => {
  expect(remarks(changes).problems).toEqual(problems);
});

it('memory beyond what comes with the cores costs more, which is no problem', () => {
  expect(remarks({ memory: '32GiB' })).toMatchObject({
    problems: {},
    notes: {
      memory: '7.8 GiB belong to each core of normal: this counts as 5 cores'
    }
  });
  expect(remarks({}).notes).toEqual({});
});

it('describes a partition', () => {
  const [normal, , old] = SPIDER.partitions;
  expect(describePartition(normal, trans)).toBe(
    'at most 5 d, 3 nodes, with up to 64 cores and 500 GiB'
  );
  expect(describePartition(old, trans)).toBe(
    'DOWN, no limit of time, 3 nodes, with up to 4 cores and 16 GiB'
  );
  expect(describePartition({ ...normal, cores_limit: 1 }, trans)).toMatch(
    /with up to 1 core and 500 GiB$/
  );
});

it.each([
  [3600, '1 h'],
  [86400, '24 h'],
  [259200, '3 d'],
  [5400, '1 h 30 min'],
  [0, '0 s']
])('a limit of %d s is %s', (seconds, words) => {
  expect(formatLimit(seconds)).toBe(words);
});

it.each([
  ['GPU, long', 'gpu-long'],
  [' Mine! ', 'mine'],
  ['…', '']
])('the preset %j is kept as %j', (title, name) => {
  expect(presetName(title)).toBe(name);
});

it('asks for no preview when its dialog was closed', () => {
  jest.useFakeTimers();
  try {
    const preview = jest.fn();
    const model = new PreviewModel({ preview });
    model.ask({ workers: 1 });
    model.dispose();
    model.ask({ workers: 2 });
    expect(jest.getTimerCount()).toBe(0);
    expect(preview).not.toHaveBeenCalled();
  } finally {
    jest.useRealTimers();
  }
});
