/** What is asked when the page comes back into view, or online. */
import { Signal } from '@lumino/signaling';
import type { ChangeStream, IChange } from '../../common/events';
import { Follower } from '../follower';

describe('a follower of clusters that are glanced at', () => {
  let follower: Follower;
  let hidden: jest.SpyInstance;
  const load = jest.fn();
  const changes = { changed: new Signal<object, IChange>({}) };

  const show = (isShown: boolean): void => {
    hidden.mockReturnValue(!isShown);
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const pass = (time_ms: number): Promise<void> =>
    jest.advanceTimersByTimeAsync(time_ms) as unknown as Promise<void>;

  beforeEach(async () => {
    jest.useFakeTimers();
    jest.resetAllMocks();
    load.mockResolvedValue(false);
    hidden = jest.spyOn(document, 'hidden', 'get').mockReturnValue(false);
    follower = new Follower({
      name: 'test',
      load,
      changes: changes as unknown as ChangeStream
    });
    follower.glance();
    await pass(1_000);
    load.mockClear();
  });

  afterEach(() => {
    follower.dispose();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('asks at once for what changed while the page was hidden', async () => {
    show(false);
    changes.changed.emit({ kind: 'cluster', id: 'c-1' });
    await pass(30_000);
    expect(load).not.toHaveBeenCalled();
    show(true);
    expect(load).toHaveBeenCalledTimes(1);
    await pass(0);
    show(false);
    show(true);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('asks for what is old, and what could not be asked for', async () => {
    show(false);
    await pass(61_000);
    load.mockRejectedValueOnce(new Error('offline'));
    show(true);
    expect(load).toHaveBeenCalledTimes(1);
    await pass(0);
    window.dispatchEvent(new Event('online'));
    expect(load).toHaveBeenCalledTimes(2);
    await pass(0);
    window.dispatchEvent(new Event('online'));
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('asks nothing for nobody', async () => {
    const other = new Follower({ name: 'other', load });
    await pass(61_000);
    load.mockClear();
    hidden.mockReturnValue(true);
    follower.dispose();
    show(true);
    expect(load).not.toHaveBeenCalled();
    other.dispose();
  });

  it('takes missed events for changes', async () => {
    follower.note();
    await pass(60_000);
    expect(load).toHaveBeenCalledTimes(1);
  });
});
