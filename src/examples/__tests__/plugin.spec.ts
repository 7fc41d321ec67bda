/** The launcher and the palette have a card for each example that the companion lists. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ContentsManager, Drive, ServerConnection } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { CommandIDs } from '../ids';
import { examplesPlugins } from '../plugin';

describe('the examples in the launcher', () => {
  const add = jest.fn();
  const addItem = jest.fn();
  const answer = jest.fn<Response, Parameters<typeof fetch>>();

  let contents: ContentsManager;

  beforeEach(() => {
    contents = new ContentsManager();
    contents.addDrive(new Drive({ name: 'RTC' }));
  });
  afterEach(() => contents.dispose());
  beforeEach(() => [add, addItem, answer].forEach(mock => mock.mockReset()));

  /** Activates the plugin and waits for all that follows from it. */
  const activate = async (
    browser: unknown = null
  ): Promise<CommandRegistry> => {
    const commands = new CommandRegistry();
    const asked = new PromiseDelegate<void>();
    const app = {
      commands,
      restored: Promise.resolve(),
      serviceManager: {
        contents,
        serverSettings: ServerConnection.makeSettings({
          fetch: (request, init) => {
            asked.resolve();
            return Promise.resolve(answer(request, init));
          }
        })
      }
    } as unknown as JupyterFrontEnd;
    void examplesPlugins[0].activate(
      app,
      null,
      { add } as unknown as ILauncher,
      { addItem } as unknown as ICommandPalette,
      browser as IDefaultFileBrowser | null
    );
    await asked.promise;
    await new Promise(resolve => setTimeout(resolve));
    return commands;
  };

  it('are those of the companion, in its order', async () => {
    const examples = ['b', 'a'].map(name => ({
      name,
      title: `Title ${name}`,
      caption: `Caption ${name}`
    }));
    answer.mockReturnValue(new Response(JSON.stringify({ examples })));
    const commands = await activate();
    expect(commands.hasCommand(CommandIDs.open)).toBe(true);
    expect(add.mock.calls).toEqual(
      examples.map((args, rank) => [
        {
          command: CommandIDs.open,
          args,
          category: 'Examples',
          categoryRank: 120,
          rank
        }
      ])
    );
    expect(addItem).toHaveBeenCalledTimes(2);
  });

  it('open from the palette on the drive of the file browser', async () => {
    const args = { name: 'a', title: 'Title', caption: 'Caption' };
    answer.mockReturnValue(new Response(JSON.stringify({ examples: [args] })));
    const commands = await activate({ model: { path: 'RTC:sub' } });
    const opened = jest.fn();
    commands.addCommand('docmanager:open', {
      execute: args => opened(args.path)
    });
    answer.mockClear();
    answer.mockReturnValue(
      new Response(JSON.stringify({ path: 'sub/a.ipynb', state: 'new' }))
    );
    const [item] = addItem.mock.calls[0];
    await commands.execute(item.command, item.args);
    const [request] = answer.mock.calls[0];
    expect(await (request as Request).json()).toMatchObject({ folder: 'sub' });
    expect(opened).toHaveBeenCalledWith('RTC:sub/a.ipynb');
  });

  it('are none where the companion says nothing; that disturbs nobody', async () => {
    answer.mockReturnValue(new Response('no', { status: 500 }));
    await activate();
    expect(add).not.toHaveBeenCalled();
    expect(addItem).not.toHaveBeenCalled();
  });
});
