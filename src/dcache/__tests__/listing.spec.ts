import { ApiError } from '../../common/request';
import { Listing, PAGE_ROWS } from '../listing';
import { FakeApi, failure, settle } from './fake';

const FOLDER = '/home';

function setup(count: number): { api: FakeApi; listing: Listing } {
  const api = new FakeApi();
  api.addMany(FOLDER, count);
  const listing = new Listing({
    settle_ms: 50,
    fetchPage: ({ page, count = 1, anew, signal }) =>
      api.list(
        {
          endpoint: 'here',
          path: FOLDER,
          offset: page * PAGE_ROWS,
          limit: count * PAGE_ROWS,
          sort: 'name',
          filter: '',
          refresh: anew
        },
        signal
      ),
    find: jest.fn()
  });
  return { api, listing };
}

function pagesAsked(api: FakeApi): number[] {
  return api.listed.map(({ offset }) => offset / PAGE_ROWS);
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

async function pass(time_ms: number): Promise<void> {
  jest.advanceTimersByTime(time_ms);
  await settle();
}

describe('Listing', () => {
  it('loads its first page at once', async () => {
    const { listing } = setup(1000);
    await listing.refresh(false);
    expect(listing.isLoaded).toBe(true);
    expect(listing.total).toBe(1000);
    expect(listing.entryAt(0)?.name).toBe('f000000');
    expect(listing.entryAt(200)).toBeNull();
  });

  it('is not stopped by a look at no rows before the first answer', async () => {
    const { api, listing } = setup(10);
    api.holds = true;
    const loaded = listing.refresh(false);
    await settle();
    listing.look({ first: 0, end: 0 });
    api.held[0].release();
    await loaded;
    expect(listing.total).toBe(10);
  });

  it('fetches what is looked at for a moment, both pages at a border', async () => {
    const { api, listing } = setup(2000);
    await listing.refresh(false);
    listing.look({ first: 590, end: 620 });
    await pass(50);
    expect(pagesAsked(api)).toEqual([0, 2, 3]);
    expect(listing.entryAt(599)?.name).toBe('f000599');
    expect(listing.entryAt(600)?.name).toBe('f000600');
  });

  it('asks for nothing while rows fly past', async () => {
    const { api, listing } = setup(50_000);
    await listing.refresh(false);
    for (let row = 0; row < 40_000; row += 400) {
      listing.look({ first: row, end: row + 30 });
      await pass(16);
    }
    await pass(50);
    expect(pagesAsked(api)).toEqual([0, 198]);
  });

  it('cancels what was asked for rows that are gone again', async () => {
    const { api, listing } = setup(50_000);
    await listing.refresh(false);
    api.holds = true;
    listing.look({ first: 10_000, end: 10_030 });
    await pass(50);
    listing.look({ first: 40_000, end: 40_030 });
    expect(api.aborted).toBe(1);
    await pass(50);
    api.held[1].release();
    await settle();
    expect(listing.entryAt(40_000)).not.toBeNull();
    expect(listing.entryAt(10_000)).toBeNull();
    expect(listing.problem).toBeNull();
  });

  it('fetches a page once', async () => {
    const { api, listing } = setup(2000);
    await listing.refresh(false);
    for (const first of [450, 0, 460, 0, 470]) {
      listing.look({ first, end: first + 30 });
      await pass(50);
    }
    expect(pagesAsked(api)).toEqual([0, 2]);
  });

  it('keeps the old rows while it refreshes, then shows the new ones', async () => {
    const { api, listing } = setup(3);
    await listing.refresh(false);
    api.delete(`${FOLDER}/f000000`);
    api.holds = true;
    const refreshed = listing.refresh(true);
    await settle();
    expect(listing.entryAt(0)?.name).toBe('f000000');
    api.held[0].release();
    await refreshed;
    expect(listing.total).toBe(2);
    expect(listing.entryAt(0)?.name).toBe('f000001');
    expect(api.listed.map(({ refresh }) => refresh)).toEqual([false, true]);
  });

  it('answers refreshes asked for meanwhile with one that begins later', async () => {
    const { api, listing } = setup(3);
    api.holds = true;
    const first = listing.refresh(false);
    await settle();
    const second = listing.refresh(false);
    const third = listing.refresh(true);
    api.held[0].release();
    await first;
    await settle();
    expect(api.held).toHaveLength(2);
    api.held[1].release();
    await Promise.all([second, third]);
    expect(api.listed.map(({ refresh }) => refresh)).toEqual([false, true]);
  });

  it('reads the other rows in view again when the folder changed between pages', async () => {
    const { api, listing } = setup(1000);
    await listing.refresh(false);
    listing.look({ first: 190, end: 195 });
    await pass(50);
    api.delete(`${FOLDER}/f000000`);
    listing.look({ first: 190, end: 220 });
    await pass(50);
    expect(listing.total).toBe(999);
    expect(listing.entryAt(0)?.name).toBe('f000000');
    await pass(1000);
    expect(listing.entryAt(0)?.name).toBe('f000001');
  });

  it('tells a failure, keeps its rows, and forgets it after a success', async () => {
    const { api, listing } = setup(3);
    await listing.refresh(false);
    api.nextFailure = failure('door_broken', 502);
    await listing.refresh(true);
    expect(listing.problem?.code).toBe('door_broken');
    expect(listing.entryAt(0)?.name).toBe('f000000');
    await listing.refresh(true);
    expect(listing.problem).toBeNull();
  });

  it('does nothing any more once it is disposed', async () => {
    const { api, listing } = setup(1000);
    const changed = jest.fn();
    listing.changed.connect(changed);
    api.holds = true;
    const loaded = listing.refresh(false);
    await settle();
    changed.mockClear();
    listing.dispose();
    await loaded;
    expect(api.aborted).toBe(1);
    expect(changed).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives the entries of a range, fetching what is missing', async () => {
    const { listing } = setup(1000);
    await listing.refresh(false);
    const entries = await listing.entriesOf({ first: 150, end: 450 });
    expect(entries).toHaveLength(300);
    expect(entries[299].name).toBe('f000449');
  });

  it('rejects when the entries of a range can’t be fetched', async () => {
    const { api, listing } = setup(1000);
    await listing.refresh(false);
    api.nextFailure = failure('door_broken', 502);
    await expect(
      listing.entriesOf({ first: 300, end: 301 })
    ).rejects.toBeInstanceOf(ApiError);
  });

  it('finds loaded entries round the end', async () => {
    const { listing } = setup(10);
    await listing.refresh(false);
    const found = listing.findLoaded(8, ({ name }) => name === 'f000002');
    expect(found?.row).toBe(2);
    expect(listing.findLoaded(0, () => false)).toBeNull();
  });

  it('forgets pages rather than grow without end', async () => {
    const { api, listing } = setup(50_000);
    await listing.refresh(false);
    for (let page = 0; page < 150; page++) {
      const first = page * PAGE_ROWS;
      listing.look({ first, end: first + 10 });
      await pass(50);
    }
    expect(listing.entryAt(0)).toBeNull();
    expect(listing.entryAt(149 * PAGE_ROWS)).not.toBeNull();
    listing.look({ first: 0, end: 10 });
    await pass(50);
    expect(listing.entryAt(0)).not.toBeNull();
    expect(pagesAsked(api).filter(page => page === 0)).toHaveLength(2);
  });

  describe('a folder that dCache is still telling', () => {
    it('grows while one looks, without losing its rows', async () => {
      const { api, listing } = setup(3);
      api.isComplete = false;
      await listing.refresh(false);
      expect([listing.isComplete, listing.total]).toEqual([false, 3]);
      api.addMany(FOLDER, 500);
      await pass(1000);
      expect([listing.isComplete, listing.total]).toEqual([false, 500]);
      api.isComplete = true;
      await pass(1000);
      expect(listing.isComplete).toBe(true);
      const asked = api.listed.length;
      await pass(5000);
      expect(api.listed).toHaveLength(asked);
      expect(api.listed.every(({ refresh }) => !refresh)).toBe(true);
    });

    it('is left alone when nobody looks', async () => {
      const api = new FakeApi();
      api.isComplete = false;
      const fetchPage = jest.fn(() =>
        api.list({
          endpoint: 'here',
          path: FOLDER,
          offset: 0,
          limit: PAGE_ROWS,
          sort: 'name',
          filter: ''
        })
      );
      const listing = new Listing({
        fetchPage,
        find: jest.fn(),
        isIdle: () => true
      });
      await listing.refresh(false);
      await pass(5000);
      expect(fetchPage).toHaveBeenCalledTimes(1);
      listing.dispose();
    });
  });

  it('reads a long range anew when the folder was listed again meanwhile', async () => {
    const { api, listing } = setup(3000);
    await listing.refresh(false);
    const list = api.list.bind(api);
    let asked = 0;
    jest.spyOn(api, 'list').mockImplementation(async (request, signal) => {
      const page = await list(request, signal);
      // Between the first part and the second an entry comes, first in order.
      if (++asked === 1) {
        api.add(`${FOLDER}/a-first`);
      }
      return { ...page, listed: asked === 1 ? 'before' : 'after' };
    });
    const entries = await listing.entriesOf({ first: 0, end: 3000 });
    const names = new Set(entries.map(({ name }) => name));
    expect(names.size).toBe(3000);
    expect(asked).toBe(5);
  });

  it('gives a long range up when it is told to', async () => {
    const { api, listing } = setup(3000);
    await listing.refresh(false);
    api.holds = true;
    const control = new AbortController();
    const entries = listing.entriesOf({ first: 0, end: 3000 }, control.signal);
    control.abort();
    await expect(entries).rejects.toBeInstanceOf(ApiError);
  });
});
