/** The dCache commands, from their arguments to what the companion is asked and the user told. */
import { Clipboard, Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { configure, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { IChange } from '../../common/events';
import { DCacheActions } from '../actions';
import { addCommands } from '../commands';
import { CommandIDs } from '../ids';
import { DCacheModel } from '../model';
import { FakeApi } from './fake';

// Jsdom opens no dialog elements: what is in them counts as hidden.
configure({ defaultHidden: true });

function setup() {
  const api = new FakeApi();
  api.add('/home/tape.dat', { locality: 'NEARLINE' });
  api.add('/home/staged.dat', { locality: 'ONLINE_AND_NEARLINE' });
  api.add('/home/disk.dat', { locality: 'ONLINE' });
  const model = new DCacheModel({
    api,
    changes: new Signal<unknown, IChange>({}),
    settle_ms: 0
  });
  const trans = nullTranslator.load('jupyterlab');
  const openDocument = jest.fn();
  const insteadOfOpening = jest.fn();
  const inserted: string[] = [];
  const actions = new DCacheActions({
    api,
    model,
    contents: {} as never,
    trans,
    followDeletion: jest.fn(),
    stage: jest.fn(),
    openLimit_bytes: () => 1000,
    insteadOfOpening,
    openDocument
  });
  const commands = new CommandRegistry();
  addCommands({
    commands,
    model,
    actions,
    trans,
    showPanel: jest.fn(),
    insertCode: code => inserted.push(code) > 0
  });
  return { api, model, commands, openDocument, insteadOfOpening, inserted };
}

it('describes the arguments of every command', async () => {
  const { commands } = setup();
  for (const id of Object.values(CommandIDs)) {
    const { args } = await commands.describedBy(id);
    expect(args).toMatchObject({ type: 'object' });
  }
});

describe('opening', () => {
  const args = { endpoint: 'here', path: '/home/disk.dat' };

  it('gives a file to Lab’s editors', async () => {
    const { commands, openDocument } = setup();
    await commands.execute(CommandIDs.open, args);
    expect(openDocument).toHaveBeenCalledWith('dcache:here/home/disk.dat');
  });

  it('offers something else for a file that is too large', async () => {
    const { api, commands, insteadOfOpening, openDocument } = setup();
    api.add('/home/disk.dat', { size: 1001 });
    const opened = commands.execute(CommandIDs.open, args);
    const code = await screen.findByRole('button', { name: 'Insert code' });
    await userEvent.setup().click(code);
    await opened;
    expect(openDocument).not.toHaveBeenCalled();
    expect(insteadOfOpening).toHaveBeenCalledWith('code', {
      endpoint: 'here',
      path: '/home/disk.dat'
    });
  });
});

describe('into notebook and clipboard', () => {
  const paths = ['/home/disk.dat', '/home/tape.dat'];

  it('copies paths, URLs and code', async () => {
    const copied = jest
      .spyOn(Clipboard, 'copyToSystem')
      .mockImplementation(() => undefined);
    const { commands } = setup();
    await commands.execute(CommandIDs.copyPath, { paths });
    await commands.execute(CommandIDs.copyUrl, { paths });
    await commands.execute(CommandIDs.copyCode, { paths: [paths[0]] });
    expect(copied.mock.calls.map(([text]) => text)).toEqual([
      '/home/disk.dat\n/home/tape.dat',
      'dcache:///home/disk.dat\ndcache:///home/tape.dat',
      expect.stringContaining('fsspec.open("dcache:///home/disk.dat"')
    ]);
    copied.mockRestore();
  });

  it('copies no other name than the one that is no text', async () => {
    const copied = jest
      .spyOn(Clipboard, 'copyToSystem')
      .mockImplementation(() => undefined);
    const told = jest.spyOn(Notification, 'emit');
    const { api, commands, inserted } = setup();
    const bad = '/home/bad\udcff.dat';
    api.add(bad);
    for (const id of [
      CommandIDs.copyPath,
      CommandIDs.copyUrl,
      CommandIDs.copyCode,
      CommandIDs.insertCode
    ]) {
      told.mockClear();
      await commands.execute(id, { paths: [paths[0], bad] });
      expect(told.mock.calls.map(([text]) => text)).toEqual([
        expect.stringContaining('is no UTF-8')
      ]);
    }
    expect(copied).not.toHaveBeenCalled();
    expect(inserted).toEqual([]);
    copied.mockRestore();
    told.mockRestore();
  });

  it('waits for a selection whose entries are still on their way', async () => {
    const { api, commands, inserted, model } = setup();
    await model.show();
    api.addMany('/many', 900);
    await model.openPath('/many');
    void model.selectAll();
    expect(model.selected).toHaveLength(0);
    await commands.execute(CommandIDs.insertCode);
    expect(model.selected).toHaveLength(900);
    expect(inserted[0]).toContain('# 900 entries were selected');
  });
});

describe('on all of a folder that dCache still tells', () => {
  async function setupBig() {
    const { api, commands, model } = setup();
    api.addMany('/big', 200);
    api.isComplete = false;
    await model.show();
    await model.openPath('/big');
    model.select(7);
    void model.selectAll();
    const copied: string[] = [];
    jest
      .spyOn(Clipboard, 'copyToSystem')
      .mockImplementation(text => void copied.push(text as string));
    return { api, commands, copied, model };
  }

  it('waits for the rest, and does not take it for the one before', async () => {
    const { api, commands, copied, model } = await setupBig();
    expect(commands.isEnabled(CommandIDs.rename)).toBe(false);
    expect(commands.isEnabled(CommandIDs.remove)).toBe(true);
    const done = commands.execute(CommandIDs.copyPath);
    api.addMany('/big', 700);
    api.isComplete = true;
    await model.refresh(false);
    await done;
    expect(copied[0].split('\n')).toHaveLength(700);
  });

  it('does nothing when something else was selected meanwhile', async () => {
    const { commands, copied, model } = await setupBig();
    const asked = commands.execute(CommandIDs.remove);
    const copying = commands.execute(CommandIDs.copyPath);
    model.select(3);
    await Promise.all([asked, copying]);
    expect(copied).toEqual([]);
    expect(screen.queryByRole('dialog')).toBeNull();
  });
});
