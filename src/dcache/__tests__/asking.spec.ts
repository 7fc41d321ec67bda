/** Renaming, moving and making folders: the dialog stays until the server has done it. */
import '@testing-library/jest-dom';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { configure, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { IChange } from '../../common/events';
import type { ApiError } from '../../common/request';
import type { IEntry } from '../../common/types';
import { DCacheActions } from '../actions';
import type { Found } from '../lostdeletions';
import { DCacheModel } from '../model';
import { fromDrivePath, type IPlace } from '../paths';
import { FakeApi, failure, makeEntry } from './fake';

// Jsdom opens no dialog elements: what is in them counts as hidden.
configure({ defaultHidden: true });

const place = { endpoint: 'here', path: '/home/a.txt' };

async function setup() {
  const api = new FakeApi();
  for (const name of ['a.txt', 'b.txt', 'c.txt']) {
    api.add(`/home/${name}`);
  }
  for (const name of ['/home/inner', '/home/inner/deep', '/home/other']) {
    api.add(name, { type: 'directory' });
  }
  const model = new DCacheModel({
    api,
    changes: new Signal<unknown, IChange>({}),
    settle_ms: 0
  });
  await model.show();
  const moved: [string, string][] = [];
  /** Answers of the server to come, instead of moving. */
  const answers: Promise<void>[] = [];
  const pathOf = (labPath: string) =>
    fromDrivePath(labPath.replace(/^dcache:/, ''))!.path;
  /** Places that were asked for, and whether there is something to tell of them. */
  const followed: IPlace[] = [];
  const follow: { answer: Found; failure: ApiError | null } = {
    answer: 'none',
    failure: null
  };
  const actions = new DCacheActions({
    api,
    followDeletion: async place => {
      followed.push(place);
      if (follow.failure) {
        throw follow.failure;
      }
      return follow.answer;
    },
    model,
    contents: {
      delete: async (path: string) => {
        await answers.shift();
        return api.remove({ endpoint: 'here', path: pathOf(path) }, true);
      },
      rename: async (from: string, to: string) => {
        moved.push([pathOf(from), pathOf(to)]);
        await answers.shift();
        return api.move({ endpoint: 'here', path: pathOf(from) }, pathOf(to));
      }
    } as never,
    trans: nullTranslator.load('jupyterlab'),
    stage: jest.fn(),
    openLimit_bytes: () => 1000,
    insteadOfOpening: jest.fn(),
    openDocument: jest.fn()
  });
  return {
    actions,
    answers,
    api,
    follow,
    followed,
    model,
    moved,
    user: userEvent.setup()
  };
}

const button = (name: string) => screen.getByRole('button', { name });
const told = () =>
  Notification.manager.notifications.map(({ message }) => message);

afterEach(() => Notification.dismiss());

describe('renaming', () => {
  it('keeps what was typed when the server refuses, and says why', async () => {
    const { actions, model, moved, user } = await setup();
    const renamed = actions.rename(place);
    const field = await screen.findByRole('textbox', { name: 'New name' });
    await user.clear(field);
    await user.type(field, 'b.txt{Enter}');
    expect(await screen.findByRole('alert')).toHaveTextContent(
      'failed: exists'
    );
    expect(field).toHaveValue('b.txt');
    expect(field).toHaveFocus();
    await user.clear(field);
    await user.type(field, 'new.txt');
    await user.click(button('Rename'));
    await renamed;
    expect(moved.map(([, to]) => to)).toEqual(['/home/b.txt', '/home/new.txt']);
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(model.selected.map(({ name }) => name)).toEqual(['new.txt']);
    expect(told()).toEqual([]);
  });

  it('is busy meanwhile, and can be left', async () => {
    const { actions, answers, moved, user } = await setup();
    const answer = new PromiseDelegate<void>();
    answers.push(answer.promise);
    const renamed = actions.rename(place);
    const field = await screen.findByRole('textbox', { name: 'New name' });
    await user.clear(field);
    await user.type(field, 'new.txt{Enter}{Enter}');
    expect(screen.getByRole('dialog')).toHaveAttribute('aria-busy', 'true');
    expect(button('Rename')).toBeDisabled();
    await user.type(field, 'x');
    expect(button('Rename')).toBeDisabled();
    await user.click(button('Cancel'));
    await renamed;
    expect(moved).toHaveLength(1);
    expect(told()).toEqual(['Too late to cancel: dCache is renaming “a.txt”.']);
    // Nobody sees the dialog any more.
    answer.reject(failure('not_permitted', 403));
    await waitFor(() =>
      expect(told()).toEqual(['Can’t rename “a.txt”: failed: not_permitted'])
    );
  });
});

it('says how a folder that was cancelled too late ends', async () => {
  const { actions, api, model, user } = await setup();
  const answer = new PromiseDelegate<void>();
  const make = api.makeFolder.bind(api);
  api.makeFolder = async place => answer.promise.then(() => make(place));
  const made = actions.newFolder({ endpoint: 'here', path: '/home' });
  await user.type(
    await screen.findByRole('textbox', { name: 'Name' }),
    'x{Enter}'
  );
  await user.click(button('Cancel'));
  await made;
  expect(told()).toEqual([
    'Too late to cancel: dCache is making the folder “x”.'
  ]);
  model.select(1);
  answer.resolve();
  await waitFor(() => expect(told()).toEqual(['The folder “x” was made.']));
  // What was selected meanwhile stays so.
  expect(model.selected.map(({ name }) => name)).toEqual(['b.txt']);
});

it('says nothing when nothing runs any more', async () => {
  const { actions, user } = await setup();
  const renamed = actions.rename(place);
  await screen.findByRole('textbox', { name: 'New name' });
  await user.click(button('Cancel'));
  await renamed;
  expect(told()).toEqual([]);
});

it('says that what was named is hidden, and shows it', async () => {
  const { actions, model } = await setup();
  await actions.rename(place, '.a.txt');
  expect(told()).toEqual(['“.a.txt” begins with a dot and is hidden.']);
  const [{ options }] = Notification.manager.notifications;
  options.actions?.[0].callback(new MouseEvent('click'));
  expect(model.showsHidden).toBe(true);
});

it('keeps the name of a folder that can’t be made', async () => {
  const { actions, api, user } = await setup();
  const made = actions.newFolder({ endpoint: 'here', path: '/home' });
  const field = await screen.findByRole('textbox', { name: 'Name' });
  await user.type(field, 'inner{Enter}');
  expect(await screen.findByRole('alert')).toHaveTextContent('failed: exists');
  await user.type(field, '2{Enter}');
  await made;
  expect(api.textOf('/home/inner2')).toBe('');
});

describe('moving', () => {
  const entries = ['a.txt', 'b.txt', 'c.txt'].map(name =>
    makeEntry(`/home/${name}`)
  );

  it('tries only what is left again', async () => {
    const { actions, api, moved, user } = await setup();
    api.add('/home/inner/b.txt');
    const done = actions.move('here', entries);
    const field = await screen.findByRole('combobox', {
      name: 'Destination folder'
    });
    await user.clear(field);
    await user.type(field, '/home/inner{Enter}');
    expect(await screen.findByRole('alert')).toHaveTextContent(
      '“b.txt”: failed: exists'
    );
    expect(field).toHaveValue('/home/inner');
    expect(moved).toHaveLength(3);
    await user.clear(field);
    await user.type(field, 'other');
    await user.click(button('Move'));
    await done;
    expect(moved.slice(3)).toEqual([['/home/b.txt', '/home/other/b.txt']]);
  });

  it('completes the folder as it is typed', async () => {
    const { actions, moved, user } = await setup();
    const done = actions.move('here', entries.slice(0, 1));
    const field = await screen.findByRole('combobox', {
      name: 'Destination folder'
    });
    await user.clear(field);
    await user.type(field, '/home/in');
    await screen.findByRole('option', { name: '/home/inner' });
    // Enter takes what is offered; only then it moves.
    await user.keyboard('{ArrowDown}{Enter}');
    expect(field).toHaveValue('/home/inner/');
    expect(moved).toEqual([]);
    await screen.findByRole('option', { name: '/home/inner/deep' });
    await user.type(field, 'd');
    await user.keyboard('{Tab}');
    expect(field).toHaveValue('/home/inner/deep/');
    await user.keyboard('{Enter}');
    await done;
    expect(moved).toEqual([['/home/a.txt', '/home/inner/deep/a.txt']]);
  });

  it('moves at the second Enter, however fast', async () => {
    const { actions, moved, user } = await setup();
    const done = actions.move('here', entries.slice(0, 1));
    const field = await screen.findByRole('combobox', {
      name: 'Destination folder'
    });
    await user.clear(field);
    await user.type(field, '/home/in');
    await screen.findByRole('option', { name: '/home/inner' });
    await user.keyboard('{ArrowDown}{Enter}{Enter}');
    await done;
    expect(moved).toEqual([['/home/a.txt', '/home/inner/a.txt']]);
  });

  it('stops with what is next when it is cancelled', async () => {
    const { actions, answers, moved, user } = await setup();
    const answer = new PromiseDelegate<void>();
    answers.push(answer.promise);
    const done = actions.move('here', entries);
    const field = await screen.findByRole('combobox', {
      name: 'Destination folder'
    });
    await user.clear(field);
    await user.type(field, '/home/inner{Enter}');
    await user.click(button('Cancel'));
    await done;
    expect(told()).toEqual([
      'Cancelled. Only “a.txt” is still moved: dCache was asked already.'
    ]);
    answer.resolve();
    await waitFor(() =>
      expect(told()).toEqual([
        '1 of 3 entries were moved before it was cancelled.'
      ])
    );
    expect(moved).toHaveLength(1);
  });
});

describe('deleting', () => {
  it('says that it goes on, and stops before what is next', async () => {
    const { actions, answers, api, model, user } = await setup();
    const answer = new PromiseDelegate<void>();
    answers.push(answer.promise);
    model.select(0);
    const entries = ['a.txt', 'b.txt', 'c.txt'].map(name =>
      makeEntry(`/home/${name}`)
    );
    const done = actions.remove('here', entries);
    await screen.findByText('Delete 3 entries?');
    await user.click(button('Delete'));
    await waitFor(() => expect(told()).toEqual(['Deleting 3 entries…']));
    const [{ options }] = Notification.manager.notifications;
    options.actions?.[0].callback(new MouseEvent('click'));
    // Selected meanwhile.
    model.select(1);
    answer.resolve();
    await done;
    expect(told()).toEqual(['Stopped. 1 of 3 entries were deleted.']);
    expect(api.removed.map(({ path }) => path)).toEqual(['/home/a.txt']);
    expect(model.selected.map(({ name }) => name)).toEqual(['b.txt']);
  });

  it('of a folder is stopped at the server, and says what is gone', async () => {
    const { actions, answers, api, user } = await setup();
    const answer = new PromiseDelegate<void>();
    answers.push(answer.promise);
    const folder = makeEntry('/home/inner', { type: 'directory' });
    const done = actions.remove('here', [folder]);
    await screen.findByText('Delete “inner”?');
    await user.click(button('Delete all'));
    await waitFor(() => expect(told()).toEqual(['Deleting “inner”…']));
    const pressStop = (): void => {
      const notice = Notification.manager.notifications.find(
        ({ type }) => type === 'in-progress'
      );
      notice?.options.actions?.[0].callback(new MouseEvent('click'));
    };
    const [{ id }] = Notification.manager.notifications;
    api.nextFailure = failure('network', 0);
    pressStop();
    // Lab closes the notice whose button was pressed.
    await waitFor(() => expect(Notification.manager.has(id)).toBe(false));
    expect(told()).toContain('Can’t stop deleting: failed: network');
    pressStop();
    await waitFor(() => expect(api.stopped).toEqual(['/home/inner']));
    Notification.manager.notifications
      .filter(({ type }) => type === 'error')
      .forEach(notice => Notification.dismiss(notice.id));
    answer.reject(failure('stopped', 409, { deleted: 120 }));
    await done;
    expect(told()).toEqual([
      'Stopped. In “inner” 120 entries were deleted, the rest is still there.'
    ]);
  });

  it('ends when it is stopped on another page', async () => {
    const { actions, answers, api, user } = await setup();
    const answer = new PromiseDelegate<void>();
    answers.push(answer.promise);
    const folders = ['inner', 'other'].map(name =>
      makeEntry(`/home/${name}`, { type: 'directory' })
    );
    api.add('/home/inner/deep/x.txt');
    api.add('/home/other/x.txt');
    const done = actions.remove('here', folders);
    await screen.findByText('Delete 2 entries?');
    await user.click(button('Delete all'));
    answer.reject(failure('stopped', 409, { deleted: 1 }));
    await done;
    expect(told()).toEqual([
      'Stopped. 0 of 2 entries were deleted. In “inner” 1 entry was deleted, the rest is still there.'
    ]);
    expect(api.removed).toEqual([]);
  });

  it('says what was deleted of a folder before it failed', async () => {
    const { actions, answers, user } = await setup();
    const answer = new PromiseDelegate<void>();
    answers.push(answer.promise);
    const folder = makeEntry('/home/inner', { type: 'directory' });
    const done = actions.remove('here', [folder]);
    await screen.findByText('Delete “inner”?');
    await user.click(button('Delete all'));
    answer.reject(failure('not_permitted', 403, { deleted: 1 }));
    await done;
    expect(told()).toEqual([
      'Can’t delete “inner”: failed: not_permitted. 1 entry in it was deleted before.'
    ]);
  });

  describe('without an answer', () => {
    const remove = async (
      { actions, answers, user }: Awaited<ReturnType<typeof setup>>,
      reason: ApiError,
      others: readonly IEntry[] = []
    ): Promise<void> => {
      const answer = new PromiseDelegate<void>();
      answers.push(answer.promise);
      const folder = makeEntry('/home/inner', { type: 'directory' });
      const done = actions.remove('here', [folder, ...others]);
      await screen.findByRole('button', { name: 'Delete all' });
      await user.click(button('Delete all'));
      answer.reject(reason);
      await done;
    };

    it('is not called failed while it goes on', async () => {
      const panel = await setup();
      panel.follow.answer = 'told';
      await remove(panel, failure('jupyter', 504));
      expect(panel.followed).toEqual([
        { endpoint: 'here', path: '/home/inner' }
      ]);
      expect(told()).toEqual([]);
    });

    it('is not called failed when all is gone', async () => {
      const panel = await setup();
      panel.api.delete('/home/inner');
      await remove(panel, failure('timeout', 0));
      expect(panel.followed).toHaveLength(1);
      expect(told()).toEqual([]);
    });

    it('is not called failed while nobody knows', async () => {
      const panel = await setup();
      panel.follow.failure = failure('network', 0);
      const others = [makeEntry('/home/a.txt'), makeEntry('/home/b.txt')];
      await remove(panel, failure('network', 0), others);
      expect(told()).toEqual([
        'It is not known whether “inner” is deleted: failed: network. 2 other entries were left.'
      ]);
      expect(panel.api.removed).toEqual([]);
      // It answers again, and goes on with it.
      panel.follow.failure = null;
      panel.follow.answer = 'told';
      window.dispatchEvent(new Event('online'));
      await waitFor(() => expect(told()).toEqual([]));
      expect(panel.followed).toHaveLength(2);
    });

    it('is called failed when it is still there', async () => {
      const panel = await setup();
      await remove(panel, failure('network', 0));
      expect(told()).toEqual(['Can’t delete “inner”: failed: network']);
    });

    it('is not asked for after an answer of dCache', async () => {
      const panel = await setup();
      await remove(panel, failure('not_permitted', 403));
      expect(panel.followed).toEqual([]);
      expect(told()).toEqual(['Can’t delete “inner”: failed: not_permitted']);
    });
  });
});
