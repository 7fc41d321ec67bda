/** The section "Transfers", its notices and its status item, as one sees and works them. */
import '@testing-library/jest-dom';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import type { ITransfer } from '../../common/types';
import { TransferActions } from '../actions';
import { addCommands } from '../commands';
import { TransfersSection } from '../components/section';
import { CommandIDs } from '../ids';
import { Notices } from '../notices';
import { statusWords } from '../statusitem';
import { Reading } from '../upload/reading';
import { aTransfer, failure, settle, setup } from './fake';

const trans = nullTranslator.load('jupyterlab_rsdat');

async function show(transfers: ITransfer[] = []) {
  const { api, model, event } = setup();
  const reading = new Reading();
  const commands = new CommandRegistry();
  const followed: string[] = [];
  const chosen: { path: string; file: File }[] = [];
  const actions = new TransferActions({
    model,
    reading,
    trans,
    conflict: () => 'ask',
    unfold: () => undefined,
    follow: ({ id }) => void followed.push(id),
    chooseAgain: async () => chosen,
    stage: () => undefined
  });
  const showSection = jest.fn();
  addCommands({ commands, model, actions, trans, show: showSection });
  api.transfers = transfers;
  await model.refresh();
  const context = { model, reading, commands, trans, fold: { isOpen: true } };
  const view = render(<TransfersSection {...context} />);
  const tell = async (part: Partial<ITransfer>, id = 't1') => {
    api.change(id, part);
    await act(() => model.refresh());
  };
  return {
    api,
    model,
    event,
    commands,
    reading,
    actions,
    followed,
    showSection,
    tell,
    view,
    user: userEvent.setup()
  };
}

const told = () =>
  Notification.manager.notifications.map(({ type, message }) => ({
    type,
    message
  }));

afterEach(() => Notification.dismiss());

