/** Commands on what is selected in the dCache panel, also while it is still on its way. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import type { IEntry } from '../../common/types';
import { addFileCommands } from '../filecommands';
import { CommandIDs } from '../ids';

const entry = (name: string): IEntry => ({
  name,
  path: `/data/${name}`,
  type: 'file',
  size: 1,
  modified: null,
  created: null,
  locality: 'ONLINE',
  mime: 'text/plain'
});
const [one, two] = ['a', 'b'].map(entry);

function setup(selected: IEntry[] = []) {
  const commands = new CommandRegistry();
  const dcache = {
    endpoint: 'here',
    path: '/data',
    selected,
    selectedCount: selected.length,
    selecting: Promise.resolve(true),
    stateChanged: new Signal({})
  };
  const actions = { copy: jest.fn(), download: jest.fn() };
  const askWorkspace = jest.fn(async () => 'out');
  addFileCommands({
    commands,
    actions: actions as never,
    api: { info: jest.fn() },
    dcache: dcache as never,
    trans: nullTranslator.load('jupyterlab_rsdat'),
    chooseFiles: async () => [],
    chooseFolder: async () => [],
    askWorkspace,
    askDCache: async () => undefined,
    workspaceSelection: () => []
  });
  /** Many rows are drawn as selected; dCache still tells them. */
  const selectMany = () => {
    const here = new PromiseDelegate<boolean>();
    Object.assign(dcache, {
      selected: [],
      selectedCount: 2,
      selecting: here.promise
    });
    return (entries: IEntry[], isAll = true): void => {
      dcache.selected = entries;
      dcache.selectedCount = entries.length;
      here.resolve(isAll);
    };
  };
  return { actions, askWorkspace, commands, dcache, selectMany };
}

const told = () =>
  Notification.manager.notifications.map(({ message }) => message);

afterEach(() => Notification.dismiss());

describe('a selection that is still on its way', () => {
  it('is waited for by what is done with it', async () => {
    const { actions, askWorkspace, commands, selectMany } = setup();
    const { copyToWorkspace, download, downloadArchive } = CommandIDs;
    for (const id of [download, downloadArchive, copyToWorkspace]) {
      const come = selectMany();
      expect(commands.isEnabled(id)).toBe(true);
      expect(commands.isVisible(id)).toBe(true);
      expect(commands.label(CommandIDs.download)).toBe('Download as Zip');
      const done = commands.execute(id);
      come([one, two]);
      await done;
    }
    expect(actions.download.mock.calls).toEqual([
      ['here', [one, two], 'zip'],
      ['here', [one, two], 'tar']
    ]);
    expect(askWorkspace).toHaveBeenCalledWith(2);
    expect(actions.copy.mock.calls).toEqual([
      [
        { endpoint: 'here', paths: ['/data/a', '/data/b'] },
        { endpoint: null, path: 'out' }
      ]
    ]);
  });

  it('is not mistaken for another one', async () => {
    const { actions, askWorkspace, commands, selectMany } = setup();
    for (const id of [CommandIDs.download, CommandIDs.copyToWorkspace]) {
      const come = selectMany();
      const done = commands.execute(id);
      come([one], false);
      await done;
    }
    expect(actions.download).not.toHaveBeenCalled();
    expect(askWorkspace).not.toHaveBeenCalled();
    expect(told()).toEqual([]);
  });
});

describe('copy', () => {
  it('takes all that is selected', async () => {
    const { actions, commands, selectMany } = setup([one]);
    await commands.execute(CommandIDs.copy);
    const come = selectMany();
    const copied = commands.execute(CommandIDs.copy);
    // Not what was taken before.
    expect(commands.isEnabled(CommandIDs.paste)).toBe(false);
    come([one, two]);
    await copied;
    expect(commands.isEnabled(CommandIDs.paste)).toBe(true);
    await commands.execute(CommandIDs.paste, { path: '/to' });
    expect(actions.copy.mock.calls).toEqual([
      [
        { endpoint: 'here', paths: ['/data/a', '/data/b'] },
        { endpoint: 'here', path: '/to' }
      ]
    ]);
  });

  it('says that it took nothing where the selection was given up', async () => {
    const { commands, selectMany } = setup([one]);
    await commands.execute(CommandIDs.copy);
    const come = selectMany();
    const copied = commands.execute(CommandIDs.copy);
    come([two], false);
    await copied;
    expect(commands.isEnabled(CommandIDs.paste)).toBe(false);
    expect(told()).toEqual([
      'Nothing was noted to paste: the selection was given up before all of it was here.'
    ]);
  });

  it('takes what was copied last', async () => {
    const { actions, commands, selectMany } = setup();
    const come = selectMany();
    const first = commands.execute(CommandIDs.copy);
    await commands.execute(CommandIDs.copy, { paths: ['/x'] });
    come([one, two]);
    await first;
    await commands.execute(CommandIDs.paste, { path: '/to' });
    expect(actions.copy.mock.calls[0][0].paths).toEqual(['/x']);
    expect(told()).toEqual([]);
  });

  it('leaves what it took where nothing is selected', async () => {
    const { commands, dcache } = setup([one]);
    await commands.execute(CommandIDs.copy);
    Object.assign(dcache, { selected: [], selectedCount: 0 });
    await commands.execute(CommandIDs.copy);
    await commands.execute(CommandIDs.copy, { paths: [] });
    expect(commands.isEnabled(CommandIDs.paste)).toBe(true);
    expect(told()).toEqual([]);
  });
});
