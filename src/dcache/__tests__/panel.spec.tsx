import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { fileIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import {
  act,
  configure,
  fireEvent,
  render,
  screen,
  within
} from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { ApiError } from '../../common/request';
import type { IChange } from '../../common/events';
import { Bookmarks } from '../bookmarks';
import { ColumnsModel } from '../columns';
import { completePath } from '../complete';
import { DCachePanel } from '../components/panel';
import { ROW_HEIGHT } from '../components/row';
import type { IPanelContext } from '../components/state';
import { AccessCommandIDs } from '../endpoints/ids';
import { CommandIDs, TransferCommandIDs } from '../ids';
import { DetailsModel } from '../details';
import { DCacheModel } from '../model';
import { FakeApi, failure, makeEndpoint } from './fake';

/** What jsdom doesn't do: layout. */
class FakeResizeObserver {
  observe(): void {}
  disconnect(): void {}
  unobserve(): void {}
}

const HEIGHT = 240;

// Asking jsdom of every cell whether it is visible takes seconds.
configure({ defaultHidden: true });

beforeAll(() => {
  globalThis.ResizeObserver = FakeResizeObserver as never;
  // Lab's shim for editors lacks what user-event needs of a range.
  document.createRange = () => new Range();
  HTMLElement.prototype.setPointerCapture = jest.fn();
  HTMLElement.prototype.hasPointerCapture = jest.fn();
  for (const [name, value] of Object.entries({
    clientHeight: HEIGHT,
    clientWidth: 420,
    offsetWidth: 420
  })) {
    Object.defineProperty(HTMLElement.prototype, name, {
      configurable: true,
      get: () => value
    });
  }
});

async function setup(prepare: (api: FakeApi) => void = () => undefined) {
  const api = new FakeApi();
  prepare(api);
  const changes = new Signal<unknown, IChange>({});
  const model = new DCacheModel({ api, changes, settle_ms: 0 });
  const commands = new CommandRegistry();
  const executed: string[] = [];
  for (const id of [
    ...Object.values(CommandIDs),
    ...Object.values(TransferCommandIDs)
  ]) {
    commands.addCommand(id, { execute: () => void executed.push(id) });
  }
  const context: IPanelContext = {
    model,
    columns: new ColumnsModel(),
    bookmarks: new Bookmarks(),
    details: new DetailsModel({ api, model, settle_ms: 0 }),
    complete: (typed, signal) => completePath(api, 'here', typed, signal),
    commands,
    trans: nullTranslator.load('jupyterlab'),
    iconOf: () => fileIcon,
    drop: jest.fn(),
    open: jest.fn(),
    makeDrag: jest.fn()
  };
  render(<DCachePanel {...context} />);
  await act(() => model.show());
  return { api, model, executed, context, user: userEvent.setup() };
}

const grid = () => screen.getByRole('grid', { name: 'Files' });
const row = (name: string) => within(grid()).getByRole('row', { name });
const bodyRows = () =>
  within(grid())
    .getAllByRole('row')
    .filter(element => element.dataset.row !== undefined);

function focus(): void {
  act(() => grid().focus());
}

/** Jsdom knows no pointer events; their modifiers are those of the mouse. */
function pointerDown(target: Element, keys: MouseEventInit): void {
  const event = new MouseEvent('pointerdown', { bubbles: true, ...keys });
  fireEvent(target, event);
}

describe('the list of files', () => {
  it('names rows by file and columns by what they show', async () => {
    await setup(api => {
      api.add('/home/runs', { type: 'directory' });
      api.add('/home/a b.txt', { size: 1536 });
    });
    expect(
      within(row('a b.txt'))
        .getAllByRole('gridcell')
        .map(cell => cell.textContent)
    ).toEqual(['a b.txt', 'disk', '1.5 KiB', expect.stringMatching(/2026/)]);
    const headers = within(grid()).getAllByRole('columnheader');
    expect(headers.map(header => header.getAttribute('aria-sort'))).toEqual([
      'ascending',
      'none',
      'none',
      'none'
    ]);
    expect(
      within(grid()).getByRole('columnheader', { name: 'Size' })
    ).toBeInTheDocument();
    expect(screen.getByRole('status')).toHaveTextContent('2 entries');
  });

  it('has only the rows in view in the document, of 50 000', async () => {
    await setup(api => api.addMany('/home', 50_000));
    expect(grid()).toHaveAttribute('aria-rowcount', '50001');
    expect(bodyRows().length).toBeLessThan(60);
    const scroller = grid().querySelector('.jp-rsdat-Files-body')!;
    act(() => {
      scroller.scrollTop = 30_000 * ROW_HEIGHT;
      fireEvent.scroll(scroller);
    });
    expect(bodyRows().length).toBeLessThan(60);
    const waiting = within(grid()).getAllByRole('row', { name: 'Loading' });
    expect(waiting.length).toBeGreaterThan(9);
    const found = await within(grid()).findByRole('row', { name: 'f030000' });
    expect(found).toHaveAttribute('aria-rowindex', '30002');
  });

  it('sorts by its headers', async () => {
    const { api, user } = await setup(api => api.addMany('/home', 3));
    await user.click(screen.getByRole('button', { name: 'Size' }));
    await user.click(screen.getByRole('button', { name: 'Size' }));
    expect(api.listed.map(({ sort }) => sort)).toEqual([
      'name',
      'size',
      '-size'
    ]);
    expect(
      within(grid()).getByRole('columnheader', { name: 'Size' })
    ).toHaveAttribute('aria-sort', 'descending');
  });

  it('tells what is on tape', async () => {
    await setup(api => {
      api.add('/home/a', { locality: 'NEARLINE' });
      api.add('/home/b', { locality: 'ONLINE_AND_NEARLINE' });
      api.add('/home/c', { locality: 'ONLINE' });
      api.add('/home/d', { type: 'directory', locality: 'NEARLINE' });
    });
    const symbol = (name: string) => within(row(name)).queryByRole('img');
    expect(symbol('a')).toHaveAttribute(
      'title',
      'On tape: stage it before opening'
    );
    expect(symbol('a')).toHaveTextContent('tape');
    expect(symbol('b')).toHaveAccessibleName('On disk and on tape');
    expect(symbol('b')).toHaveTextContent('both');
    expect(symbol('c')).toHaveAccessibleName('On disk');
    expect(symbol('c')!.querySelector('svg')).toBeNull();
    expect(symbol('d')).toBeNull();
  });
});

describe('keyboard', () => {
  const selected = (model: DCacheModel) =>
    model.selected.map(({ name }) => name);

  it('moves, and says where it is', async () => {
    const { model, user } = await setup(api => api.addMany('/home', 1000));
    focus();
    expect(selected(model)).toEqual(['f000000']);
    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowUp}');
    expect(selected(model)).toEqual(['f000001']);
    expect(grid()).toHaveAttribute('aria-activedescendant', row('f000001').id);
    expect(row('f000001')).toHaveAttribute('aria-selected', 'true');
    await user.keyboard('{PageDown}');
    expect(selected(model)).toEqual(['f000010']);
    await user.keyboard('{PageUp}');
    expect(selected(model)).toEqual(['f000001']);
    await user.keyboard('{End}');
    expect(model.selection.active).toBe(999);
    expect(
      await within(grid()).findByRole('row', { name: 'f000999' })
    ).toHaveAttribute('aria-selected', 'true');
    await user.keyboard('{Home}');
    expect(selected(model)).toEqual(['f000000']);
  });

  it('says how many are selected while dCache tells the rest, and whether all will be', async () => {
    const { api, model } = await setup(api => {
      api.addMany('/home', 150);
      api.isComplete = false;
    });
    const status = screen.getByRole('status');
    expect(status).toHaveTextContent('Loading the rest… 150 entries so far');
    await act(() => model.extendTo(4));
    expect(status).toHaveTextContent('150 entries so far, 5 selected');
    screen.getByRole('grid', { name: 'Files' }).focus();
    fireEvent.keyDown(document.activeElement!, { key: 'a', ctrlKey: true });
    expect(status).toHaveTextContent(
      'Selecting all entries… 150 entries so far'
    );
    api.addMany('/home', 1000);
    api.isComplete = true;
    await act(() => model.refresh(false).then(() => model.selecting));
    expect(status).toHaveTextContent('1,000 of 1000 entries selected');
  });

  it('selects several', async () => {
    const { model, user } = await setup(api => api.addMany('/home', 9));
    focus();
    await user.keyboard('{Shift>}{ArrowDown}{ArrowDown}{/Shift}');
    expect(selected(model)).toHaveLength(3);
    await user.keyboard('{Control>}a{/Control}');
    expect(selected(model)).toHaveLength(9);
    expect(screen.getByRole('status')).toHaveTextContent(
      '9 of 9 entries selected'
    );
    await user.keyboard('{Escape}');
    expect(selected(model)).toHaveLength(0);
  });

  it('opens and goes up', async () => {
    const { context, model, user } = await setup(api =>
      api.addMany('/home', 3)
    );
    focus();
    await user.keyboard('{Enter}');
    expect(context.open).toHaveBeenCalledTimes(1);
    await user.keyboard('{Backspace}');
    expect(model.path).toBe('/');
  });

  describe('in the filter', () => {
    const platform = Object.getOwnPropertyDescriptor(navigator, 'platform');
    const beginAt = async (path: string) => {
      const all = await setup(api =>
        api.add('/home/runs', { type: 'directory' })
      );
      await act(() => all.model.openPath(path));
      const filter = screen.getByRole('searchbox', { name: 'Filter files' });
      await all.user.type(filter, 'ru');
      return { ...all, filter };
    };
    afterEach(() => {
      delete (navigator as { platform?: string }).platform;
      if (platform) {
        Object.defineProperty(navigator, 'platform', platform);
      }
    });

    it('goes up and back as everywhere, and on in the list', async () => {
      const { model, user } = await beginAt('/home/runs');
      await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
      expect(model.path).toBe('/home');
      expect(selected(model)).toEqual(['runs']);
      expect(grid()).toHaveFocus();
      const filter = screen.getByRole('searchbox', { name: 'Filter files' });
      expect(filter).toHaveValue('');
      await user.click(filter);
      await user.keyboard('{Alt>}{ArrowLeft}{/Alt}');
      expect(model.path).toBe('/home/runs');
      expect(grid()).toHaveFocus();
    });

    it('stays where there is no folder above', async () => {
      const { model, user, filter } = await beginAt('/');
      await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
      expect(model.path).toBe('/');
      expect(filter).toHaveFocus();
      expect(filter).toHaveValue('ru');
    });

    it('leaves these keys to the field on a Mac, where they move in it', async () => {
      Object.defineProperty(navigator, 'platform', {
        configurable: true,
        value: 'MacIntel'
      });
      const { model, user, filter } = await beginAt('/home/runs');
      expect(fireEvent.keyDown(filter, { key: 'ArrowUp', altKey: true })).toBe(
        true
      );
      expect(model.path).toBe('/home/runs');
      expect(filter).toHaveFocus();
      focus();
      await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
      expect(model.path).toBe('/home');
    });
  });

  it('finds a name that is typed', async () => {
    const { model, user } = await setup(api => {
      api.add('/home/alpha');
      api.add('/home/beta');
      api.add('/home/bravo');
    });
    focus();
    await user.keyboard('br');
    expect(selected(model)).toEqual(['bravo']);
  });

  it('opens the menu of the row', async () => {
    const { user } = await setup(api => api.addMany('/home', 3));
    const onMenu = jest.fn();
    document.body.addEventListener('contextmenu', onMenu);
    focus();
    await user.keyboard('{ContextMenu}');
    expect(onMenu.mock.calls[0][0].target).toBe(row('f000000'));
    document.body.removeEventListener('contextmenu', onMenu);
  });
});