describe('an item', () => {
  it('tells how far it is, in figures and for the ear', async () => {
    await show([
      aTransfer({
        files: { total: 12, done: 3, skipped: 1, failed: 0 },
        bytes: { total: 2048, done: 1024 },
        rate: 512,
        remaining: 2,
        current: 'in/b.tif'
      })
    ]);
    const item = screen.getByRole('listitem', {
      name: 'Copy of “scene.tif”, running'
    });
    const bar = within(item).getByRole('progressbar', { name: 'scene.tif' });
    expect(bar).toHaveAttribute('aria-valuenow', '50');
    expect(bar).toHaveAttribute(
      'aria-valuetext',
      '50 %, 3 of 12 files · 1 skipped · 1 KiB of 2 KiB, 512 B/s, 2 s left'
    );
    expect(within(item).getByText('in/b.tif')).toBeVisible();
  });

  it('says that the checksum was verified, and which', async () => {
    await show([
      aTransfer({ state: 'done', verified: 'adler32', can: ['forget'] })
    ]);
    expect(screen.getByText('checksum verified (adler32)')).toBeVisible();
    expect(screen.queryByRole('progressbar')).toBeNull();
  });

  it('says whether dCache copied by itself', async () => {
    const reasons = ['dCache did not copy within “here” by itself'];
    await show([
      aTransfer({ id: 'a', way: { by_doors: 2, streamed: 0, reasons: [] } }),
      aTransfer({ id: 'b', way: { by_doors: 0, streamed: 1, reasons } }),
      aTransfer({ id: 'c', way: { by_doors: 2, streamed: 1, reasons } }),
      aTransfer({ id: 'd', way: { by_doors: 0, streamed: 0, reasons: [] } })
    ]);
    expect(screen.getByText('copied by dCache itself')).toBeVisible();
    expect(screen.getByText('through the Jupyter server')).toHaveAttribute(
      'title',
      `The bytes came through the Jupyter server.\n${reasons[0]}`
    );
    expect(
      screen.getByText('2 by dCache itself, 1 through the Jupyter server')
    ).toBeVisible();
    expect(
      screen.getAllByText(/by dCache itself|through the Jupyter server/)
    ).toHaveLength(3);
  });

  it('is cancelled, retried and forgotten by its buttons', async () => {
    const { api, user } = await show([aTransfer()]);
    await user.click(
      screen.getByRole('button', { name: 'Cancel “scene.tif”' })
    );
    await user.click(screen.getByRole('button', { name: 'Retry “scene.tif”' }));
    await user.click(
      screen.getByRole('button', { name: 'Cancel “scene.tif”' })
    );
    await user.click(
      screen.getByRole('button', { name: 'Forget “scene.tif”' })
    );
    expect(api.acted.map(([, action]) => action)).toEqual([
      'cancel',
      'retry',
      'cancel',
      'forget'
    ]);
    expect(screen.queryByRole('listitem')).toBeNull();
    expect(screen.getByText(/^None\./)).toBeVisible();
  });

  it('shows which files failed, and of how many', async () => {
    await show([
      aTransfer({
        state: 'failed',
        files: { total: 300, done: 150, skipped: 0, failed: 150 },
        failures: [{ path: '/a', message: 'Full.', hint: 'Delete.' }],
        can: ['retry', 'forget']
      })
    ]);
    // jsdom folds no details open by itself.
    screen.getByText('150 files failed').closest('details')!.open = true;
    expect(screen.getByText('Full. Delete.')).toBeVisible();
    expect(screen.getByText('and 149 more')).toBeVisible();
  });

  it('asks what becomes of a taken name, for it alone or for all', async () => {
    const question = {
      path: '/data/scene.tif',
      size: 10,
      modified: null,
      new_size: 20,
      others: 3
    };
    const { api, user } = await show([
      aTransfer({ state: 'asking', question })
    ]);
    // What a narrow panel cuts off is not what waits for an answer.
    expect(screen.getByText('1 asks · 1 running')).toBeInTheDocument();
    const group = screen.getByRole('group', {
      name: '“/data/scene.tif” exists already'
    });
    expect(within(group).getByText('There: 10 B · new: 20 B')).toBeVisible();
    await user.click(
      within(group).getByRole('checkbox', {
        name: 'Do the same for the 3 other files'
      })
    );
    await user.click(within(group).getByRole('button', { name: 'Skip' }));
    expect(api.answers).toEqual([
      { path: '/data/scene.tif', choice: 'skip', for_all: true }
    ]);
  });

  it('says why something could not be done', async () => {
    const { api, user } = await show([aTransfer()]);
    api.nextFailure = failure('not_ours');
    await user.click(
      screen.getByRole('button', { name: 'Cancel “scene.tif”' })
    );
    expect(told()).toEqual([
      { type: 'error', message: 'Can’t cancel: failed: not_ours' }
    ]);
  });

  it('lets an upload be sent again of which nobody has the files', async () => {
    const { api } = await show([
      aTransfer({ kind: 'upload', state: 'waiting', source: null })
    ]);
    expect(
      screen.getByRole('button', { name: 'Retry “scene.tif”' })
    ).toBeVisible();
    expect(api.acted).toEqual([]);
  });
});

