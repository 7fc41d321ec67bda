/** What ends soonest, in words and in the status bar. */
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { screen, waitFor } from '@testing-library/react';
import { endLine, endWords, ends, isNear } from '../ends';
import { CommandIDs } from '../ids';
import { ClusterModel } from '../model';
import { ClusterSettings } from '../settings';
import { ClusterStatus } from '../statusitem';
import { FakeApi, aCluster, aJob, aList, settle } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');
const now = new Date('2026-01-01T10:00:00Z');
const SEEN = '2026-01-01T09:59:00Z';

function until(iso: string, part: object = {}): ReturnType<typeof aCluster> {
  const cluster = aCluster(part);
  return { ...cluster, scheduler: { ...cluster.scheduler, ends_at: iso } };
}

const running = (time_left: number, part: object = {}) =>
  aJob({ state: 'RUNNING', time_left, ...part });

describe('the soonest end', () => {
  it.each([
    ['of nothing', [aCluster()], []],
    [
      'is the scheduler’s',
      [until('2026-01-01T12:00:00Z', { jobs: [running(4 * 3600)] })],
      [['scheduler', '2026-01-01T12:00:00.000Z']]
    ],
    [
      'is that of the first workers, counted from the queue’s answer',
      [until('2026-01-01T12:00:00Z', { jobs: [running(7200), running(600)] })],
      [['workers', '2026-01-01T10:09:00.000Z']]
    ],
    [
      'is none of workers that are replaced, wait, or are the scheduler',
      [
        aCluster({ renew: true, jobs: [running(600)] }),
        aCluster({ jobs: [aJob({ time_left: 600 })] }),
        aCluster({ jobs: [running(600, { kind: 'scheduler' })] })
      ],
      []
    ],
    [
      'is the idle shutdown',
      [aCluster({ idle: { after: 60, ends_at: '2026-01-01T10:01:00Z' } })],
      [['idle', '2026-01-01T10:01:00.000Z']]
    ],
    [
      'is over for what has ended',
      [
        until('2026-01-01T09:00:00Z'),
        until('2026-01-01T12:00:00Z', { state: 'failed' })
      ],
      []
    ],
    [
      'of several clusters',
      [until('2026-01-01T12:00:00Z'), until('2026-01-01T11:00:00Z')],
      [
        ['scheduler', '2026-01-01T11:00:00.000Z'],
        ['scheduler', '2026-01-01T12:00:00.000Z']
      ]
    ]
  ])('%s', (_, clusters, expected) => {
    const found = ends(clusters, SEEN, now).map(({ what, at_ms }) => [
      what,
      new Date(at_ms).toISOString()
    ]);
    expect(found).toEqual(expected);
  });

  it('of workers is unknown while the queue never answered', () => {
    expect(ends([aCluster({ jobs: [running(600)] })], null, now)).toEqual([]);
  });

  it.each([
    [72 * 60, 'ends in 1 h 12 min', false],
    [72 * 60 + 59, 'ends in 1 h 12 min', false],
    [30 * 60, 'ends in 30 min', true],
    [59, 'ends within a minute', true]
  ])('%i s from now', (left_s, words, near) => {
    const at_ms = now.getTime() + left_s * 1000;
    const end = { cluster: 'sunny', what: 'workers', at_ms } as const;
    expect(endWords(end, trans, now)).toBe(words);
    expect(isNear(end, now)).toBe(near);
    expect(endLine(end, trans, now)).toMatch(/^sunny: .*walltime at \d\d:\d\d/);
  });
});

it('stands in the status bar, which shows the clusters', async () => {
  const inMinutes = (left_min: number): string =>
    new Date(Date.now() + (left_min + 0.5) * 60_000).toISOString();
  const api = new FakeApi();
  const model = new ClusterModel({ api });
  const commands = new CommandRegistry();
  const show = jest.fn();
  commands.addCommand(CommandIDs.show, { execute: show });
  const item = new ClusterStatus({
    model,
    commands,
    settings: new ClusterSettings(),
    trans
  });
  expect(item.isOfUse).toBe(false);
  api.lists[0].resolve(aList(until(inMinutes(72))));
  await settle();
  expect(item.isOfUse).toBe(true);
  Widget.attach(item, document.body);

  const button = await screen.findByRole('button');
  expect(button.textContent).toBe(
    'Dask: 1 cluster, 1 worker · ends in 1 h 12 min'
  );
  expect(button.title).toMatch(/^Show the clusters\n.*scheduler ends at/);
  expect(button.className).not.toContain('jp-mod-warning');
  button.click();
  expect(show).toHaveBeenCalledTimes(1);

  void model.refresh();
  api.lists[1].resolve(aList(until(inMinutes(20))));
  await waitFor(() => expect(button.textContent).toContain('ends in 20 min'));
  expect(button.textContent).toMatch(/^⚠ /);
  expect(button.className).toContain('jp-mod-warning');
  item.dispose();
  model.dispose();
});
