import { Signal } from '@lumino/signaling';
import type { IChange } from '../../common/events';
import { DCacheModel } from '../model';
import { FakeApi, failure, makeEndpoint, settle } from './fake';

function setup(): {
  api: FakeApi;
  model: DCacheModel;
  push: (change: IChange) => void;
} {
  const api = new FakeApi();
  api.addMany('/home', 5);
  api.add('/home/runs', { type: 'directory' });
  const changes = new Signal<unknown, IChange>({});
  const model = new DCacheModel({ api, changes, settle_ms: 0 });
  return { api, model, push: change => changes.emit(change) };
}

const NAMES = ['f000000', 'f000001', 'f000002', 'f000003', 'f000004', 'runs'];

function selectedNames(model: DCacheModel): string[] {
  return model.selected.map(({ name }) => name);
}

describe('DCacheModel', () => {
  it('asks for nothing before it is shown, then opens the first home', async () => {
    const { api, model } = setup();
    await settle();
    expect(api.listed).toHaveLength(0);
    await model.show();
    expect(model.endpoint).toBe('here');
    expect(model.path).toBe('/home');
    expect(model.listing?.total).toBe(6);
  });

  it('asks once for the endpoints when a folder is opened while it comes into view', async () => {
    const { api, model } = setup();
    const asked = jest.spyOn(api, 'endpoints');
    await Promise.all([model.show(), model.open('here', '/home')]);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(api.listed).toHaveLength(1);
    expect(model.listing?.total).toBe(6);
  });

  it('opens what it remembers, if that endpoint still exists', async () => {
    const { api, model } = setup();
    api.configured = [makeEndpoint('here', '/home'), makeEndpoint('there')];
    model.restore({ endpoint: 'there', path: '/x' });
    await model.show();
    expect(model.remembered).toMatchObject({ endpoint: 'there', path: '/x' });

    const other = setup();
    other.model.restore({ endpoint: 'gone', path: '/x' });
    await other.model.show();
    expect(other.model.remembered).toMatchObject({
      endpoint: 'here',
      path: '/home'
    });
  });

  it('knows that nothing is configured, and finds what is configured later', async () => {
    const { api, model } = setup();
    api.configured = [];
    await model.show();
    expect(model.endpoints).toEqual([]);
    expect(model.listing).toBeNull();
    api.configured = [makeEndpoint('new', '/home')];
    await model.refresh();
    expect(model.listing?.total).toBe(6);
  });

  it('retries when the endpoints could not be read', async () => {
    const { api, model } = setup();
    api.nextFailure = failure('network', 0);
    await model.show();
    expect(model.problem?.code).toBe('network');
    await model.refresh();
    expect(model.problem).toBeNull();
    expect(model.listing?.total).toBe(6);
  });

  it('never shows the rows of a folder that was left', async () => {
    const { api, model } = setup();
    await model.show();
    api.add('/home/runs/only');
    api.holds = true;
    const first = model.openPath('/home/runs');
    await settle();
    const second = model.openPath('/home');
    await settle();
    expect(api.aborted).toBe(1);
    // The late answer of the folder that was left comes last.
    api.held[1].release();
    await second;
    api.held[0].release();
    await first;
    await settle();
    expect(model.path).toBe('/home');
    expect(model.listing?.entryAt(0)?.name).toBe('f000000');
    expect(model.listing?.total).toBe(6);
  });

  it('goes to a folder that was asked for before the endpoints were known', async () => {
    const { model } = setup();
    const shown = model.show();
    await model.openPath('/home/runs');
    await shown;
    expect(model.path).toBe('/home/runs');
    expect(model.listing).not.toBeNull();
  });

  it('leaves out hidden names unless asked for them, and counts them', async () => {
    const { api, model } = setup();
    api.add('/home/.profile');
    api.add('/home/.rsdat-0123456789abcdef.part');
    const changed = jest.fn();
    await model.show();
    model.changed.connect(changed);
    expect(model.listing?.total).toBe(6);
    expect(model.listing?.hidden).toBe(2);
    await model.selectAll();
    expect(selectedNames(model)).toEqual(NAMES);

    model.showsHidden = true;
    await settle();
    expect(changed).toHaveBeenCalledTimes(1);
    expect(model.listing?.total).toBe(8);
    expect(model.listing?.hidden).toBe(0);
    // The same entries stay selected; what nobody sees does not.
    expect(selectedNames(model)).toEqual(NAMES);
    await model.selectAll();
    expect(model.selected).toHaveLength(8);
    await model.typeAhead('.pro');
    model.toggle(0);
    expect(selectedNames(model)).toEqual(['.profile', 'f000000']);

    model.showsHidden = false;
    await settle();
    expect(selectedNames(model)).toEqual(['f000000']);
    await model.typeAhead('.pro');
    expect(selectedNames(model)).toEqual(['f000000']);
  });

  it('goes up with the folder it came from selected', async () => {
    const { model } = setup();
    await model.show();
    await model.openPath('/home/runs');
    await model.openParent();
    expect(model.path).toBe('/home');
    expect(selectedNames(model)).toEqual(['runs']);
  });

  it('stays at the root', async () => {
    const { api, model } = setup();
    await model.show();
    await model.openPath('/');
    const asked = api.listed.length;
    await model.openParent();
    expect(api.listed).toHaveLength(asked);
  });

  it('sorts, and turns the order round the second time', async () => {
    const { api, model } = setup();
    await model.show();
    model.sortBy('size');
    model.sortBy('size');
    model.sortBy('modified');
    await settle();
    expect(api.listed.map(({ sort }) => sort)).toEqual([
      'name',
      'size',
      '-size',
      'modified'
    ]);
    expect(model.remembered.sort).toEqual({ key: 'modified', reverse: false });
  });

  it('filters on the companion, and forgets the filter in another folder', async () => {
    const { api, model } = setup();
    await model.show();
    model.setFilter('0003');
    model.setFilter('0003');
    await settle();
    expect(api.listed).toHaveLength(2);
    expect(model.listing?.total).toBe(1);
    // The field still shows what was typed: so must the rows.
    await model.openPath('/home');
    expect(model.filter).toBe('0003');
    expect(model.listing?.total).toBe(1);
    await model.openPath('/home/runs');
    expect(model.filter).toBe('');
  });

  it('reads again what was changed elsewhere, and nothing else', async () => {
    const { api, model, push } = setup();
    await model.show();
    const asked = (): number => api.listed.length;
    push({ kind: 'dcache', id: 'here:/other' });
    push({ kind: 'dcache', id: 'there:/home' });
    push({ kind: 'dcache', id: 'here:/home/runs' });
    push({ kind: 'cluster', id: 'here:/home' });
    await settle();
    expect(asked()).toBe(1);
    api.add('/home/x:y');
    push({ kind: 'dcache', id: 'here:/home' });
    await settle();
    expect(asked()).toBe(2);
    expect(model.listing?.total).toBe(7);
  });

  it('waits with that until somebody looks', async () => {
    const { api, model, push } = setup();
    await model.show();
    model.hide();
    push({ kind: 'dcache', id: 'here:/home' });
    push({ kind: 'dcache', id: 'here:/home' });
    await settle();
    expect(api.listed).toHaveLength(1);
    await model.show();
    expect(api.listed).toHaveLength(2);
    model.hide();
    await model.show();
    expect(api.listed).toHaveLength(2);
  });

  it('catches up on what was missed, at once or when somebody looks', async () => {
    const { api, model } = setup();
    model.markOld();
    await settle();
    expect(api.listed).toHaveLength(0);
    await model.show();
    api.add('/home/new');
    model.markOld();
    await settle();
    expect(model.listing?.total).toBe(7);
    expect(api.listed.map(({ refresh }) => refresh)).toEqual([false, false]);
    model.hide();
    model.markOld();
    await settle();
    expect(api.listed).toHaveLength(2);
    await model.show();
    expect(api.listed).toHaveLength(3);
  });

  it('tells what can’t be listed', async () => {
    const { api, model } = setup();
    await model.show();
    api.nextFailure = failure('not_found', 404);
    await model.openPath('/gone');
    expect(model.problem?.code).toBe('not_found');
    await model.openPath('/home');
    expect(model.problem).toBeNull();
  });

  it('is quiet once disposed', async () => {
    const { model, push, api } = setup();
    await model.show();
    const changed = jest.fn();
    model.stateChanged.connect(changed);
    model.dispose();
    push({ kind: 'dcache', id: 'here:/home' });
    await settle();
    expect(changed).not.toHaveBeenCalled();
    expect(api.listed).toHaveLength(1);
  });
});