describe('the section', () => {
  it('folds away, and says in a word what is in it', async () => {
    const { user } = await show([
      aTransfer(),
      aTransfer({ id: 't2', state: 'failed' })
    ]);
    const title = screen.getByRole('button', {
      name: 'Transfers 1 running · 1 failed'
    });
    expect(title).toHaveAttribute('aria-expanded', 'true');
    await user.click(title);
    expect(title).toHaveAttribute('aria-expanded', 'false');
    expect(screen.queryByRole('list')).toBeNull();
  });

  it('has what asks first, then what goes on', async () => {
    const question = {
      path: 'a',
      size: 1,
      modified: null,
      new_size: 1,
      others: 0
    };
    await show([
      ...Array.from({ length: 40 }, (_, number) =>
        aTransfer({ id: `d${number}`, title: `d${number}`, state: 'done' })
      ),
      aTransfer({ id: 'w', title: 'w', state: 'waiting' }),
      aTransfer({ id: 'r', title: 'r' }),
      aTransfer({ id: 'a', title: 'a', state: 'asking', question })
    ]);
    const names = screen
      .getAllByRole('listitem')
      .map(item => /“(.*)”/.exec(item.getAttribute('aria-label')!)![1]);
    expect(names.slice(0, 4)).toEqual(['a', 'w', 'r', 'd0']);
  });

  it('clears what has ended, and only that', async () => {
    const { api, user } = await show([
      aTransfer(),
      aTransfer({ id: 't2', state: 'done', can: ['forget'] }),
      aTransfer({ id: 't3', state: 'failed', can: ['retry', 'forget'] })
    ]);
    await user.click(screen.getByRole('button', { name: 'Clear finished' }));
    await act(settle);
    expect(api.transfers.map(({ id }) => id)).toEqual(['t1']);
    expect(screen.getAllByRole('listitem')).toHaveLength(1);
  });

  it('tells who listens how one ended, and nothing of what was before', async () => {
    const { tell } = await show([
      aTransfer(),
      aTransfer({ id: 't2', state: 'done' })
    ]);
    expect(screen.getByRole('status')).toBeEmptyDOMElement();
    await tell({ state: 'done', verified: 'adler32', can: ['forget'] });
    expect(screen.getByRole('status')).toHaveTextContent(
      'Copy of “scene.tif” is done, checksum (adler32) verified.'
    );
  });

  it('shows that folders are read, with a way to give up', async () => {
    const { reading, user } = await show();
    let signal: AbortSignal | undefined;
    let end: () => void = () => undefined;
    await act(async () => {
      void reading.run((onCount, given) => {
        signal = given;
        onCount(100);
        return new Promise<void>(resolve => (end = resolve));
      });
    });
    expect(screen.getByText('Reading folders: 100 files so far')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(signal?.aborted).toBe(true);
    await act(async () => end());
    expect(screen.queryByText(/^Reading folders/)).toBeNull();
  });

  it('says why the list is old', async () => {
    const { api, model, user } = await show([aTransfer()]);
    jest.spyOn(api, 'list').mockRejectedValueOnce(failure('network'));
    await act(() => model.refresh());
    expect(screen.getByRole('alert')).toHaveTextContent('failed: network');
    expect(screen.getAllByRole('listitem')).toHaveLength(1);
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

describe('notices', () => {
  async function notices(
    transfers: ITransfer[],
    seen: { page: boolean; section: boolean } = { page: true, section: false },
    tellsDone = true
  ) {
    const shown = await show(transfers);
    const it = await act(async () => {
      const notices = new Notices({
        model: shown.model,
        commands: shown.commands,
        trans,
        tellsDone: () => tellsDone,
        isPageSeen: () => seen.page,
        isSectionSeen: () => seen.section
      });
      await settle();
      return notices;
    });
    return { ...shown, notices: it };
  }

  it('tells once of one that ended while the page was closed', async () => {
    const { api, model } = await notices([
      aTransfer({ state: 'failed', can: ['retry', 'forget'] }),
      aTransfer({ id: 't2', state: 'done', seen: true })
    ]);
    expect(told()).toEqual([
      { type: 'error', message: 'Copy of “scene.tif” failed.' }
    ]);
    expect(api.acted).toEqual([['t1', 'seen']]);
    await act(() => model.refresh());
    expect(told()).toHaveLength(1);
  });

  it('waits for somebody in front of the page', async () => {
    const seen = { page: false, section: false };
    const { api, notices: it } = await notices(
      [aTransfer({ state: 'done', can: ['forget'] })],
      seen
    );
    expect([told(), api.acted]).toEqual([[], []]);
    seen.page = true;
    await act(async () => it.look());
    expect(told()).toEqual([
      { type: 'success', message: 'Copy of “scene.tif” is done.' }
    ]);
  });

  it('says nothing of what is seen anyway', async () => {
    const { api } = await notices(
      [aTransfer({ state: 'done', can: ['forget'] })],
      { page: true, section: true }
    );
    expect(told()).toEqual([]);
    expect(api.acted).toEqual([['t1', 'seen']]);
  });

  it('says nothing of what is done to who does not want to know', async () => {
    const { api } = await notices(
      [
        aTransfer({ state: 'done', can: ['forget'] }),
        aTransfer({ id: 't2', state: 'failed', can: ['forget'] })
      ],
      { page: true, section: false },
      false
    );
    expect(told().map(({ type }) => type)).toEqual(['error']);
    expect(api.acted).toContainEqual(['t1', 'seen']);
  });

  it('lets one try again', async () => {
    const { api } = await notices([
      aTransfer({ state: 'interrupted', can: ['retry', 'forget'] })
    ]);
    const [{ options }] = Notification.manager.notifications;
    expect(options.actions?.map(({ label }) => label)).toEqual([
      'Retry',
      'Show'
    ]);
    await act(async () => {
      options.actions![0].callback(new MouseEvent('click'));
      await settle();
    });
    expect(api.acted).toContainEqual(['t1', 'retry']);
  });

  it('asks while the section is hidden, until it is answered', async () => {
    const question = {
      path: '/a',
      size: null,
      modified: null,
      new_size: null,
      others: 0
    };
    const { api, tell } = await notices([
      aTransfer({ state: 'asking', question })
    ]);
    expect(told()).toEqual([
      { type: 'warning', message: '“/a” exists already.' }
    ]);
    const [{ options }] = Notification.manager.notifications;
    await act(async () => {
      options.actions![1].callback(new MouseEvent('click'));
      await settle();
    });
    expect(api.answers).toEqual([
      { path: '/a', choice: 'keep-both', for_all: false }
    ]);
    await tell({ state: 'running', question: null });
    expect(told()).toEqual([]);
  });
});

describe('the list', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('is asked for on events, several of them once', async () => {
    const { api, event, model } = setup();
    const watch = model.watch();
    await settle();
    expect(api.lists).toBe(1);
    for (let number = 0; number < 50; number++) {
      event('t1');
    }
    await settle();
    jest.advanceTimersByTime(2_000);
    await settle();
    expect(api.lists).toBeGreaterThan(1);
    expect(api.lists).toBeLessThanOrEqual(4);
    watch.dispose();
    model.dispose();
  });

  it('is not asked for while nothing runs, or nobody looks', async () => {
    const { api, model } = setup();
    api.transfers = [aTransfer({ state: 'done' })];
    const watch = model.watch();
    await settle();
    const before = api.lists;
    for (let minute = 0; minute < 10; minute++) {
      jest.advanceTimersByTime(60_000);
      await settle();
    }
    expect(api.lists).toBe(before);
    watch.dispose();
    api.transfers = [aTransfer()];
    await model.refresh();
    const after = api.lists;
    for (let minute = 0; minute < 10; minute++) {
      jest.advanceTimersByTime(60_000);
      await settle();
    }
    expect(api.lists).toBe(after);
    expect(model.isIdle).toBe(false);
    model.dispose();
  });
});

test('the status bar tells the sum, and that one asks', () => {
  const one = { ...aTransfer(), isSending: false };
  const half = { ...one, id: 't2', bytes: { total: 3000, done: 2000 } };
  expect(statusWords([one, half], trans)).toBe('2 transfers, 50 %');
  expect(statusWords([{ ...one, state: 'asking' }, half], trans)).toBe(
    '⚠ 2 transfers, 1 asks'
  );
});

it('describes the arguments of every command on transfers', async () => {
  const { commands } = await show();
  for (const id of Object.values(CommandIDs)) {
    if (id.startsWith('rsdat-transfers:')) {
      const { args } = await commands.describedBy(id);
      expect(args).toMatchObject({ type: 'object' });
    }
  }
});