describe('mouse', () => {
  it('selects, adds with Ctrl, extends with Shift, opens with two clicks', async () => {
    const { context, model } = await setup(api => api.addMany('/home', 9));
    const names = () => model.selected.map(({ name }) => name).sort();
    const press = (name: string, keys = {}) =>
      act(async () => {
        pointerDown(row(name), keys);
        fireEvent.click(row(name), keys);
      });
    await press('f000002');
    expect(names()).toEqual(['f000002']);
    await press('f000005', { ctrlKey: true });
    expect(names()).toEqual(['f000002', 'f000005']);
    await press('f000007', { shiftKey: true });
    expect(names()).toEqual(['f000005', 'f000006', 'f000007']);
    await press('f000001');
    fireEvent.doubleClick(row('f000001'));
    expect(context.open).toHaveBeenCalledTimes(1);
    expect(names()).toEqual(['f000001']);
  });

  it('keeps several selected for the menu of one of them', async () => {
    const { model } = await setup(api => api.addMany('/home', 4));
    await act(() => model.extendTo(2));
    pointerDown(row('f000001'), { button: 2 });
    expect(model.selected).toHaveLength(3);
    pointerDown(row('f000003'), { button: 2 });
    expect(model.selected).toHaveLength(1);
  });
});

describe('round the list', () => {
  it('says how to configure an endpoint, and looks again', async () => {
    const { api, user } = await setup(api => {
      api.configured = [];
    });
    expect(screen.getByText(/~\/.rsdat\/endpoints.json on/)).toBeVisible();
    expect(screen.getByText(/"token_file"/)).toBeVisible();
    expect(screen.queryByRole('grid')).toBeNull();
    api.configured = [makeEndpoint('new', '/home')];
    await user.click(screen.getByRole('button', { name: 'Refresh' }));
    expect(grid()).toBeInTheDocument();
  });

  it.each([
    ['no_credential', 401, 'Token…', AccessCommandIDs.token],
    ['door_broken', 502, 'Test the endpoint…', AccessCommandIDs.endpoints]
  ])(
    'leads from %s (%i) to where it is mended',
    async (code, status, name, id) => {
      const { api, context, model, user } = await setup();
      const run = jest.fn();
      context.commands.addCommand(id, { execute: run });
      api.nextFailure = new ApiError({ message: 'Oh.', code, status });
      await act(() => model.refresh());
      await user.click(screen.getByRole('button', { name }));
      expect(run).toHaveBeenCalledTimes(1);
    }
  );

  it('offers a choice of endpoints only when there are several', async () => {
    const { model } = await setup(api => {
      api.configured = [makeEndpoint('a', '/x'), makeEndpoint('b', '/y')];
    });
    const choice = screen.getByRole('combobox', { name: 'Endpoint' });
    await act(async () => {
      fireEvent.change(choice, { target: { value: 'b' } });
    });
    expect(model.remembered).toMatchObject({ endpoint: 'b', path: '/y' });
  });

  it('filters after the typing', async () => {
    const { api, user } = await setup(api => api.addMany('/home', 30));
    await user.type(
      screen.getByRole('searchbox', { name: 'Filter files' }),
      '0002'
    );
    expect(await screen.findByText('11 entries')).toBeVisible();
    expect(api.listed.map(({ filter }) => filter)).toEqual(['', '0002']);
    await user.type(screen.getByRole('searchbox'), 'x');
    expect(await screen.findByText(/contains “0002x”/)).toBeVisible();
  });

  it('leads up the path', async () => {
    const { model, user } = await setup();
    await act(() => model.openPath('/a/b/c/d/e'));
    const path = screen.getByRole('navigation', { name: 'Path' });
    await user.click(within(path).getByRole('button', { name: '/a/b' }));
    expect(model.path).toBe('/a/b');
    await user.click(within(path).getByRole('button', { name: 'a' }));
    expect(model.path).toBe('/a');
    await user.click(within(path).getByRole('button', { name: 'Home' }));
    expect(model.path).toBe('/home');
  });

  it('tells the door’s words, keeps the rows, and retries', async () => {
    const { api, context, model, user } = await setup(api =>
      api.addMany('/home', 3)
    );
    const renew = jest.spyOn(context.details, 'renew');
    const refusal = failure('no_credential', 401);
    Object.assign(refusal, { message: 'Token expired.', hint: 'Get a new.' });
    api.nextFailure = refusal;
    await act(() => model.refresh());
    const alert = screen.getByRole('alert');
    expect(alert).toHaveTextContent('Token expired.');
    expect(alert).toHaveTextContent('Get a new.');
    expect(row('f000001')).toBeInTheDocument();
    await user.click(within(alert).getByRole('button', { name: 'Retry' }));
    expect(screen.queryByRole('alert')).toBeNull();
    expect(renew).toHaveBeenCalled();
  });

  it('leads out of a folder that is gone', async () => {
    const { api, model, user } = await setup();
    api.nextFailure = failure('not_found', 404);
    await act(() => model.openPath('/home/gone'));
    await user.click(screen.getByRole('button', { name: 'Go up' }));
    expect(model.path).toBe('/home');
  });

  it('has a button for each of the frequent commands', async () => {
    const { api, context, executed, user } = await setup();
    const renew = jest.spyOn(context.details, 'renew');
    await user.click(screen.getByRole('button', { name: 'Upload' }));
    await user.click(screen.getByRole('button', { name: 'New folder' }));
    expect(executed).toEqual([TransferCommandIDs.upload, CommandIDs.newFolder]);
    await user.click(screen.getByRole('button', { name: 'Refresh' }));
    expect(api.listed.map(({ refresh }) => refresh)).toEqual([false, true]);
    expect(renew).toHaveBeenCalled();
  });

  it('says how many files are hidden', async () => {
    const { api, model } = await setup(api => {
      api.add('/home/.profile');
    });
    expect(
      screen.getByText(/All files in this folder are hidden/)
    ).toBeVisible();
    await act(async () => model.setFilter('pro'));
    expect(
      screen.getByText(/No name .* contains “pro”. 1 hidden one does./)
    ).toBeVisible();
    await act(async () => model.setFilter(''));
    api.add('/home/a.txt');
    await act(() => model.refresh());
    expect(screen.getByRole('status')).toHaveTextContent('1 entry, 1 hidden');
    await act(async () => {
      model.showsHidden = true;
    });
    expect(row('.profile')).toBeInTheDocument();
    expect(screen.getByRole('status')).toHaveTextContent('2 entries');
  });

  it('says that a folder is empty', async () => {
    await setup();
    expect(screen.getByText(/This folder is empty/)).toBeVisible();
  });

  it('hands on what is dropped, within its event', async () => {
    const { context } = await setup();
    const drop = new Event('drop', { bubbles: true, cancelable: true });
    const dataTransfer = { types: ['Files'], items: [] };
    Object.assign(drop, { dataTransfer });
    fireEvent(grid(), drop);
    expect(drop.defaultPrevented).toBe(true);
    expect(context.drop).toHaveBeenCalledWith(dataTransfer);
  });
});
