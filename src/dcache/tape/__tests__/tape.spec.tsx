/** Orders for tape: what is ordered, asked, shown and told. */
import '@testing-library/jest-dom';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { ApiError } from '../../../common/request';
import type { IEntry, ITapeRequest } from '../../../common/types';
import { makeEntry, settle } from '../../__tests__/fake';
import { addTapeCommands } from '../commands';
import { TapeCommandIDs } from '../ids';
import { TapeNotices } from '../notices';
import {
  OrderForm,
  amountWords,
  secondsUntil,
  type IOrderChoice
} from '../orderdialog';
import { TapeSection } from '../section';
import { progressWords } from '../words';
import { anOrder, setup } from './fake';

const trans = nullTranslator.load('jupyterlab_rsdat');
const onTape = makeEntry('/data/a', { locality: 'NEARLINE', size: 1024 });
const alsoOnTape = makeEntry('/data/b', { locality: 'NEARLINE', size: 1024 });
const staged = makeEntry('/data/s', { locality: 'ONLINE_AND_NEARLINE' });
const folder = makeEntry('/data/in', { type: 'directory', size: 0 });

const told = () =>
  Notification.manager.notifications.map(({ type, message }) => ({
    type,
    message
  }));

afterEach(() => Notification.dismiss());

function withCommands(
  selected: IEntry[],
  choice: IOrderChoice | null = { keep_s: 86_400, recursive: true }
) {
  const { api, model } = setup();
  const commands = new CommandRegistry();
  const asked: [string, string[]][] = [];
  const dcache = {
    endpoint: 'here',
    selected,
    selectedCount: selected.length,
    selecting: Promise.resolve(true),
    stateChanged: new Signal({})
  };
  addTapeCommands({
    commands,
    model,
    dcache: dcache as never,
    trans,
    show: () => undefined,
    ask: async (activity, entries) => {
      asked.push([activity, entries.map(({ name }) => name)]);
      return choice;
    }
  });
  return { api, asked, commands, dcache, model };
}

