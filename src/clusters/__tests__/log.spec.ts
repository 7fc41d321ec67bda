/** Logs that grow, are cut, begin anew or belong to another source by the time they come. */
import type { ILogPart } from '../api';
import { KEPT_CHARACTERS, LogModel } from '../logmodel';
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
    const count = KEPT_CHARACTERS / 100 + 5;
    api.logParts = [part(line.repeat(count), line.length * count)];
    await log.refresh();
    expect(log.text.length).toBeLessThanOrEqual(KEPT_CHARACTERS);
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
});
