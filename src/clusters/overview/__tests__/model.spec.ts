/** When the companion is asked, and what is known when it does not answer. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { StateDB } from '@jupyterlab/statedb';
import { Signal } from '@lumino/signaling';
import { ApiError } from '../../../common/request';
import { OverviewModel } from '../model';
import { FakePulses, aPulse, aPulseList } from './samples';

/** Only timers: lumino's polls go by animation frames for what is at once. */
async function pass(time_ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(time_ms);
}

describe('OverviewModel', () => {
  let api: FakePulses;
  let model: OverviewModel;

  const answer = async (
    list: ReturnType<typeof aPulseList> | ApiError = aPulseList()
  ): Promise<void> => {
    const last = api.answers[api.answers.length - 1];
    if (list instanceof ApiError) {
      last.reject(list);
    } else {
      last.resolve(list);
    }
    await pass(0);
  };

  const hide = (isHidden: boolean): void => {
    jest.spyOn(document, 'hidden', 'get').mockReturnValue(isHidden);
  };

  beforeEach(() => {
    jest.useFakeTimers();
    hide(false);
    api = new FakePulses();
    model = new OverviewModel({ api });
  });

  afterEach(() => {
    model.dispose();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('asks nothing while nobody watches', async () => {
    await pass(60_000);
    expect(api.asked).toEqual([]);
  });

  it('asks at once, then as often as the companion says, for what is new', async () => {
    const watch = model.watch();
    await pass(50);
    expect(api.asked).toEqual([null]);
    await answer();
    await pass(1_900);
    expect(api.asked).toHaveLength(1);
    await pass(200);
    expect(api.asked).toEqual([null, 'a.1']);
    await answer(aPulseList({ cursor: 'a.2', whole: false, next: 5 }));
    await pass(4_500);
    expect(api.asked).toHaveLength(2);
    await pass(600);
    expect(api.asked).toEqual([null, 'a.1', 'a.2']);
    watch.dispose();
    await answer();
    await pass(60_000);
    expect(api.asked).toHaveLength(3);
  });

  it('asks sooner when something is known to be new, if anybody looks', async () => {
    model.hasten();
    await pass(60_000);
    expect(api.asked).toEqual([]);
    const watch = model.watch();
    await pass(50);
    await answer();
    model.hasten();
    await pass(50);
    expect(api.asked).toHaveLength(2);
    await answer();
    watch.dispose();
    model.hasten();
    await pass(60_000);
    expect(api.asked).toHaveLength(2);
  });

  it('does not ask while the page is hidden, nor when it is switched off', async () => {
    const watch = model.watch();
    await pass(50);
    await answer();
    hide(true);
    await pass(60_000);
    expect(api.asked).toHaveLength(1);
    hide(false);
    await pass(3_000);
    expect(api.asked).toHaveLength(2);
    await answer();
    model.setLooks('off');
    await pass(60_000);
    expect(api.asked).toHaveLength(2);
    model.setLooks('compact');
    await pass(50);
    expect(api.asked).toHaveLength(3);
    watch.dispose();
  });

  it('keeps what is not new as the same object, and adds what is', async () => {
    const watch = model.watch();
    await pass(50);
    await answer(aPulseList({ clusters: [aPulse(), aPulse({ id: 'c-2' })] }));
    const [first, second] = [model.pulse('c-1'), model.pulse('c-2')];
    expect(first?.samples.map(each => each.cpu)).toEqual([10, 20, 78.4]);
    await pass(2_100);
    await answer(
      aPulseList({
        whole: false,
        clusters: [aPulse({ samples: [[0, 5, 50, 0, 0, 0]] })]
      })
    );
    expect(model.pulse('c-2')).toBe(second);
    expect(model.pulse('c-1')?.samples.map(each => each.cpu)).toEqual([
      10, 20, 78.4, 5
    ]);
    // The whole replaces all, and a cluster that is gone is gone.
    await pass(2_100);
    await answer(aPulseList());
    expect(model.pulse('c-1')?.samples).toHaveLength(3);
    expect(model.pulse('c-2')).toBeNull();
    watch.dispose();
  });

  it('tells nothing as of now when the companion is away, and recovers', async () => {
    const watch = model.watch();
    await pass(50);
    await answer();
    await pass(2_100);
    await answer(new ApiError({ code: 'offline', message: 'away' }));
    expect(model.pulse('c-1')?.state).toBe('silent');
    expect(model.pulse('c-1')?.samples).toHaveLength(3);
    await pass(60_000);
    // All of it, as what was live before may not be new.
    expect(api.asked[api.asked.length - 1]).toBeNull();
    await answer();
    expect(model.pulse('c-1')?.state).toBe('live');
    watch.dispose();
  });

  it('does not go on asking a companion that knows no such question', async () => {
    const watch = model.watch();
    await pass(50);
    await answer(
      new ApiError({ code: 'not_found', message: 'no', status: 404 })
    );
    await pass(300_000);
    expect(api.asked).toHaveLength(1);
    watch.dispose();
  });

  it('remembers what is folded, for as long as the cluster is there', async () => {
    const state = new StateDB();
    const made = (): OverviewModel => new OverviewModel({ api, state });
    const one = made();
    expect(one.isOpen('c-1')).toBe(true);
    one.setOpen('c-1', false);
    one.setOpen('c-9', false);
    await pass(0);
    const two = made();
    await pass(0);
    expect([two.isOpen('c-1'), two.isOpen('c-2')]).toEqual([false, true]);
    const watch = two.watch();
    await pass(50);
    await answer();
    expect([two.isOpen('c-1'), two.isOpen('c-9')]).toEqual([false, true]);
    two.setLooks('compact');
    expect(two.isOpen('c-2')).toBe(false);
    watch.dispose();
    one.dispose();
    two.dispose();
  });

  it('keeps what is unfolded also where the setting is read after it', async () => {
    const state = new StateDB();
    const registry = {
      load: async () => {
        await new Promise(resolve => setTimeout(resolve, 100));
        return {
          composite: { overview: 'compact' },
          changed: new Signal<object, void>({})
        };
      }
    } as unknown as ISettingRegistry;
    const opened = async (): Promise<OverviewModel> => {
      const made = new OverviewModel({ api, state });
      await Promise.all([made.follow(registry, 'any'), pass(100)]);
      return made;
    };
    const one = await opened();
    one.setOpen('c-1', true);
    one.dispose();
    const two = await opened();
    expect([two.isOpen('c-1'), two.isOpen('c-2')]).toEqual([true, false]);
    two.setOpen('c-2', true);
    two.dispose();
    const three = await opened();
    expect([three.isOpen('c-1'), three.isOpen('c-2')]).toEqual([true, true]);
    // Another choice is another beginning, for good.
    three.setLooks('full');
    three.setLooks('compact');
    three.dispose();
    const four = await opened();
    expect(four.isOpen('c-1')).toBe(false);
    four.dispose();
  });
});
