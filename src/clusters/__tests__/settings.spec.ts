/** What the user chose about clusters, and that it takes effect. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { ClusterModel } from '../model';
import { Notices } from '../notices';
import { ClusterSettings } from '../settings';
import { FakeApi, aCluster, aList, settle } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');

/** A registry with these settings, which `change` replaces. */
function aRegistry(composite: object) {
  const loaded = { composite };
  const changed = new Signal<object, void>(loaded);
  const settings = Object.assign(loaded, { changed });
  return {
    registry: { load: () => Promise.resolve(settings) } as never,
    change: (composite: object): void => {
      loaded.composite = composite;
      changed.emit();
    }
  };
}

it('follows the registry, and does without it', async () => {
  const settings = new ClusterSettings();
  const read = () => [
    settings.warns,
    settings.isInStatusBar,
    settings.refresh_s
  ];
  await settings.follow(null);
  await settings.follow({ load: () => Promise.reject(new Error()) } as never);
  expect(read()).toEqual([true, true, 30]);
  const { change, registry } = aRegistry({ warnings: false });
  await settings.follow(registry);
  expect(read()).toEqual([false, true, 30]);
  const changed = jest.fn();
  settings.changed.connect(changed);
  change({ statusBar: false, refreshInterval: 120 });
  expect(read()).toEqual([true, false, 120]);
  expect(changed).toHaveBeenCalledTimes(1);
});

it('asks as often as the user wants while nothing is on its way', async () => {
  jest.useFakeTimers();
  try {
    const api = new FakeApi();
    const model = new ClusterModel({ api });
    model.calm_ms = 120_000;
    const watch = model.watch();
    const pass = async (span_ms: number): Promise<number> => {
      const before = api.lists.length;
      for (let past_ms = 0; past_ms < span_ms; past_ms += 10_000) {
        api.lists.forEach(list => list.resolve(aList(aCluster())));
        await jest.advanceTimersByTimeAsync(10_000);
      }
      return api.lists.length - before;
    };
    // The first ones come at once.
    await pass(20_000);
    expect(await pass(90_000)).toBe(0);
    expect(await pass(60_000)).toBe(1);
    model.calm_ms = 10_000;
    await pass(120_000);
    expect(await pass(60_000)).toBe(6);
    watch.dispose();
    model.dispose();
  } finally {
    jest.useRealTimers();
  }
});

it('warns only who wants to be warned', async () => {
  const api = new FakeApi();
  const model = new ClusterModel({ api });
  let isWanted = false;
  new Notices({ model, trans, show: jest.fn(), isWanted: () => isWanted });
  const at = '2026-01-01T18:30:00Z';
  const list = aList(
    aCluster({ warnings: [{ message: 'It ends', hint: null, at }] })
  );
  const told = () => Notification.manager.notifications.length;
  for (const [index, wanted] of [false, true].entries()) {
    isWanted = wanted;
    void model.refresh();
    api.lists[index].resolve(list);
    await settle();
    expect(told()).toBe(wanted ? 1 : 0);
  }
  Notification.dismiss();
  model.dispose();
});
