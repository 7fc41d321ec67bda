/** The example that is clicked is opened, and a notebook of the user's is never lost on the way. */
import { Notification } from '@jupyterlab/apputils';
import { dismissDialog, waitForDialog } from '@jupyterlab/testing';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { ApiError } from '../../common/request';
import type { IExampleCopy } from '../../common/types';
import { addCommands } from '../commands';
import { CommandIDs } from '../ids';

describe('opening an example', () => {
  let commands: CommandRegistry;
  /** What the file browser shows. */
  let shown: string;
  const open = jest.fn<Promise<IExampleCopy>, [string, string, boolean]>();
  const openDocument = jest.fn((path: string) =>
    Promise.resolve(`widget of ${path}`)
  );

  beforeEach(() => {
    commands = new CommandRegistry();
    shown = '';
    open.mockReset();
    openDocument.mockClear();
    addCommands({
      commands,
      api: { list: () => Promise.resolve([]), open },
      contents: {
        driveName: path => (path.includes(':') ? path.split(':')[0] : ''),
        localPath: path => path.replace(/^\w+:/, '')
      },
      currentFolder: () => shown,
      openDocument,
      trans: nullTranslator.load('jupyterlab_rsdat')
    });
  });

  const run = (args: { name: string; cwd?: string }): Promise<unknown> =>
    commands.execute(CommandIDs.open, args);

  /** The button of the dialog with this label. */
  const press = async (label: string): Promise<void> => {
    await waitForDialog();
    const buttons = Array.from(
      document.querySelectorAll<HTMLButtonElement>('.jp-Dialog button')
    );
    buttons.find(({ textContent }) => textContent === label)!.click();
  };

  it('keeps the name that others rely on', () => {
    expect(Object.values(CommandIDs)).toEqual(['rsdat:open-example']);
  });

  it('is named as the example is, and needs to know which', () => {
    const args = { name: 'galaxy', title: 'A galaxy', caption: 'It turns.' };
    expect(commands.label(CommandIDs.open, args)).toBe('A galaxy');
    expect(commands.caption(CommandIDs.open, args)).toBe('It turns.');
    expect(commands.icon(CommandIDs.open, args)).not.toBe(
      commands.icon(CommandIDs.open, { name: 'one without a picture' })
    );
    expect(commands.isEnabled(CommandIDs.open, args)).toBe(true);
    expect(commands.isEnabled(CommandIDs.open)).toBe(false);
  });

  it.each<[IExampleCopy['state']]>([['new'], ['same']])(
    'opens what is %s without a question',
    async state => {
      open.mockResolvedValue({ path: 'sub/galaxy.ipynb', state });
      const widget = await run({ name: 'galaxy', cwd: 'sub' });
      expect(open.mock.calls).toEqual([['galaxy', 'sub', false]]);
      expect(widget).toBe('widget of sub/galaxy.ipynb');
    }
  );

  it('takes the root where the launcher is in another drive', async () => {
    open.mockResolvedValue({ path: 'galaxy.ipynb', state: 'new' });
    await run({ name: 'galaxy', cwd: 'dcache:demo' });
    await run({ name: 'galaxy' });
    expect(open.mock.calls).toEqual([
      ['galaxy', '', false],
      ['galaxy', '', false]
    ]);
  });

  it('stays on the drive by which collaboration shares the workspace', async () => {
    open.mockResolvedValue({ path: 'sub/galaxy.ipynb', state: 'new' });
    const widget = await run({ name: 'galaxy', cwd: 'RTC:sub' });
    expect(open.mock.calls).toEqual([['galaxy', 'sub', false]]);
    expect(widget).toBe('widget of RTC:sub/galaxy.ipynb');
    await run({ name: 'galaxy', cwd: 'dcache:demo' });
    expect(openDocument).toHaveBeenLastCalledWith('sub/galaxy.ipynb');
  });

  it('goes where new notebooks do when nothing names a folder, as from the palette', async () => {
    open.mockResolvedValue({ path: 'sub/galaxy.ipynb', state: 'new' });
    shown = 'RTC:sub';
    const widget = await run({ name: 'galaxy' });
    expect(open.mock.calls).toEqual([['galaxy', 'sub', false]]);
    expect(widget).toBe('widget of RTC:sub/galaxy.ipynb');
    // The launcher's own folder is what counts there, also where that is the root.
    await run({ name: 'galaxy', cwd: '' });
    expect(open).toHaveBeenLastCalledWith('galaxy', '', false);
    expect(openDocument).toHaveBeenLastCalledWith('sub/galaxy.ipynb');
    shown = 'dcache:demo';
    await run({ name: 'galaxy' });
    expect(open).toHaveBeenLastCalledWith('galaxy', '', false);
  });

  describe('that the user has changed', () => {
    beforeEach(() => {
      open.mockResolvedValueOnce({ path: 'galaxy.ipynb', state: 'changed' });
      open.mockResolvedValueOnce({ path: 'galaxy-1.ipynb', state: 'new' });
    });

    it('opens it', async () => {
      const done = run({ name: 'galaxy' });
      await press('Open Mine');
      expect(await done).toBe('widget of galaxy.ipynb');
      expect(open).toHaveBeenCalledTimes(1);
    });

    it('opens another copy', async () => {
      const done = run({ name: 'galaxy' });
      await press('Open New Copy');
      expect(await done).toBe('widget of galaxy-1.ipynb');
      expect(open).toHaveBeenLastCalledWith('galaxy', '', true);
    });

    it('opens nothing', async () => {
      const done = run({ name: 'galaxy' });
      await waitForDialog();
      await dismissDialog();
      expect(await done).toBeUndefined();
      expect(open).toHaveBeenCalledTimes(1);
      expect(openDocument).not.toHaveBeenCalled();
    });
  });

  it('says why it could not', async () => {
    open.mockRejectedValue(
      new ApiError({
        message: 'No room',
        hint: 'Delete something',
        code: 'no_space'
      })
    );
    await run({ name: 'galaxy' });
    const [{ message, type }] = Notification.manager.notifications;
    expect([type, message]).toEqual([
      'error',
      'The example was not opened: No room. Delete something'
    ]);
    expect(openDocument).not.toHaveBeenCalled();
  });
});
