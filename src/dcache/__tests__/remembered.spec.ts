/** What the panel takes up when Lab begins: one listing, of the right folder, with what is wanted in it. */
import { StateDB } from '@jupyterlab/statedb';
import { Signal } from '@lumino/signaling';
import type { IChange } from '../../common/events';
import { Bookmarks } from '../bookmarks';
import { ColumnsModel } from '../columns';
import { DetailsModel } from '../details';
import { PluginIDs } from '../ids';
import { DCacheModel } from '../model';
import { followHabits, remember } from '../remembered';
import { FakeApi } from './fake';

/** Settings that the user has chosen. */
function registryOf(composite: Record<string, unknown>) {
  const set = jest.fn(async () => undefined);
  const settings = {
    composite,
    get: (key: string) => ({ composite: composite[key] }),
    set,
    changed: new Signal<object, void>({})
  };
  return { registry: { load: async () => settings } as never, set };
}

async function begin(habits: Record<string, unknown>, state: StateDB | null) {
  const api = new FakeApi();
  const model = new DCacheModel({
    api,
    changes: new Signal<unknown, IChange>({}),
    settle_ms: 0
  });
  const { registry, set } = registryOf(habits);
  await remember({
    model,
    columns: new ColumnsModel(),
    details: new DetailsModel({ api, model, settle_ms: 0 }),
    state,
    registry
  });
  await model.show();
  await followHabits({
    registry,
    bookmarks: new Bookmarks(),
    model,
    setOpenLimit: () => undefined,
    onFailure: reason => {
      throw reason;
    }
  });
  return { api, model, set };
}

describe.each([null, new StateDB()])('with the state %p', state => {
  it.each([true, false])('lists once, hidden files %p', async isShown => {
    const { api, model, set } = await begin(
      { showHiddenFiles: isShown },
      state
    );
    expect(model.showsHidden).toBe(isShown);
    expect(api.listed.map(({ hidden }) => hidden)).toEqual([isShown]);
    // Nothing was chosen here.
    expect(set).not.toHaveBeenCalled();
  });
});

it.each([
  ['last', '/elsewhere'],
  ['home', '/home']
])('begins at the folder %p', async (startFolder, path) => {
  const state = new StateDB();
  const sort = { key: 'size', reverse: true };
  await state.save(PluginIDs.panel, {
    endpoint: 'here',
    path: '/elsewhere',
    sort
  });
  const { api, model } = await begin({ startFolder }, state);
  expect(api.listed.map(request => request.path)).toEqual([path]);
  expect(model.sort).toEqual(sort);
});
