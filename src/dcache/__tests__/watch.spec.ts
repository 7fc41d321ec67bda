/** The watch over the folder shown: asked for while one looks, and looks of our own only where nothing is told. */
import { Signal } from '@lumino/signaling';
import type { IChange } from '../../common/events';
import { DCacheModel } from '../model';
import { FolderWatch } from '../watch';
import { FakeApi, settle } from './fake';

const MINUTE_MS = 60_000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

async function setup(isLive: boolean) {
  const api = new FakeApi();
  api.isLive = isLive;
  api.addMany('/home', 3);
  const model = new DCacheModel({
    api,
    changes: new Signal<unknown, IChange>({}),
    settle_ms: 0
  });
  const watch = new FolderWatch({ api, model });
  await model.show();
  watch.start();
  await settle();
  const looks = () => api.listed.filter(({ refresh }) => refresh).length;
  return { api, model, watch, looks };
}

async function minutes(count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    await settle();
  }
}

it('is renewed every minute, and reads nothing itself while changes are told', async () => {
  const { api, looks, watch } = await setup(true);
  const before = api.watched.length;
  await minutes(5);
  expect(api.watched.length - before).toBeGreaterThanOrEqual(4);
  expect(new Set(api.watched)).toEqual(new Set(['/home']));
  expect(looks()).toBe(0);
  watch.dispose();
});

it('follows one to another folder at once', async () => {
  const { api, model, watch } = await setup(true);
  await model.openPath('/');
  await settle();
  await jest.advanceTimersByTimeAsync(1);
  expect(api.watched[api.watched.length - 1]).toBe('/');
  watch.dispose();
});

it('looks itself where nothing is told, seldomer while nothing changes', async () => {
  const { api, looks, watch } = await setup(false);
  await minutes(4);
  const early = looks();
  expect(early).toBeGreaterThanOrEqual(1);
  await minutes(30);
  // After 1, 2, 4, 8 and 15 minutes.
  expect(looks() - early).toBeLessThanOrEqual(4);
  api.add('/home/new');
  await minutes(16);
  const found = looks();
  await minutes(3);
  expect(looks()).toBeGreaterThan(found);
  watch.dispose();
});

it('asks for nothing while nobody looks', async () => {
  const { api, model, looks, watch } = await setup(false);
  model.hide();
  const before = api.watched.length;
  await minutes(20);
  expect(api.watched.length - before).toBeLessThanOrEqual(1);
  expect(looks()).toBe(0);
  watch.dispose();
});