describe('the commands', () => {
  it('stage one file at once, and only what is on tape', async () => {
    const { api, asked, commands } = withCommands([onTape, staged]);
    await commands.execute(TapeCommandIDs.stage);
    expect(asked).toEqual([]);
    expect(api.given).toEqual([
      ['here', 'stage', { paths: ['/data/a'], keep: 604_800, recursive: false }]
    ]);
    expect(told()).toEqual([
      {
        type: 'info',
        message:
          'dCache brings “a” to disk and keeps it for 7 d. You are told when it is there.'
      }
    ]);
  });

  it('ask before several files, or a folder, are staged', async () => {
    const { api, asked, commands } = withCommands([onTape, alsoOnTape, folder]);
    await commands.execute(TapeCommandIDs.stage);
    expect(asked).toEqual([['stage', ['a', 'b', 'in']]]);
    expect(api.given[0][2]).toEqual({
      paths: ['/data/a', '/data/b', '/data/in'],
      keep: 86_400,
      recursive: true
    });
  });

  it('order nothing when the question is cancelled', async () => {
    const { api, commands } = withCommands([folder], null);
    await commands.execute(TapeCommandIDs.stage);
    await commands.execute(TapeCommandIDs.pin);
    await commands.execute(TapeCommandIDs.release);
    expect(api.given).toEqual([]);
  });

  it('take paths and durations from programs without asking', async () => {
    const { api, asked, commands } = withCommands([]);
    await commands.execute(TapeCommandIDs.pin, {
      endpoint: 'other',
      paths: ['/x', '/y'],
      keep: 3600,
      recursive: true
    });
    expect(asked).toEqual([]);
    expect(api.given).toEqual([
      ['other', 'pin', { paths: ['/x', '/y'], keep: 3600, recursive: true }]
    ]);
  });

  it('release what is on disk and on tape, and nothing else', async () => {
    const { api, commands } = withCommands([onTape, staged]);
    await commands.execute(TapeCommandIDs.release);
    expect(api.given[0].slice(1)).toEqual([
      'release',
      { paths: ['/data/s'], keep: 604_800, recursive: false }
    ]);
  });

  it('make several orders of more paths than one may have', async () => {
    const many = Array.from({ length: 20_001 }, (_, number) =>
      makeEntry(`/data/f${number}`, { locality: 'NEARLINE' })
    );
    const { api, commands } = withCommands(many);
    await commands.execute(TapeCommandIDs.stage);
    expect(api.given.map(([, , { paths }]) => paths.length)).toEqual([
      20_000, 1
    ]);
  });

  it('are offered for what they fit', () => {
    const offered = (entries: IEntry[]): boolean[] => {
      const { commands } = withCommands(entries);
      return [
        TapeCommandIDs.stage,
        TapeCommandIDs.pin,
        TapeCommandIDs.release
      ].map(id => commands.isVisible(id) && commands.isEnabled(id));
    };
    expect(offered([onTape])).toEqual([true, false, false]);
    expect(offered([staged])).toEqual([false, true, true]);
    expect(offered([folder])).toEqual([true, true, true]);
    expect(offered([makeEntry('/data/d', { locality: 'ONLINE' })])).toEqual([
      false,
      false,
      false
    ]);
  });

  describe('on a selection that is still on its way', () => {
    function withPending() {
      const panel = withCommands([]);
      const here = new PromiseDelegate<boolean>();
      Object.assign(panel.dcache, {
        selectedCount: 3,
        selecting: here.promise
      });
      return { ...panel, here };
    }

    it('wait for all of it', async () => {
      const { api, asked, commands, dcache, here } = withPending();
      expect(commands.isVisible(TapeCommandIDs.stage)).toBe(true);
      expect(commands.isEnabled(TapeCommandIDs.stage)).toBe(true);
      expect(commands.label(TapeCommandIDs.stage)).toBe('Stage from Tape…');
      const done = commands.execute(TapeCommandIDs.stage);
      dcache.selected = [onTape, alsoOnTape, staged];
      here.resolve(true);
      await done;
      expect(asked).toEqual([['stage', ['a', 'b']]]);
      expect(api.given[0][2].paths).toEqual(['/data/a', '/data/b']);
    });

    it('order nothing of another one', async () => {
      const { api, commands, dcache, here } = withPending();
      const done = commands.execute(TapeCommandIDs.stage);
      dcache.selected = [onTape];
      here.resolve(false);
      await done;
      expect(api.given).toEqual([]);
      expect(told()).toEqual([]);
    });

    it('say that nothing of it fits', async () => {
      const { api, commands, dcache, here } = withPending();
      const done = commands.execute(TapeCommandIDs.stage);
      dcache.selected = [staged, staged, staged];
      here.resolve(true);
      await done;
      expect(api.given).toEqual([]);
      expect(told().map(({ message }) => message)).toEqual([
        'Nothing of what is selected is on tape.'
      ]);
    });
  });

  it('say by dots that something is asked first', () => {
    const labels = (entries: IEntry[]): string[] => {
      const { commands } = withCommands(entries);
      return [TapeCommandIDs.stage, TapeCommandIDs.release].map(id =>
        commands.label(id)
      );
    };
    const plain = ['Stage from Tape', 'Release from Disk'];
    expect(labels([])).toEqual(plain);
    expect(labels([onTape, staged])).toEqual(plain);
    expect(labels([onTape, alsoOnTape])).toEqual([`${plain[0]}…`, plain[1]]);
    expect(labels([folder])).toEqual(plain.map(text => `${text}…`));
  });

  it('tell why dCache refused', async () => {
    const { api, commands } = withCommands([onTape]);
    api.nextFailure = new ApiError({ message: 'No STAGE.', code: 'refused' });
    await commands.execute(TapeCommandIDs.stage);
    expect(told()).toEqual([
      { type: 'error', message: 'Can’t stage: No STAGE.' }
    ]);
  });

  it('describe their arguments', async () => {
    const { commands } = withCommands([]);
    for (const id of Object.values(TapeCommandIDs)) {
      const { args } = await commands.describedBy(id);
      expect(args).toMatchObject({ type: 'object' });
    }
  });
});

describe('the form', () => {
  const now = new Date(2026, 10, 28, 12, 0, 0);

  it('takes the end of a day, not before today and not beyond a year', () => {
    expect(secondsUntil('2026-11-28', now)).toBe(12 * 3600 - 1);
    expect(secondsUntil('2026-11-27', now)).toBeLessThan(0);
    expect(secondsUntil('soon', now)).toBeNull();
    const form = new OrderForm('stage', [onTape], trans, () => now);
    const until = (day: string): number | null => {
      (form as never as { set(part: object): void }).set({
        keep: 'until',
        until: day
      });
      return form.getValue()?.keep_s ?? null;
    };
    expect(until('2026-11-29')).toBe(36 * 3600 - 1);
    expect([until('2026-11-27'), until('2028-01-01'), until('')]).toEqual([
      null,
      null,
      null
    ]);
    form.dispose();
  });

  it('says how much it is about, as far as that is known', () => {
    expect(amountWords([onTape, alsoOnTape], trans)).toBe('2 files (2 KiB).');
    expect(amountWords([onTape, folder], trans)).toBe(
      '1 file (1 KiB) and the files in 1 folder.'
    );
  });
});

