import { ServerConnection, type Contents } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { ApiError } from '../../common/request';
import { DCacheDrive, OPEN_LIMIT_BYTES } from '../drive';
import { FakeApi, failure } from './fake';

const TYPES: Record<string, { contentType: string; fileFormat: string }> = {
  ipynb: { contentType: 'notebook', fileFormat: 'json' },
  json: { contentType: 'file', fileFormat: 'text' },
  png: { contentType: 'file', fileFormat: 'base64' },
  txt: { contentType: 'file', fileFormat: 'text' }
};

function setup(): {
  api: FakeApi;
  drive: DCacheDrive;
  changes: Contents.IChangedArgs[];
} {
  const api = new FakeApi();
  const drive = new DCacheDrive({
    api,
    trans: nullTranslator.load('jupyterlab'),
    fileTypes: name => {
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
      return type ? [{ mimeTypes: ['a/b'], ...type } as never] : [];
    },
    serverSettings: ServerConnection.makeSettings()
  });
  const changes: Contents.IChangedArgs[] = [];
  drive.fileChanged.connect((_, change) => void changes.push(change));
  return { api, drive, changes };
}

function notebook(cell: object): string {
  return JSON.stringify({
    cells: [cell],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5
  });
}

async function statusOf(promise: Promise<unknown>): Promise<number> {
  const reason = await promise.catch(error => error);
  if (!(reason instanceof ServerConnection.ResponseError)) {
    throw new Error(`no ResponseError: ${reason}`);
  }
  return reason.response.status;
}

describe('get', () => {
  it('gives text', async () => {
    const { api, drive } = setup();
    api.add('/a b/ü#?%:.txt', {}, 'x\r\né');
    const model = await drive.get('here/a b/ü#?%:.txt');
    expect(model).toMatchObject({
      name: 'ü#?%:.txt',
      path: 'here/a b/ü#?%:.txt',
      type: 'file',
      format: 'text',
      content: 'x\r\né',
      last_modified: '2026-01-02T03:04:05Z',
      writable: true
    });
  });

  it('gives images as base64 and JSON files as text', async () => {
    const { api, drive } = setup();
    api.add('/p.png', {}, '\u0001\u0002');
    api.add('/j.json', {}, '{"a": 1}');
    expect(await drive.get('here/p.png')).toMatchObject({
      format: 'base64',
      content: 'AQI='
    });
    expect(await drive.get('here/j.json')).toMatchObject({
      format: 'text',
      content: '{"a": 1}'
    });
  });

  it('gives a notebook, but as text when a text editor asks', async () => {
    const { api, drive } = setup();
    const text = notebook({ cell_type: 'code', metadata: {}, source: '1' });
    api.add('/n.ipynb', {}, text);
    expect(await drive.get('here/n.ipynb')).toMatchObject({
      type: 'notebook',
      format: 'json',
      content: JSON.parse(text)
    });
    const asText = await drive.get('here/n.ipynb', {
      type: 'file',
      format: 'text'
    });
    expect(asText).toMatchObject({ format: 'text', content: text });
  });

  it('believes no notebook that says it is trusted', async () => {
    const { api, drive } = setup();
    const cell = { metadata: { trusted: true, tags: ['x'] }, source: '' };
    api.add('/n.ipynb', {}, notebook(cell));
    const { content } = await drive.get('here/n.ipynb');
    expect(content.cells[0].metadata).toEqual({ tags: ['x'] });
  });

  it.each([
    ['bad.ipynb', '{', /JSON/],
    ['list.ipynb', '[1]', /no notebook/],
    ['old.ipynb', '{"nbformat": 3, "worksheets": []}', /old format/]
  ])('says what is wrong with %s', async (name, text, words) => {
    const { api, drive } = setup();
    api.add(`/${name}`, {}, text);
    await expect(drive.get(`here/${name}`)).rejects.toThrow(words);
  });

  it('refuses to show bytes as text', async () => {
    const { api, drive } = setup();
    api.add('/b.txt');
    jest
      .spyOn(api, 'read')
      .mockResolvedValue(new Uint8Array([0xff, 0xfe, 0x00]).buffer);
    await expect(drive.get('here/b.txt')).rejects.toThrow(/UTF-8/);
  });

  it('asks for no bytes without content', async () => {
    const { api, drive } = setup();
    api.add('/a.txt', { size: OPEN_LIMIT_BYTES * 9, locality: 'NEARLINE' });
    const read = jest.spyOn(api, 'read');
    const model = await drive.get('here/a.txt', { content: false });
    expect(model.content).toBeNull();
    expect(model.last_modified).toBe('2026-01-02T03:04:05Z');
    expect(read).not.toHaveBeenCalled();
  });

  it('refuses what is too large, before reading it', async () => {
    const { api, drive } = setup();
    api.add('/a.txt', { size: OPEN_LIMIT_BYTES + 1 });
    const read = jest.spyOn(api, 'read');
    await expect(drive.get('here/a.txt')).rejects.toThrow(/50 MiB/);
    expect(read).not.toHaveBeenCalled();
  });

  it('fails at once for a file on tape, and tells that it is', async () => {
    const { api, drive } = setup();
    api.add('/a.txt', { locality: 'NEARLINE' });
    const read = jest.spyOn(api, 'read');
    const onTape = jest.fn();
    drive.onTape.connect((_, place) => onTape(place));
    await expect(drive.get('here/a.txt')).rejects.toThrow(/on tape/);
    expect(onTape).toHaveBeenCalledWith({ endpoint: 'here', path: '/a.txt' });
    expect(read).not.toHaveBeenCalled();
  });

  it('tells it too when only the reading finds out', async () => {
    const { api, drive } = setup();
    api.add('/a.txt');
    jest.spyOn(api, 'read').mockRejectedValue(failure('on_tape', 409));
    const onTape = jest.fn();
    drive.onTape.connect((_, place) => onTape(place));
    expect(await statusOf(drive.get('here/a.txt'))).toBe(409);
    expect(onTape).toHaveBeenCalledTimes(1);
  });

  it('lists endpoints and folders for Lab’s dialogs', async () => {
    const { api, drive } = setup();
    api.addMany('/home', 1500);
    const root = await drive.get('');
    expect(root.content.map(({ path }: Contents.IModel) => path)).toEqual([
      'here'
    ]);
    api.add('/home', { type: 'directory' });
    const home = await drive.get('here/home');
    expect(home.content).toHaveLength(1500);
    expect(home.content[1499].path).toBe('here/home/f001499');
  });

  it('says 404 as Lab wants it', async () => {
    const { drive } = setup();
    expect(await statusOf(drive.get('here/none'))).toBe(404);
  });

  it('gives an error without a status when nothing answered', async () => {
    const { api, drive } = setup();
    api.nextFailure = failure('network', 0);
    const reason = await drive.get('here/a').catch(error => error);
    expect(reason).toBeInstanceOf(Error);
    expect(reason.response).toBeUndefined();
  });
});

