/** Logs that grow, are cut, begin anew or belong to another source by the time they come. */
import { PromiseDelegate } from '@lumino/coreutils';
import type { ILogPart } from '../api';
import { KEPT_BYTES, LogModel } from '../logs/model';
import { FakeApi, settle } from './samples';

function part(
  text: string | Uint8Array,
  nextOffset: number,
  size = nextOffset
): ILogPart {
  const bytes =
    typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return { bytes: bytes.slice().buffer, nextOffset, size };
}

describe('LogModel', () => {
  let api: FakeApi;
  let log: LogModel;

  beforeEach(() => {
    api = new FakeApi();
    log = new LogModel({ api, cluster: 'c-1', source: 'scheduler' });
  });

  afterEach(() => {
    log.dispose();
  });

  it('reads on from where it ended', async () => {
    api.logParts = [part('one\n', 4), part('two\n', 8)];
    await log.refresh();
    await log.refresh();
    expect(log.text).toBe('one\ntwo\n');
    expect(log.isCut).toBe(false);
    expect(api.logCalls[1]).toEqual(['c-1', 'scheduler', 4]);
    expect(api.logCalls[0][2]).toBeLessThan(0);
  });

  it('reads a long rest in parts, with characters that lie across them', async () => {
    const bytes = new TextEncoder().encode('é日');
    api.logParts = [
      part(bytes.slice(0, 1), 1, 5),
      part(bytes.slice(1, 3), 3, 5),
      part(bytes.slice(3), 5)
    ];
    await log.refresh();
    expect(log.text).toBe('é日');
  });

  it('keeps the part that is read in the middle of a log', async () => {
    api.logParts = [part('before\nhere\n', 100_000, 900_000)];
    await log.goTo('scheduler', 99_995);
    const { text } = log;
    api.logParts = [part('after\n', 100_006, 900_000)];
    log.isShown = true;
    await log.refresh();
    expect(log.text).toBe(text);
    expect(log.hasLater).toBe(true);
    expect(log.error).toBeNull();
  });

  describe('that is shown', () => {
    let canGrow: boolean;

    beforeEach(() => {
      jest.useFakeTimers();
      log.dispose();
      canGrow = true;
      const options = { api, cluster: 'c-1', source: 'scheduler' };
      log = new LogModel({ ...options, canGrow: () => canGrow });
    });

    afterEach(() => {
      jest.useRealTimers();
    });

    it('is looked at again and again as long as it may grow', async () => {
      api.logParts = Array.from({ length: 100 }, () => part('', 0));
      log.isShown = true;
      await jest.advanceTimersByTimeAsync(20_000);
      expect(api.logCalls.length).toBeGreaterThan(5);
      canGrow = false;
      await jest.advanceTimersByTimeAsync(5_000);
      const calls = api.logCalls.length;
      await jest.advanceTimersByTimeAsync(300_000);
      expect(api.logCalls).toHaveLength(calls);
    });

    it('goes to the end when told to follow, although it has one', async () => {
      canGrow = false;
      api.logParts = [part('first\n', 6, 12)];
      log.isFollowing = false;
      log.isShown = true;
      await jest.advanceTimersByTimeAsync(5_000);
      expect(log.text).toBe('first\n');
      api.logParts = [part('last!\n', 12), part('', 12)];
      log.isFollowing = true;
      await jest.advanceTimersByTimeAsync(5_000);
      expect(log.text).toBe('first\nlast!\n');
      expect(log.hasLater).toBe(false);
    });
  });

  it('says when the beginning is missing', async () => {
    api.logParts = [part('end\n', 1000)];
    await log.refresh();
    expect(log.isCut).toBe(true);
  });

  it('begins anew when the log did', async () => {
    api.logParts = [part('old run\n', 8), part('', 3, 3), part('new', 3)];
    await log.refresh();
    await log.refresh();
    expect(log.text).toBe('new');
  });

  it('keeps the end of what is too long', async () => {
    const line = `${'x'.repeat(99)}\n`;
    const count = KEPT_BYTES / 100 + 5;
    api.logParts = [part(line.repeat(count), line.length * count)];
    await log.refresh();
    expect(log.text.length).toBeLessThanOrEqual(KEPT_BYTES);
    expect(log.isCut).toBe(true);
  });

  it('keeps the text when a request fails', async () => {
    api.logParts = [part('one\n', 4)];
    await log.refresh();
    await log.refresh();
    expect(log.text).toBe('one\n');
    expect(log.error?.message).toBe('no log');
  });

  it('drops an answer that belongs to the source before', async () => {
    api.logParts = [part('scheduler', 9), part('job', 3)];
    const first = log.refresh();
    log.source = '671_0';
    await first;
    await settle();
    expect(log.text).toBe('job');
  });

  it('shows the part around a place, and reads on in both directions', async () => {
    const around = `${'a'.repeat(65_530)}\nfound\n`;
    api.logParts = [part(around, 500_000 + 65_537, 900_000)];
    await log.goTo('671_0', 565_531);
    expect(api.logCalls).toEqual([['c-1', '671_0', 565_531 - 65_536]]);
    expect(log.isFollowing).toBe(false);
    expect(log.isCut && log.hasLater).toBe(true);
  });

  it('marks the place in characters, not bytes', async () => {
    const text = `${'é'.repeat(10)}\nfound\n`;
    const bytes = new TextEncoder().encode(text);
    api.logParts = [part(bytes, bytes.length)];
    await log.goTo('scheduler', 21);
    expect(log.text.slice(log.mark!)).toBe('found\n');
    // What is held already is not read again.
    await log.goTo('scheduler', 2);
    expect(log.mark).toBe(1);
    expect(api.logCalls).toHaveLength(1);
  });

  it('reads earlier parts from a whole line on, without what is held', async () => {
    api.logParts = [part('c\nd\n', 300_004, 300_004)];
    await log.refresh();
    // The line that was cut in two is left out.
    expect(log.text).toBe('d\n');
    const first = 300_002 - 128 * 1024;
    const before = `rest\n${'x'.repeat(128 * 1024 - 8)}\nc\n`;
    api.logParts = [part(`${before}d\n`, 300_004)];
    await log.earlier();
    expect(api.logCalls[1]).toEqual(['c-1', 'scheduler', first]);
    expect(log.start).toBe(first + 5);
    expect(log.text.startsWith('xxx')).toBe(true);
    expect(log.text.endsWith('x\nc\nd\n')).toBe(true);
  });

  it('does not read all that was written while nobody looked', async () => {
    api.logParts = [part('one\n', 4)];
    await log.refresh();
    api.logParts = [
      part('x'.repeat(100), 104, 300_000_000),
      part('end\n', 300_000_000)
    ];
    await log.refresh();
    expect(log.text).toBe('end\n');
    expect(log.isCut).toBe(true);
    expect(api.logCalls[2][2]).toBeLessThan(0);
  });

  it('reads one part at a time when it does not follow', async () => {
    api.logParts = [part('one\n', 4)];
    await log.refresh();
    log.isFollowing = false;
    api.logParts = [part('two\n', 8, 400_000), part('three\n', 14, 400_000)];
    await log.refresh();
    expect(log.text).toBe('one\ntwo\n');
    expect(log.hasLater).toBe(true);
    await log.later();
    expect(log.text).toBe('one\ntwo\nthree\n');
  });

  it('is read to its end, whatever is under way', async () => {
    const before = new PromiseDelegate<ILogPart>();
    const asked = jest.spyOn(api, 'log').mockReturnValueOnce(before.promise);
    void log.refresh();
    api.logParts = [part('Closing\n', 12)];
    const finished = log.finish();
    before.resolve(part('one\n', 4));
    await finished;
    expect(log.text).toBe('one\nClosing\n');
    asked.mockRestore();
  });

  it('jumps although the end is being read meanwhile', async () => {
    const end = new PromiseDelegate<ILogPart>();
    const asked = jest.spyOn(api, 'log').mockReturnValueOnce(end.promise);
    const following = log.refresh();
    api.logParts = [part('place\n', 6, 900_000)];
    await log.goTo('scheduler', 0);
    end.resolve(part('end\n', 900_000));
    await following;
    expect(log.text).toBe('place\n');
    asked.mockRestore();
  });
});