describe('the section', () => {
  async function show(orders: ITapeRequest[]) {
    const { api, model } = setup(orders);
    await model.refresh();
    const commands = new CommandRegistry();
    addTapeCommands({
      commands,
      model,
      dcache: {
        endpoint: 'here',
        selected: [],
        selectedCount: 0,
        selecting: Promise.resolve(true),
        stateChanged: new Signal({})
      } as never,
      trans,
      show: () => undefined,
      ask: async () => null
    });
    const reveal = jest.fn();
    const fold = { isOpen: true };
    render(<TapeSection {...{ model, commands, trans, reveal, fold }} />);
    return { api, model, reveal, user: userEvent.setup() };
  }

  it('has what goes on above what has ended', async () => {
    await show([anOrder({ id: 'new', state: 'done' }), anOrder({ id: 'old' })]);
    const items = screen
      .getAllByRole('listitem')
      .map(item => item.className.replace('jp-rsdat-Transfer ', ''));
    expect(items).toEqual(['jp-mod-running', 'jp-mod-done']);
  });

  it('tells how far an order is, and cancels it', async () => {
    const { api, user, reveal } = await show([anOrder()]);
    const item = screen.getByRole('listitem', {
      name: 'Stage “scene.tif”, under way'
    });
    expect(within(item).getByRole('progressbar')).toHaveAttribute(
      'aria-valuetext',
      '25 %, 1 of 4 files · 2 KiB · kept for 7 d'
    );
    await user.click(within(item).getByRole('button', { name: /^Show/ }));
    expect(reveal).toHaveBeenCalled();
    await user.click(within(item).getByRole('button', { name: /^Cancel/ }));
    await act(settle);
    expect(api.removed).toEqual(['o1']);
    expect(screen.queryByRole('listitem')).toBeNull();
  });

  it('asks for targets when they are unfolded, failures first', async () => {
    const { api } = await show([
      anOrder({ state: 'failed', files: { total: 201, done: 200, failed: 1 } })
    ]);
    api.all = Array.from({ length: 201 }, (_, number) => ({
      path: `/f${number}`,
      state: number === 7 ? 'failed' : 'done',
      message: number === 7 ? 'No such file' : null
    }));
    expect(api.asked).toEqual([]);
    const details = screen.getByText('Files (1 failed)').closest('details')!;
    // jsdom folds no details open by itself.
    details.open = true;
    fireEvent(details, new Event('toggle'));
    await act(settle);
    // Not by role: the names of two hundred items take this jsdom seconds.
    const items = () => details.querySelectorAll('li');
    const [first] = items();
    expect(first).toHaveTextContent('/f7failed: No such file');
    api.nextFailure = new ApiError({ message: 'Not now.', code: 'network' });
    fireEvent.click(within(details).getByText('Show more'));
    await act(settle);
    expect(within(details).getByText('Not now.')).toBeInTheDocument();
    fireEvent.click(within(details).getByText('Retry'));
    await act(settle);
    expect(items()).toHaveLength(201);
    expect(api.asked).toEqual([
      ['o1', 0],
      ['o1', 200]
    ]);
  });
});

describe('notices', () => {
  it('tell once what became ready while the page was closed', async () => {
    const ready = anOrder({
      state: 'done',
      files: { total: 4, done: 4, failed: 0 }
    });
    const { api, model } = setup([
      ready,
      anOrder({ id: 'o2', seen: true, state: 'done' })
    ]);
    const reveal = jest.fn();
    const seen = { page: false };
    const notices = new TapeNotices({
      model,
      trans,
      isPageSeen: () => seen.page,
      reveal,
      show: () => undefined
    });
    await model.refresh();
    expect([told(), api.seen]).toEqual([[], []]);
    seen.page = true;
    notices.look();
    await settle();
    await model.refresh();
    expect(told()).toEqual([
      { type: 'success', message: 'Ready: “scene.tif”, 4 files are on disk.' }
    ]);
    expect(api.seen).toEqual(['o1']);
    const [{ options }] = Notification.manager.notifications;
    // It was waited for, maybe for days: it stays until it is read.
    expect(options.autoClose).toBe(false);
    options.actions![0].callback(new MouseEvent('click'));
    expect(reveal).toHaveBeenCalledWith(expect.objectContaining({ id: 'o1' }));
    model.dispose();
  });
});

test('an estimate is told while there is one', () => {
  const order = anOrder({ ready_estimate: '2026-01-02T10:00:00' });
  const now = new Date('2026-01-02T09:00:00');
  expect(progressWords(order, trans, now)).toMatch(/ready about 10:00$/);
  expect(progressWords({ ...order, state: 'done' }, trans, now)).not.toMatch(
    /ready/
  );
});
