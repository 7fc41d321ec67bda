/** Searches, the form they begin with, and the dialog of a copy. */
import '@testing-library/jest-dom';
import { Clipboard, Dialog, Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { ApiError } from '../../common/request';
import { StacActions } from '../actions';
import { addCommands } from '../commands';
import { progressText, SearchForm } from '../components/searchform';
import { CopyForm, estimateLines } from '../copydialog';
import { mayBeStac } from '../hrefs';
import { CommandIDs, OtherCommandIDs } from '../ids';
import { EMPTY, requestOf, SearchModel } from '../search';
import { TabState } from '../state';
import { ESTIMATE, setup, until } from './fake';

const trans = nullTranslator.load('jupyterlab_rsdat');
const URL = 'https://example.org/stac';

/** The dialog of a title. jsdom opens none, and nobody sees what is in a closed one. */
async function dialogOf(title: string): Promise<HTMLElement> {
  const dialog = await screen.findByLabelText(title);
  dialog.setAttribute('open', '');
  return dialog;
}

afterEach(() => {
  Dialog.flush();
  Notification.dismiss();
});

describe('what is asked of an API', () => {
  const fields = { ...EMPTY, url: URL };

  it('is what was filled in', () => {
    const asked = requestOf({
      ...fields,
      collections: ['s2'],
      bbox: '4, 51, 5, 52',
      start: '2024-05-01',
      end: '2024-05-31',
      conditions: [
        { property: 'eo:cloud_cover', operator: '<', value: '20' },
        { property: '', operator: '<', value: '' }
      ],
      limit: '50'
    });
    expect(asked).toEqual({
      request: {
        url: URL,
        collections: ['s2'],
        bbox: [4, 51, 5, 52],
        datetime: '2024-05-01T00:00:00Z/2024-05-31T23:59:59Z',
        query: ['eo:cloud_cover<20'],
        limit: 50
      }
    });
    expect(requestOf({ ...fields, end: '2024-05-31' })).toEqual({
      request: {
        url: URL,
        datetime: '../2024-05-31T23:59:59Z',
        limit: 1000
      }
    });
  });

  it.each([
    [{ url: '' }, 'url'],
    [{ bbox: '1,2,3' }, 'bbox'],
    [{ start: '2024-06-01', end: '2024-05-01' }, 'time'],
    [{ limit: '0' }, 'limit'],
    [{ limit: '1.5' }, 'limit'],
    [
      {
        conditions: [{ property: 'a', operator: '<' as const, value: '' }]
      },
      'condition'
    ]
  ])('is refused with %p', (part, problem) => {
    expect(requestOf({ ...fields, ...part })).toEqual({
      problems: [problem]
    });
  });
});

describe('the form', () => {
  const show = async (names: string[]) => {
    const { api, changes } = setup();
    api.apiList = names.map(name => ({
      name,
      url: `${URL}/${name}`,
      title: name,
      own: true
    }));
    const search = new SearchModel({ api, changes });
    render(<SearchForm search={search} trans={trans} />);
    await act(() => search.loadApis());
    return { api, changes, search, user: userEvent.setup() };
  };

  it('asks no API before one is chosen, then searches it', async () => {
    const { api, search, user } = await show(['one', 'two']);
    expect(api.asked).toEqual(['apis']);
    expect(screen.getByRole('button', { name: 'Search' })).toBeDisabled();
    fireEvent.change(screen.getByRole('combobox', { name: 'STAC API' }), {
      target: { value: `${URL}/two` }
    });
    await user.click(
      await screen.findByRole('checkbox', { name: 'Sentinel-2' })
    );
    await user.click(screen.getByRole('button', { name: 'Add condition' }));
    await user.type(
      screen.getByRole('textbox', { name: 'Property' }),
      'eo:cloud_cover'
    );
    expect(screen.getByRole('alert')).toHaveTextContent('a value');
    await user.type(screen.getByRole('textbox', { name: 'Value' }), '20');
    const begun: (string | null)[] = [];
    search.began.connect((_, href) => void begun.push(href));
    await user.click(screen.getByRole('button', { name: 'Search' }));
    expect(api.searches).toEqual([
      {
        url: `${URL}/two`,
        collections: ['s2'],
        query: ['eo:cloud_cover<20'],
        limit: 1000
      }
    ]);
    expect(screen.getByText('2 of 8 found so far…')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Stop' }));
    // What was found stays, and code asks for that.
    expect(screen.getByText('Stopped at 2 of 8')).toBeVisible();
    expect(api.ended).toEqual([]);
    expect(begun).toEqual(['search:one']);
    expect(search.request?.limit).toBe(2);
    // The next one takes its place.
    api.state = {};
    await user.click(screen.getByRole('button', { name: 'Search' }));
    expect(api.ended).toEqual(['one']);
    expect(begun).toEqual(['search:one', null, 'search:one']);
  });

  it('removes the chosen one without asking another', async () => {
    const { api, search, user } = await show(['one', 'two', 'three']);
    await act(async () => search.set({ url: `${URL}/two` }));
    const asked = [...api.asked];
    await user.click(screen.getByRole('button', { name: /^Remove “two”/ }));
    await act(() => until(() => search.apis?.length === 2));
    expect(search.fields.url).toBe('');
    expect(api.asked).toEqual(asked);
    // Of two the other one is meant.
    await act(async () => search.set({ url: `${URL}/one` }));
    await act(() => search.removeApi('one'));
    expect(search.fields.url).toBe(`${URL}/three`);
  });

  it('stops one that only begins as soon as it can', async () => {
    const { api, search } = await show(['one']);
    let begin: () => void = () => undefined;
    const gate = new Promise<void>(resolve => (begin = resolve));
    const real = api.search.bind(api);
    api.search = async request => {
      await gate;
      return real(request);
    };
    const started = search.start();
    await act(() => search.stop());
    expect(api.asked).not.toContain('stop one');
    begin();
    await act(() => started);
    expect(api.asked).toContain('stop one');
    expect(search.isRunning).toBe(false);
    expect(progressText(search, trans)).toBe('Stopped at 2 of 8');
  });

  it('says why a search can not be stopped, and forgets one that is gone', async () => {
    const { api, search } = await show(['one']);
    await act(() => search.start());
    api.failure = new ApiError({ message: 'no answer', code: 'offline' });
    await act(() => search.stop());
    expect(screen.getByRole('alert')).toHaveTextContent('no answer');
    expect(search.search).not.toBeNull();
    api.failure = new ApiError({ message: 'it is gone', code: 'no_search' });
    await act(() => search.stop());
    expect(search.search).toBeNull();
    expect(search.isRunning).toBe(false);
  });

  it('adds and removes an API', async () => {
    const { api, search, user } = await show([]);
    await user.type(
      screen.getByRole('textbox', { name: 'Name of the API' }),
      'mine'
    );
    const address = screen.getByRole('textbox', { name: 'Address of the API' });
    await user.type(address, URL);
    api.failure = new ApiError({ message: 'no STAC API', code: 'not_stac' });
    await user.click(screen.getByRole('button', { name: 'Add' }));
    expect(await screen.findByText('no STAC API')).toBeVisible();
    api.failure = null;
    await user.type(address, '{Enter}');
    await act(() => until(() => search.collections !== null));
    expect(search.fields.url).toBe(URL);
    expect(api.searches).toEqual([]);
    await user.click(screen.getByRole('button', { name: /^Remove “mine”/ }));
    await act(() => until(() => search.apis?.length === 0));
    expect(search.fields.url).toBe('');
  });

  it('follows the search by its events, and tells how it failed', async () => {
    const { api, changes, search } = await show(['one']);
    await act(() => search.start());
    api.state = {
      state: 'failed',
      problem: { message: 'The API answered 500', hint: 'Try again later.' }
    };
    await act(async () => {
      changes.emit({ kind: 'stac', id: 'search:one' });
      await until(() => search.search?.state === 'failed');
    });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'The API answered 500. Try again later.'
    );
    expect(progressText(search, trans)).toBe('2 of 8 found');
  });
});

describe('the commands', () => {
  const make = async () => {
    const { api, changes, source } = setup();
    const state = new TabState({ api, changes, source: { catalog: source } });
    const commands = new CommandRegistry();
    const executed: [string, unknown][] = [];
    for (const id of Object.values(OtherCommandIDs)) {
      commands.addCommand(id, {
        execute: args => void executed.push([id, args])
      });
    }
    const inserted: string[] = [];
    const opened: string[] = [];
    const settings = { opensCatalogs: true, hasNotebook: true };
    const actions = new StacActions({
      api,
      dcache: {
        // The panel was never in view.
        endpoint: null,
        path: '/home',
        endpoints: null,
        complete: async () => []
      },
      trans,
      isDefaultEndpoint: endpoint => endpoint === null || endpoint === 'here',
      cluster: () => 'mine',
      lookAtClusters: async () => undefined,
      root: '/home/ann',
      insertCode: code => settings.hasNotebook && inserted.push(code) > 0,
      execute: (command, args) => commands.execute(command, args)
    });
    addCommands({
      commands,
      actions: async () => actions,
      isWanted: ({ href }) => settings.opensCatalogs && mayBeStac(href),
      trans,
      current: () => state,
      open: async ({ href }) => void opened.push(href),
      search: async ({ url }) => {
        opened.push(`search ${url}`);
        return new Widget();
      },
      askHref: async () => 'https://example.org/catalog.json',
      selectedFile: () => null
    });
    await state.start();
    await until(
      () => state.items.rows?.isLoaded === true && state.items.summary !== null
    );
    const user = userEvent.setup();
    return {
      api,
      commands,
      executed,
      inserted,
      opened,
      settings,
      state,
      user
    };
  };

  it('have labels, and schemas of what they take', async () => {
    const { commands } = await make();
    for (const id of Object.values(CommandIDs)) {
      expect(commands.label(id)).not.toBe('');
      const { args } = await commands.describedBy(id);
      expect(args).toHaveProperty('properties');
    }
  });

  it('put code of what is selected, or of all, into the notebook', async () => {
    const { commands, inserted, settings, state } = await make();
    await commands.execute(CommandIDs.insertCode);
    state.items.select(0);
    await commands.execute(CommandIDs.insertCode);
    expect(inserted[0]).toContain('rsdat.connect("mine")');
    expect(inserted[0]).not.toContain('ids=');
    expect(inserted[1]).toContain('ids=["item-00007"]');
    settings.hasNotebook = false;
    const copied = jest
      .spyOn(Clipboard, 'copyToSystem')
      .mockImplementation(() => undefined);
    await commands.execute(CommandIDs.insertCode);
    expect(copied).toHaveBeenCalledWith(inserted[1]);
    copied.mockRestore();
  });

  it('stage and download what is in dCache, and say what is not', async () => {
    const { api, commands, executed, state } = await make();
    state.items.select(0);
    await commands.execute(CommandIDs.stage);
    await commands.execute(CommandIDs.download);
    const files = { endpoint: 'here', paths: ['/data/red.tif'] };
    expect(executed).toEqual([
      [OtherCommandIDs.stageFiles, files],
      [OtherCommandIDs.downloadFiles, files]
    ]);
    expect(api.filesAsked[0].assets).toEqual(['red']);
    expect(Notification.manager.notifications[0].message).toBe(
      '1 file is not in dCache and is left out.'
    );
  });

  it('open a JSON file only if it is a catalog and may be', async () => {
    const { api, commands, opened, settings } = await make();
    const guess = (href: string) =>
      commands.execute(CommandIDs.open, { href, isGuess: true });
    const [href] = api.nodes.keys();
    expect(await guess(href)).toBe(true);
    expect(await guess('dcache:///data/other.json')).toBe(false);
    expect(await guess('dcache:///data/other.tif')).toBe(false);
    settings.opensCatalogs = false;
    expect(await guess(href)).toBe(false);
    await commands.execute(CommandIDs.open);
    await commands.execute(CommandIDs.search, { url: URL });
    expect(opened).toEqual([
      href,
      'https://example.org/catalog.json',
      `search ${URL}`
    ]);
  });

  it('copy what is selected, after an estimate', async () => {
    const { api, commands, state, user } = await make();
    state.items.select(0);
    state.items.toggle(1);
    void commands.execute(CommandIDs.copyAssets);
    const dialog = await dialogOf('Copy assets to dCache');
    expect(
      await within(dialog).findByText('3 items: 3 files, 3 MiB')
    ).toBeInTheDocument();
    expect(api.estimated[0]).toMatchObject({
      assets: ['red'],
      to: { endpoint: 'here', path: '/home/catalog' }
    });
    expect(
      within(dialog).getByRole('checkbox', { name: 'red (2 items)' })
    ).toBeChecked();
    const copy = within(dialog).getByRole('button', { name: 'Copy' });
    const red = within(dialog).getByRole('checkbox', { name: /^red/ });
    await user.click(red);
    expect(copy).toBeDisabled();
    await user.click(red);
    await user.click(copy);
    await until(() => api.copied.length === 1);
    expect(api.copied[0]).toMatchObject({
      assets: ['red'],
      selection: {
        items: ['dcache:///data/stack/7.json', 'dcache:///data/stack/6.json']
      }
    });
  });

  it('write a catalog alone, and keep the dialog where that fails', async () => {
    const { api, commands, user } = await make();
    void commands.execute(CommandIDs.saveCatalog);
    const dialog = await dialogOf('Save as catalog in dCache');
    api.failure = new ApiError({ message: 'no room', code: 'full' });
    await user.click(within(dialog).getByRole('button', { name: 'Save' }));
    expect(await within(dialog).findByText('no room')).toBeInTheDocument();
    api.failure = null;
    await user.click(within(dialog).getByRole('button', { name: 'Save' }));
    await until(() => api.copied.length === 1);
    expect(api.copied[0].assets).toEqual([]);
  });
});

it('the estimate follows what is chosen, and nothing chosen is not sent', async () => {
  const { api } = setup();
  const form = new CopyForm({
    api,
    request: { href: 'dcache:///catalog.json' },
    assets: [
      { key: 'red', count: 2 },
      { key: 'nir', count: 1 }
    ],
    chosen: ['red'],
    endpoints: ['here'],
    place: { endpoint: 'here', path: '/copied/' },
    complete: async () => [],
    trans
  });
  Widget.attach(form, document.body);
  const boxes = await screen.findAllByRole('checkbox');
  await until(() => api.estimated.length === 1);
  expect(api.estimated[0].to).toEqual({ endpoint: 'here', path: '/copied' });
  act(() => boxes[0].click());
  expect(form.isValid).toBe(false);
  expect(await screen.findByText('Choose at least one.')).toBeVisible();
  act(() => boxes[1].click());
  await until(() => api.estimated.length === 2);
  expect(api.estimated[1].assets).toEqual(['nir']);
  api.estimateAnswer = new ApiError({ message: 'no door', code: 'door' });
  act(() => boxes[0].click());
  expect(await screen.findByText('No estimate: no door')).toBeVisible();
  expect(form.isValid).toBe(true);
  form.dispose();
});

it('an estimate says all that it knows', () => {
  const lines = estimateLines(
    {
      ...ESTIMATE,
      unknown: 2,
      by_doors: 2,
      there: 1,
      on_tape: 1,
      missing: 1,
      free: 2 ** 20
    },
    trans
  );
  expect(lines).toEqual([
    '3 items: 3 files, 3 MiB',
    '2 files’ sizes are not known',
    'about 12 s through the Jupyter server, at the rate measured now',
    'dCache may copy 2 files by itself: how fast can’t be known before',
    '1 is there already and is left out',
    '1 is on tape and has to be staged first',
    '1 is not where its item says',
    'Only 1 MiB are left of the quota!'
  ]);
});

it('an estimate of a choice says so, and never that it takes no time', () => {
  const line = (part: object) =>
    estimateLines({ ...ESTIMATE, ...part }, trans).slice(0, 2);
  expect(line({ items: 20_000, files: 40_000, sampled: true })[0]).toBe(
    `20000 items: about ${(40_000).toLocaleString()} files, about 3 MiB`
  );
  expect(line({ seconds: 0.2 })[1]).toBe(
    'less than a second through the Jupyter server, at the rate measured now'
  );
  expect(line({ seconds: 0, there: 3 })[1]).toBe(
    '3 are there already and are left out'
  );
});
