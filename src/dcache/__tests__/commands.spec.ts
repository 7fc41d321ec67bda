/** The dCache commands, from their arguments to what the companion is asked and the user told. */
import { Notification } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import type { IChange } from '../../common/events';
import { DCacheActions } from '../actions';
import { MAX_ORDER_PATHS, DCacheApi } from '../api';
import { addCommands } from '../commands';
import { CommandIDs } from '../ids';
import { DCacheModel } from '../model';
import { FakeApi, failure } from './fake';

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

const told = () =>
  Notification.manager.notifications.map(({ type, message }) => ({
    type,
    message
  }));

afterEach(() => Notification.dismiss());

it('describes the arguments of every command', async () => {
  const { commands } = setup();
  for (const id of Object.values(CommandIDs)) {
    const { args } = await commands.describedBy(id);
    expect(args).toMatchObject({ type: 'object' });
  }
});

const paths = ['/home/tape.dat', '/home/staged.dat', '/home/disk.dat'];

it('stages only what is on tape alone', async () => {
  const { api, commands } = setup();
  await commands.execute(CommandIDs.stage, { endpoint: 'here', paths });
  expect(api.staged).toEqual(['/home/tape.dat']);
});

describe('release', () => {
  it('ends the pins of what is on disk and on tape, and of nothing else', async () => {
    const { api, commands } = setup();
    await commands.execute(CommandIDs.release, { endpoint: 'here', paths });
    expect(api.released).toEqual(['/home/staged.dat']);
    expect(told()).toEqual([
      {
        type: 'success',
        message: expect.stringMatching(/^dCache releases 1 file: .*tape stays/)
      }
    ]);
  });

  it('tells why dCache refused', async () => {
    const { api, commands } = setup();
    jest.spyOn(api, 'release').mockRejectedValue(failure('refused', 422));
    await commands.execute(CommandIDs.release, { endpoint: 'here', paths });
    expect(told()).toEqual([
      { type: 'error', message: 'Can’t release: failed: refused' }
    ]);
  });

  it('is offered for a selection that has a copy on disk and on tape', async () => {
    const { model, commands } = setup();
    await model.show();
    const offered = () => [
      commands.isVisible(CommandIDs.release),
      commands.isEnabled(CommandIDs.release),
      commands.isVisible(CommandIDs.stage)
    ];
    expect(offered()).toEqual([false, false, false]);
    model.selectName('staged.dat');
    expect(model.selected.map(({ name }) => name)).toEqual(['staged.dat']);
    expect(offered()).toEqual([true, true, false]);
    model.selectName('tape.dat');
    expect(offered()).toEqual([false, false, true]);
  });

  it('goes to the companion in as many orders as it needs', async () => {
    const orders: number[] = [];
    const settings = ServerConnection.makeSettings({
      fetch: (async (request: Request) => {
        const { paths } = await request.json();
        orders.push(paths.length);
        return new Response('{}', { status: 202 });
      }) as never
    });
    const many = Array.from({ length: MAX_ORDER_PATHS + 1 }, (_, i) => `/${i}`);
    await new DCacheApi(settings).release('here', many);
    expect(orders).toEqual([MAX_ORDER_PATHS, 1]);
  });
});