describe('save', () => {
  it('replaces only what its editor has seen', async () => {
    const { api, drive, changes } = setup();
    api.add('/a.txt', {}, 'old');
    await drive.get('here/a.txt');
    const saved = await drive.save('here/a.txt', {
      type: 'file',
      format: 'text',
      content: 'new é'
    });
    expect(api.textOf('/a.txt')).toBe('new é');
    expect(api.writes[0].condition).toEqual({
      replace: true,
      unchangedSince: '2026-01-02T03:04:05Z'
    });
    expect(saved.last_modified).not.toBe('2026-01-02T03:04:05Z');
    expect(changes.map(({ type }) => type)).toEqual(['save']);
    // And once more, from what the first save gave.
    await drive.save('here/a.txt', { content: 'newer', format: 'text' });
    expect(api.textOf('/a.txt')).toBe('newer');
  });

  it('fails when somebody else has saved meanwhile', async () => {
    const { api, drive } = setup();
    api.add('/a.txt', {}, 'old');
    await drive.get('here/a.txt');
    api.add('/a.txt', { modified: '2026-02-02T00:00:00Z' }, 'theirs');
    expect(await statusOf(drive.save('here/a.txt', { content: 'mine' }))).toBe(
      409
    );
    expect(api.textOf('/a.txt')).toBe('theirs');
    // Lab looks first, asks its user, and saves again: then it is on purpose.
    await drive.get('here/a.txt', { content: false });
    await drive.save('here/a.txt', { content: 'mine', format: 'text' });
    expect(api.textOf('/a.txt')).toBe('mine');
  });

  it('tells apart two saves that Lab takes for one', async () => {
    const { api, drive } = setup();
    api.add('/a.txt', { modified: '2026-02-02T00:00:00.100Z' }, 'old');
    await drive.get('here/a.txt');
    api.add('/a.txt', { modified: '2026-02-02T00:00:00.500Z' }, 'theirs');
    // Lab looks, finds it younger by less than half a second, and asks nobody.
    await drive.get('here/a.txt', { content: false });
    expect(await statusOf(drive.save('here/a.txt', { content: 'mine' }))).toBe(
      409
    );
    expect(api.textOf('/a.txt')).toBe('theirs');
  });

  it('writes anew what was deleted meanwhile, alone or with its folder', async () => {
    const { api, drive } = setup();
    api.add('/d', { type: 'directory' });
    api.add('/d/a.txt', {}, 'old');
    const save = () =>
      drive.save('here/d/a.txt', { content: 'new', format: 'text' });
    await drive.get('here/d/a.txt');
    api.delete('/d/a.txt');
    // Lab looks before it saves.
    expect(await statusOf(drive.get('here/d/a.txt', { content: false }))).toBe(
      404
    );
    await save();
    expect(api.textOf('/d/a.txt')).toBe('new');
    api.delete('/d/a.txt');
    await drive.delete('here/d');
    await save();
    expect(api.textOf('/d/a.txt')).toBe('new');
  });

  it('never replaces what it hasn’t seen', async () => {
    const { api, drive } = setup();
    api.add('/a.txt', {}, 'old');
    expect(await statusOf(drive.save('here/a.txt', { content: 'x' }))).toBe(
      409
    );
    expect(api.textOf('/a.txt')).toBe('old');
  });

  it('writes notebooks as Jupyter does, without marks of trust', async () => {
    const { api, drive } = setup();
    const content = JSON.parse(
      notebook({ metadata: { trusted: true }, source: 'é' })
    );
    await drive.save('here/n.ipynb', {
      type: 'notebook',
      format: 'json',
      content
    });
    const text = api.textOf('/n.ipynb')!;
    expect(text).toContain('\n "cells": [');
    expect(text.endsWith('}\n')).toBe(true);
    expect(text).toContain('é');
    expect(text).not.toContain('trusted');
  });

  it('writes base64 as bytes', async () => {
    const { api, drive } = setup();
    await drive.save('here/p.png', { format: 'base64', content: 'AQI=' });
    expect(api.textOf('/p.png')).toBe('\u0001\u0002');
  });

  it('takes no pieces of files', async () => {
    const { api, drive } = setup();
    await expect(
      drive.save('here/big', { chunk: 1, content: 'AQI=', format: 'base64' })
    ).rejects.toThrow(/dCache panel/);
    expect(api.writes).toHaveLength(0);
  });
});

