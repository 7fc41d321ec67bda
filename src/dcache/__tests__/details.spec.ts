/** The details of what is selected: when they are asked for, and what becomes of a change. */
import { Signal } from '@lumino/signaling';
import type { IChange } from '../../common/events';
import { DetailsModel } from '../details';
import { DCacheModel } from '../model';
import { FakeApi, failure, settle } from './fake';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

async function setup() {
  const api = new FakeApi();
  api.add('/home/a.txt');
  api.add('/home/b.tif');
  api.add('/home/c.tif', { locality: 'NEARLINE' });
  const model = new DCacheModel({
    api,
    changes: new Signal<unknown, IChange>({})
  });
  const details = new DetailsModel({ api, model, settle_ms: 200 });
  await model.show();
  return { api, model, details };
}

async function pass(time_ms = 200): Promise<void> {
  jest.advanceTimersByTime(time_ms);
  await settle();
}

it('asks for nothing while it is closed', async () => {
  const { api, model } = await setup();
  model.select(0);
  await pass();
  expect(api.asked).toEqual([]);
});

it('asks for the one on which the keyboard rests', async () => {
  const { api, model, details } = await setup();
  details.isOpen = true;
  model.select(0);
  await pass(50);
  model.select(1);
  await pass(50);
  model.select(0);
  await pass();
  expect(api.asked).toEqual(['/home/a.txt']);
  expect(details.details?.checksums).toHaveLength(1);
  await model.extendTo(1);
  expect(details.entry).toBeNull();
  expect(details.details).toBeNull();
});

it('asks again when the entry has changed, and not when it was only listed again', async () => {
  const { api, model, details } = await setup();
  details.isOpen = true;
  model.select(0);
  await pass();
  await model.refresh();
  await pass();
  expect(api.asked).toHaveLength(1);
  api.add('/home/a.txt', {}, 'longer');
  await model.refresh();
  // What was known stays in view until the new is here.
  expect(details.details).not.toBeNull();
  await pass();
  expect(api.asked).toHaveLength(2);
  expect(details.details?.entry.size).toBe(6);
});

it('asks for nothing while nobody looks', async () => {
  const { api, model, details } = await setup();
  details.isOpen = true;
  model.hide();
  model.select(0);
  await pass();
  expect(api.asked).toEqual([]);
});

it('shows a picture, says what is on tape, and why there is none', async () => {
  const { api, model, details } = await setup();
  details.isOpen = true;
  model.select(1);
  await pass();
  expect(details.picture.state).toBe('ready');
  model.select(2);
  await pass();
  expect(details.picture.state).toBe('on-tape');
  jest.spyOn(api, 'preview').mockRejectedValue(failure('no_picture', 422));
  model.select(1);
  await pass();
  expect(details.picture).toMatchObject({
    state: 'failed',
    problem: { code: 'no_picture' }
  });
  model.select(0);
  await pass();
  expect(details.picture.state).toBe('none');
});

it('changes labels and attributes, and tells a refusal in dCache’s words', async () => {
  const { api, model, details } = await setup();
  details.isOpen = true;
  model.select(0);
  await pass();
  expect(await details.change({ add_labels: ['x'] })).toBe(true);
  expect(details.details?.labels).toEqual(['x']);
  expect(await details.change({ set_xattrs: { a: '1' } })).toBe(true);
  expect(await details.change({ remove_labels: ['x'] })).toBe(true);
  expect(details.details).toMatchObject({ labels: [], xattrs: { a: '1' } });
  api.nextFailure = failure('refused', 422);
  expect(await details.change({ add_labels: ['y'] })).toBe(false);
  expect(details.problem?.code).toBe('refused');
  expect(details.details?.labels).toEqual([]);
  details.retry();
  await pass();
  expect(details.problem).toBeNull();
});

it('asks for the quota of each endpoint once, and says why there is none', async () => {
  const { api, model, details } = await setup();
  const quota = jest.spyOn(api, 'quota');
  details.isOpen = true;
  model.select(0);
  await pass();
  expect(quota).toHaveBeenCalledTimes(1);
  expect(details.quota?.message).toBe('No quota here.');
});

describe('the quota', () => {
  async function setupQuota() {
    const parts = await setup();
    const quota = jest.spyOn(parts.api, 'quota');
    const used = (bytes: number): void => {
      const none = { replica: null, custodial: null, output: null };
      const spaces = { ...none, replica: bytes };
      const each = { kind: 'user', id: 1, used: spaces, limit: none } as const;
      parts.api.quotas = { quotas: [each], message: null };
    };
    const shown = () => parts.details.quota?.quotas[0]?.used.replica;
    used(1);
    parts.details.isOpen = true;
    await settle();
    return { ...parts, quota, used, shown };
  }

  it('stands while nothing happens, and not longer than a minute', async () => {
    const { model, quota, shown, used } = await setupQuota();
    used(2);
    model.select(0);
    await pass(30_000);
    model.select(1);
    await pass(29_000);
    expect([quota.mock.calls.length, shown()]).toEqual([1, 1]);
    await pass(1000);
    model.select(0);
    await pass();
    expect([quota.mock.calls.length, shown()]).toEqual([2, 2]);
  });

  it('is asked for when entries came or went', async () => {
    const { api, model, quota, shown, used } = await setupQuota();
    for (const number of [1, 2, 3]) {
      api.add(`/home/new${number}`);
      used(10 + number);
      await model.refresh(false);
    }
    await settle();
    // Not for each of many.
    expect(quota).toHaveBeenCalledTimes(1);
    await pass(10_000);
    expect([quota.mock.calls.length, shown()]).toEqual([2, 13]);
    await pass(20_000);
    api.delete('/home/new1');
    used(12);
    await model.refresh(false);
    await settle();
    expect([quota.mock.calls.length, shown()]).toEqual([3, 12]);
    // Other rows for another reason.
    model.setFilter('new');
    await pass(20_000);
    expect(quota).toHaveBeenCalledTimes(3);
  });

  it('is asked for at once after Refresh and Retry', async () => {
    const { details, quota, shown, used } = await setupQuota();
    used(2);
    details.renew();
    await settle();
    expect([quota.mock.calls.length, shown()]).toEqual([2, 2]);
    used(3);
    details.retry();
    await settle();
    expect([quota.mock.calls.length, shown()]).toEqual([3, 3]);
    details.isOpen = false;
    details.renew();
    await pass(100_000);
    expect(quota).toHaveBeenCalledTimes(3);
  });

  it('comes after a failure', async () => {
    const { details, quota, model, shown } = await setupQuota();
    quota.mockRejectedValueOnce(failure('door_broken', 502));
    details.renew();
    await settle();
    expect(details.quota?.message).toContain('door_broken');
    await pass(60_000);
    model.select(0);
    await pass();
    expect(shown()).toBe(1);
  });

  it('is the younger of two answers, and of the endpoint shown', async () => {
    const { api, details, model, quota, shown, used } = await setupQuota();
    let release: (list: typeof api.quotas) => void = () => undefined;
    const old = api.quotas;
    quota.mockReturnValueOnce(new Promise(resolve => (release = resolve)));
    details.renew();
    used(2);
    details.renew();
    await settle();
    release(old);
    await settle();
    expect(shown()).toBe(2);
    quota.mockReturnValueOnce(new Promise(() => undefined));
    await model.open('there', '/home');
    expect(details.quota).toBeNull();
  });
});

it('is quiet once disposed', async () => {
  const { api, model, details } = await setup();
  details.isOpen = true;
  model.select(0);
  details.dispose();
  await pass();
  expect(api.asked).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});
