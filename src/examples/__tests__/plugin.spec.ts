/** The launcher and the palette have a card for each example that the companion lists. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import { ServerConnection } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { CommandIDs } from '../ids';
import { examplesPlugins } from '../plugin';

describe('the examples in the launcher', () => {
  const add = jest.fn();
  const addItem = jest.fn();
  const answer = jest.fn<Response, []>();

  beforeEach(() => [add, addItem, answer].forEach(mock => mock.mockReset()));

  /** Activates the plugin and waits for all that follows from it. */
  const activate = async (): Promise<CommandRegistry> => {
    const commands = new CommandRegistry();
    const asked = new PromiseDelegate<void>();
    const app = {
      commands,
      restored: Promise.resolve(),
      serviceManager: {
        contents: {},
        serverSettings: ServerConnection.makeSettings({
          fetch: () => {
            asked.resolve();
            return Promise.resolve(answer());
          }
        })
      }
    } as unknown as JupyterFrontEnd;
    void examplesPlugins[0].activate(
      app,
      null,
      { add } as unknown as ILauncher,
      { addItem } as unknown as ICommandPalette
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

  it('are none where the companion says nothing; that disturbs nobody', async () => {
    answer.mockReturnValue(new Response('no', { status: 500 }));
    await activate();
    expect(add).not.toHaveBeenCalled();
    expect(addItem).not.toHaveBeenCalled();
  });
});
