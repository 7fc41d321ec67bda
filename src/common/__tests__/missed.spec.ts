/** Events that did not come are found out by their numbers. */
import type { ServiceManager } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { CHANGED, ChangeStream, type IChange } from '../events';
import { MissedEvents } from '../missed';

/** Some checks after Lumino's polls have had their animation frames. */
const LONG_MS = 31_000;

function make() {
  const stream = new Signal<unknown, unknown>({});
  const changes = new ChangeStream({
    stream
  } as unknown as ServiceManager.IManager['events']);
  const seen: IChange[] = [];
  changes.changed.connect((_, change) => void seen.push(change));
  const server = { number: 1000, isDown: false, asked: 0 };
  const page = { isIdle: false };
  const events = new MissedEvents({
    stream: changes,
    ask: async () => {
      server.asked++;
      if (server.isDown) {
        throw new Error('down');
      }
      return server.number;
    },
    isIdle: () => page.isIdle
  });
  let missed = 0;
  events.missed.connect(() => void missed++);
  const happen = (options: { arrives: boolean }): void => {
    server.number++;
    if (options.arrives) {
      stream.emit({
        schema_id: CHANGED,
        kind: 'dcache',
        id: 'here:/home',
        number: server.number
      });
    }
  };
  return { changes, events, happen, page, seen, server, missed: () => missed };
}

const made: ReturnType<typeof make>[] = [];

function setup() {
  const parts = make();
  made.push(parts);
  return parts;
}

const pass = (ms = LONG_MS) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  for (const { changes, events } of made.splice(0)) {
    events.dispose();
    changes.dispose();
  }
  jest.useRealTimers();
});

it('says nothing while every event comes', async () => {
  const { happen, missed, seen } = setup();
  await pass();
  happen({ arrives: true });
  happen({ arrives: true });
  await pass();
  expect(missed()).toBe(0);
  expect(seen).toEqual(
    Array.from({ length: 2 }, () => ({ kind: 'dcache', id: 'here:/home' }))
  );
});

it('says once that one did not come, also when a later one did', async () => {
  const { happen, missed } = setup();
  await pass();
  happen({ arrives: false });
  await pass();
  expect(missed()).toBe(1);
  await pass();
  expect(missed()).toBe(1);
  happen({ arrives: false });
  happen({ arrives: true });
  // Without waiting: the gap in the numbers tells.
  expect(missed()).toBe(2);
  await pass();
  expect(missed()).toBe(2);
});

it('finds out after an outage, and after a restart of the server', async () => {
  const { happen, missed, server } = setup();
  await pass();
  server.isDown = true;
  happen({ arrives: false });
  await pass(60_000);
  expect(missed()).toBe(0);
  server.isDown = false;
  await pass(300_000);
  expect(missed()).toBe(1);
  server.number += 100_000;
  await pass();
  expect(missed()).toBe(2);
});

it('asks nothing while nobody looks, and at once when somebody does', async () => {
  const { events, happen, missed, page, server } = setup();
  await pass();
  page.isIdle = true;
  await pass();
  const { asked } = server;
  happen({ arrives: false });
  await pass(300_000);
  expect(server.asked).toBe(asked);
  page.isIdle = false;
  void events.check();
  await pass(100);
  expect(missed()).toBe(1);
});