it('lists nothing when it was disposed while the endpoints came', async () => {
  const { api, model } = setup();
  const shown = model.show();
  model.dispose();
  await shown;
  expect(api.listed).toEqual([]);
  expect(model.listing).toBeNull();
});

describe('selection', () => {
  it('selects one, adds, takes away and clears', async () => {
    const { model } = setup();
    await model.show();
    model.select(1);
    model.toggle(3);
    expect(selectedNames(model)).toEqual([NAMES[1], NAMES[3]]);
    model.toggle(1);
    expect(selectedNames(model)).toEqual([NAMES[3]]);
    model.clearSelection();
    expect(model.selected).toEqual([]);
    expect(model.selection.active).toBe(1);
  });

  it('keeps within the rows', async () => {
    const { model } = setup();
    await model.show();
    model.select(99);
    expect(model.selection.active).toBe(5);
    model.select(-4);
    expect(model.selection.active).toBe(0);
  });

  it('extends from where it began, in both directions', async () => {
    const { model } = setup();
    await model.show();
    model.select(2);
    await model.extendTo(4);
    expect(selectedNames(model)).toEqual(NAMES.slice(2, 5));
    await model.extendTo(1);
    expect(selectedNames(model)).toEqual(NAMES.slice(1, 3));
  });

  it('extends over rows that are not loaded', async () => {
    const { api, model } = setup();
    api.addMany('/big', 5000);
    await model.show();
    await model.openPath('/big');
    model.select(0);
    await model.extendTo(700);
    expect(model.selected).toHaveLength(701);
    await model.extendTo(4999);
    expect(model.selected).toHaveLength(5000);
    expect(model.selection.active).toBe(4999);
  });

  describe('of everything while dCache still tells the rest', () => {
    async function setupBig() {
      const { api, model } = setup();
      api.addMany('/big', 200);
      api.isComplete = false;
      await model.show();
      await model.openPath('/big');
      return { api, model };
    }

    it('waits for the rest, and takes all of it', async () => {
      const { api, model } = await setupBig();
      model.select(7);
      const selecting = model.selectAll();
      expect(model.selecting).toBe(selecting);
      expect(model.selectAll()).toBe(selecting);
      await model.refresh(false);
      // Nobody acts on what was selected before, nor on a part of all.
      expect(model.selected).toEqual([]);
      // The keyboard moves on its own, and what is not found changes nothing.
      model.moveTo(3);
      await model.typeAhead('nothing');
      api.addMany('/big', 5000);
      api.isComplete = true;
      await model.refresh(false);
      await selecting;
      expect(model.selected).toHaveLength(5000);
      expect(model.selection.active).toBe(3);
    });

    it('takes the rows of the whole listing before where one is renewed', async () => {
      const { api, model } = await setupBig();
      api.addMany('/big', 700);
      await model.refresh(false);
      await model.selectAll();
      expect(model.selected).toHaveLength(700);
    });

    it('reads again where rows have gone, or are forgotten', async () => {
      const { api, model } = await setupBig();
      api.addMany('/big', 700);
      api.isComplete = true;
      await model.refresh(false);
      api.delete('/big/f000300');
      await model.selectAll();
      expect(model.selected).toHaveLength(699);
    });

    it('is given up by another selection, and by another folder', async () => {
      const { api, model } = await setupBig();
      const first = model.selectAll();
      model.select(2);
      await first;
      expect(selectedNames(model)).toEqual(['f000002']);
      const second = model.selectAll();
      await model.openPath('/home');
      await second;
      api.isComplete = true;
      await model.refresh(false);
      expect(model.selected).toEqual([]);
      expect(model.problem).toBeNull();
    });

    it('selects nothing where the rest can’t be had, and says why', async () => {
      const { api, model } = await setupBig();
      const selecting = model.selectAll();
      api.nextFailure = failure('door_broken', 502);
      await model.refresh(false);
      await selecting;
      expect(model.selected).toEqual([]);
      expect(model.selection.pending).toBeNull();
      expect(model.problem?.code).toBe('door_broken');
    });
  });

  it('selects a row that was waiting for its page once it is here', async () => {
    const { api, model } = setup();
    api.addMany('/big', 500);
    await model.show();
    await model.openPath('/big');
    model.select(450);
    expect(selectedNames(model)).toEqual([]);
    model.look({ first: 440, end: 460 });
    await new Promise(resolve => setTimeout(resolve, 5));
    await settle();
    expect(selectedNames(model)).toEqual(['f000450']);
  });

  it('finds a name by its beginning', async () => {
    const { model } = setup();
    await model.show();
    void model.typeAhead('R');
    expect(selectedNames(model)).toEqual(['runs']);
    void model.typeAhead('f');
    expect(selectedNames(model)).toEqual(['f000000']);
    void model.typeAhead('f');
    expect(selectedNames(model)).toEqual(['f000001']);
    void model.typeAhead('f000003');
    expect(selectedNames(model)).toEqual(['f000003']);
    void model.typeAhead('nothing');
    expect(selectedNames(model)).toEqual(['f000003']);
  });

  it('finds a name by its beginning beyond what is loaded', async () => {
    const { api, model } = setup();
    api.add('/big/z.txt');
    api.addMany('/big', 1000);
    await model.show();
    await model.openPath('/big');
    model.look({ first: 0, end: 20 });
    await model.typeAhead('f0009');
    expect(model.selection.active).toBe(901);
    model.look({ first: 890, end: 910 });
    await new Promise(resolve => setTimeout(resolve, 5));
    await settle();
    expect(selectedNames(model)).toEqual(['f000900']);
    // What is here needs no request.
    const asked = api.listed.length;
    await model.typeAhead('f000905');
    expect(selectedNames(model)).toEqual(['f000905']);
    expect(api.listed).toHaveLength(asked);
    await model.typeAhead('nothing');
    expect(selectedNames(model)).toEqual(['f000905']);
    // Round the end, to what lies before.
    await model.typeAhead('z');
    expect(model.selection.active).toBe(0);
  });

  it('gives up looking for what was typed when another key comes', async () => {
    const { api, model } = setup();
    api.addMany('/big', 1000);
    await model.show();
    await model.openPath('/big');
    api.holds = true;
    const first = model.typeAhead('f0008');
    const second = model.typeAhead('f0009');
    expect(api.aborted).toBe(1);
    api.held[1].release();
    await Promise.all([first, second]);
    expect(model.selection.active).toBe(900);
    expect(model.problem).toBeNull();
  });

  it('shows what became of the selected entry', async () => {
    const { api, model } = setup();
    api.add('/home/a', { locality: 'NEARLINE' });
    await model.show();
    model.selectName('a');
    api.add('/home/a', { locality: 'ONLINE_AND_NEARLINE' });
    await model.refresh();
    expect(model.selected[0].locality).toBe('ONLINE_AND_NEARLINE');
  });

  it('forgets entries that are gone', async () => {
    const { api, model } = setup();
    await model.show();
    model.select(5);
    api.delete('/home/runs');
    await model.refresh();
    expect(model.selection.active).toBe(4);
    expect(selectedNames(model)).not.toContain('runs');
  });
});
