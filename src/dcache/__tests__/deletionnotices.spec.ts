/** Deletions that an earlier page began: seen, stopped and told by the one that comes after it. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { IChange } from '../../common/events';
import type { ApiError } from '../../common/request';
import type { IDeletion } from '../../common/types';
import { DeletionNotices } from '../deletionnotices';
import { FakeApi, failure, settle } from './fake';

function deletion(overrides: Partial<IDeletion> = {}): IDeletion {
  return {
    id: 'd1',
    endpoint: 'here',
    path: '/home/inner',
    state: 'running',
    deleted: 0,
    error: null,
    seen: false,
    ...overrides
  };
}

const stopped = deletion({
  state: 'stopped',
  deleted: 1200,
  error: { message: 'Deleting was stopped', details: { code: 'stopped' } }
});

function begin(firstFailure: ApiError | null = null) {
  const api = new FakeApi();
  api.nextFailure = firstFailure;
  const changes = { changed: new Signal<never, IChange>({} as never) };
  return {
    api,
    changes,
    notices: new DeletionNotices({
      api,
      changes: changes as never,
      trans: nullTranslator.load('jupyterlab')
    })
  };
}

async function setup(...deleting: IDeletion[]) {
  const { api, changes, notices } = begin();
  api.deleting = deleting;
  const listed = jest.spyOn(api, 'deletions');
  await notices.start();
  /** They have become so, and the companion says it. */
  const become = async (...now: IDeletion[]): Promise<void> => {
    api.deleting = now;
    changes.changed.emit({ kind: 'deletion', id: 'd1' });
    await jest.runOnlyPendingTimersAsync();
    await settle();
  };
  return { api, become, listed, notices };
}

const told = () =>
  Notification.manager.notifications.map(({ message }) => message);
const pressStop = (): void => {
  const { options } = Notification.manager.notifications.find(
    ({ type }) => type === 'in-progress'
  )!;
  expect(options.actions?.map(({ label }) => label)).toEqual(['Stop']);
  options.actions?.[0].callback(new MouseEvent('click'));
};

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  Notification.dismiss();
  jest.useRealTimers();
});

it('asks once, and never again where there is none', async () => {
  const { become, listed, notices } = await setup();
  expect(notices.isDisposed).toBe(true);
  await become(deletion());
  await jest.advanceTimersByTimeAsync(600_000);
  expect(listed).toHaveBeenCalledTimes(1);
  expect(told()).toEqual([]);
});

it('is silent where the companion does not answer', async () => {
  const { notices } = begin(failure('missing', 404));
  await notices.start();
  expect(notices.isDisposed).toBe(true);
  expect(told()).toEqual([]);
});

it('stops one, and says what is gone', async () => {
  const { api, become, listed, notices } = await setup(deletion());
  expect(told()).toEqual(['Deleting “inner”…']);
  pressStop();
  expect(api.stopped).toEqual(['d1']);
  // It is asked for by events alone.
  await jest.advanceTimersByTimeAsync(600_000);
  expect(listed).toHaveBeenCalledTimes(1);
  await become(stopped);
  expect(told()).toEqual([
    'Stopped. In “inner” 1200 entries were deleted, the rest is still there.'
  ]);
  expect(api.seen).toEqual(['d1']);
  expect(notices.isDisposed).toBe(true);
});

it('says no word of one that ends well, unless it was to be stopped', async () => {
  const first = await setup(deletion());
  await first.become(deletion({ state: 'done', deleted: 3 }));
  expect(told()).toEqual([]);
  const second = await setup(deletion());
  pressStop();
  await second.become(deletion({ state: 'done', deleted: 3 }));
  expect(told()).toEqual(['It was too late to stop: all is deleted.']);
});

it('leaves those that this page began to who began them', async () => {
  const { become, notices } = await setup(deletion());
  const own = deletion({ id: 'd2', path: '/home/own' });
  await become(deletion(), own);
  expect(told()).toEqual(['Deleting “inner”…']);
  await become(stopped, { ...own, state: 'failed', seen: true });
  expect(told()).toHaveLength(1);
  expect(notices.isDisposed).toBe(true);
});

it('tells of one alone whose answer was lost', async () => {
  const { api, notices } = begin();
  const place = { endpoint: 'here', path: '/home/inner' };
  const other = deletion({ id: 'd2', path: '/home/other' });
  api.deleting = [other, deletion({ id: 'd3', endpoint: 'there' })];
  await notices.start(place);
  expect(notices.found()).toBe('none');
  expect(notices.isDisposed).toBe(true);
  const again = begin();
  again.api.deleting = [other, deletion()];
  await again.notices.start(place);
  expect(again.notices.found()).toBe('told');
  expect(told()).toEqual(['Deleting “inner”…']);
  again.notices.dispose();
  const ended = begin();
  ended.api.deleting = [other, deletion({ state: 'done' })];
  Notification.dismiss();
  await ended.notices.start(place);
  expect(ended.notices.found()).toBe('done');
  expect(told()).toEqual([]);
});

it('does not take a list that did not come for an empty one', async () => {
  const { notices } = begin(failure('network', 0));
  await notices.start({ endpoint: 'here', path: '/home/inner' });
  expect(() => notices.found()).toThrow('failed: network');
  expect(notices.isDisposed).toBe(true);
});

it('tells once what ended while no page was open', async () => {
  const error = { message: 'No', hint: 'Ask', details: { code: 'denied' } };
  const failed = deletion({ id: 'd2', state: 'failed', deleted: 1, error });
  const { api } = await setup(stopped, failed, {
    ...failed,
    id: 'd3',
    seen: true
  });
  expect(told().sort()).toEqual([
    'Can’t delete “inner”: No. Ask. 1 entry in it was deleted before.',
    'Stopped. In “inner” 1200 entries were deleted, the rest is still there.'
  ]);
  expect(api.seen).toEqual(['d1', 'd2']);
});

it('says that the Jupyter server ended in the middle', async () => {
  const { api, become, notices } = await setup(deletion());
  // Nothing is known as long as it does not answer.
  api.nextFailure = failure('network', 0);
  await become(deletion());
  expect(told()).toEqual(['Deleting “inner”…']);
  api.deleting = [];
  await notices.refresh();
  expect(told()).toEqual([
    'Deleting “inner” was broken off when the Jupyter server ended. What was not deleted is still there.'
  ]);
  expect(notices.isDisposed).toBe(true);
});

it('says nothing of a stop that failed, when it has ended well', async () => {
  const { api, become } = await setup(deletion());
  api.nextFailure = failure('network', 0);
  pressStop();
  await settle();
  expect(told()).toContain('Can’t stop deleting: failed: network');
  Notification.dismiss();
  await become(deletion({ state: 'done' }));
  expect(told()).toEqual([]);
});

it('can be stopped again where that failed', async () => {
  const { api } = await setup(deletion());
  api.nextFailure = failure('network', 0);
  const [{ id }] = Notification.manager.notifications;
  pressStop();
  await settle();
  // Lab closes the notice whose button was pressed.
  expect(Notification.manager.has(id)).toBe(false);
  expect(told()).toContain('Deleting “inner”…');
  pressStop();
  await settle();
  expect(api.stopped).toEqual(['d1']);
});