describe('the rest', () => {
  it('renames, and says so for open documents', async () => {
    const { api, drive, changes } = setup();
    api.add('/a.txt', {}, 'x');
    await drive.get('here/a.txt');
    await drive.rename('here/a.txt', 'here/b.txt');
    expect(changes[0]).toMatchObject({
      type: 'rename',
      oldValue: { path: 'here/a.txt' },
      newValue: { path: 'here/b.txt', name: 'b.txt' }
    });
    await drive.save('here/b.txt', { content: 'y', format: 'text' });
    expect(api.textOf('/b.txt')).toBe('y');
  });

  it('moves nothing between endpoints', async () => {
    const { drive } = setup();
    await expect(drive.rename('here/a', 'there/a')).rejects.toThrow(/within/);
  });

  it('deletes', async () => {
    const { api, drive, changes } = setup();
    api.add('/a.txt');
    await drive.delete('here/a.txt');
    expect(api.removed).toEqual([{ path: '/a.txt', recursive: true }]);
    expect(changes[0]).toMatchObject({
      type: 'delete',
      oldValue: { path: 'here/a.txt' }
    });
  });

  it('fails for Lab as Lab knows it, and keeps what the companion said', async () => {
    const { api, drive } = setup();
    api.nextFailure = failure('stopped', 409, { deleted: 7 });
    const reason = await drive.delete('here/d').catch(reason => reason);
    expect(reason).toBeInstanceOf(ServerConnection.ResponseError);
    expect(ApiError.from(reason)).toMatchObject({
      code: 'stopped',
      details: { deleted: 7 }
    });
  });

  it('makes new files and copies under names that are free', async () => {
    const { api, drive } = setup();
    api.add('/untitled.txt', {}, 'taken');
    const made = await drive.newUntitled({ path: 'here', type: 'file' });
    expect(made.path).toBe('here/untitled (2).txt');
    expect(api.textOf('/untitled (2).txt')).toBe('');
    const copy = await drive.copy('here/untitled.txt', 'here');
    expect(copy.path).toBe('here/untitled (3).txt');
    expect(api.textOf('/untitled (3).txt')).toBe('taken');
  });

  it('makes notebooks that open', async () => {
    const { api, drive } = setup();
    const made = await drive.newUntitled({ path: 'here', type: 'notebook' });
    expect(made.path).toBe('here/Untitled.ipynb');
    expect(JSON.parse(api.textOf('/Untitled.ipynb')!).nbformat).toBe(4);
    expect((await drive.get('here/Untitled.ipynb')).type).toBe('notebook');
  });

  it('has no checkpoints, and complains about none', async () => {
    const { drive } = setup();
    expect(await drive.listCheckpoints()).toEqual([]);
    expect((await drive.createCheckpoint()).id).toBe('none');
    await expect(drive.restoreCheckpoint()).rejects.toThrow(/checkpoints/);
  });
});
