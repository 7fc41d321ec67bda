/** The dCache commands, from their arguments to what the companion is asked and the user told. */
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import type { IChange } from '../../common/events';
import { DCacheActions } from '../actions';
import { addCommands } from '../commands';
import { CommandIDs } from '../ids';
import { DCacheModel } from '../model';
import { FakeApi } from './fake';

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
  const actions = new DCacheActions({
    api,
    model,
    contents: {} as never,
    trans,
    stage: jest.fn(),
    openDocument: jest.fn()
  });
  const commands = new CommandRegistry();
  addCommands({
    commands,
    model,
    actions,
    trans,
    showPanel: jest.fn(),
    insertCode: () => true
  });
  return { api, model, commands };
}

it('describes the arguments of every command', async () => {
  const { commands } = setup();
  for (const id of Object.values(CommandIDs)) {
    const { args } = await commands.describedBy(id);
    expect(args).toMatchObject({ type: 'object' });
  }
});
