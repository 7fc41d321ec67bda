/** The dialog of endpoints: what is typed, sent, tried out and forgotten. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { ApiError } from '../../../common/request';
import type {
  IEndpoint,
  IEndpointRequest,
  IEndpointTest
} from '../../../common/types';
import { settle } from '../../__tests__/fake';
import type { IEndpointsApi } from '../api';
import { addAccessCommands } from '../commands';
import { Endpoints } from '../dialog';
import { endpointFields, endpointProblems, endpointRequest } from '../fields';
import { AccessCommandIDs } from '../ids';
import { EndpointsModel } from '../model';

const trans = nullTranslator.load('jupyterlab_rsdat');

const spider: IEndpoint = {
  name: 'spider',
  api_url: 'https://api',
  webdav_url: 'https://dav',
  home: '/pnfs',
  own: true,
  credential: 'a token file'
};

const good: IEndpointTest = {
  ok: true,
  steps: [
    { name: 'doors', state: 'ok', message: 'Both found.', hint: null },
    { name: 'write', state: 'skipped', message: 'May not.', hint: 'Ask.' }
  ],
  api_url: null,
  webdav_url: null,
  token: null
};

class FakeApi implements IEndpointsApi {
  endpoints: IEndpoint[] = [spider];
  saved: [string, IEndpointRequest][] = [];
  removed: string[] = [];
  tested: [string, IEndpointRequest][] = [];
  nextFailure: ApiError | null = null;
  /** Ends the test under way. */
  end: (result: IEndpointTest) => void = () => undefined;

  async list(): Promise<readonly IEndpoint[]> {
    this._maybeFail();
    return [...this.endpoints];
  }

  async save(name: string, request: IEndpointRequest): Promise<IEndpoint> {
    this._maybeFail();
    this.saved.push([name, request]);
    const saved = { ...spider, name };
    const others = this.endpoints.filter(other => other.name !== name);
    this.endpoints = [...others, saved];
    return saved;
  }

  async remove(name: string): Promise<void> {
    this._maybeFail();
    this.removed.push(name);
    this.endpoints = this.endpoints.filter(other => other.name !== name);
  }

  test(name: string, request: IEndpointRequest): Promise<IEndpointTest> {
    this.tested.push([name, request]);
    return new Promise(resolve => (this.end = resolve));
  }

  private _maybeFail(): void {
    const reason = this.nextFailure;
    this.nextFailure = null;
    if (reason) {
      throw reason;
    }
  }
}

async function show() {
  const api = new FakeApi();
  const onChanged = jest.fn();
  const openToken = jest.fn();
  const model = new EndpointsModel({ api, trans, onChanged });
  await model.load();
  const { container } = render(<Endpoints {...{ model, trans, openToken }} />);
  return {
    api,
    container,
    model,
    onChanged,
    openToken,
    user: userEvent.setup()
  };
}

const field = (name: string) => screen.getByRole('textbox', { name });

describe('what is typed', () => {
  const fields = { ...endpointFields(null), name: 'a', token: 't' };

  it('needs one of the two addresses, and one is enough', () => {
    expect(endpointProblems(fields, [], trans)).toHaveProperty('api_url');
    for (const key of ['api_url', 'webdav_url']) {
      const filled = { ...fields, [key]: 'https://x' };
      expect(endpointProblems(filled, [], trans)).toEqual({});
    }
  });

  it.each([
    ['name', { name: 'a b' }],
    ['name', { name: 'taken' }],
    ['webdav_url', { webdav_url: 'ftp://x' }],
    ['home', { home: 'pnfs' }],
    ['token', { token: ' ' }],
    ['file', { credential: 'rclone_config' as const, file: 'rclone.conf' }],
    ['username', { credential: 'password' as const, password: 'p' }],
    ['password', { credential: 'password' as const, username: 'u' }]
  ])('is told to be wrong: %s', (key, part) => {
    const typed = { ...fields, webdav_url: 'https://x', ...part };
    expect(Object.keys(endpointProblems(typed, ['taken'], trans))).toEqual([
      key
    ]);
  });

  it('is sent with one credential', () => {
    const typed = {
      ...fields,
      webdav_url: ' https://x ',
      file: '~/conf',
      username: 'u',
      password: 'p'
    };
    expect(endpointRequest(typed, null)).toEqual({
      webdav_url: 'https://x',
      token: 't'
    });
    expect(
      endpointRequest({ ...typed, credential: 'ada_config' }, null)
    ).toEqual({ webdav_url: 'https://x', ada_config: '~/conf' });
    expect(endpointRequest({ ...typed, credential: 'password' }, null)).toEqual(
      { webdav_url: 'https://x', username: 'u', password: 'p' }
    );
  });

  it('is sent, of an endpoint that is there, only where it differs', () => {
    const typed = { ...endpointFields(spider), home: '' };
    expect(endpointRequest(typed, spider)).toEqual({ home: '' });
    expect(endpointRequest(endpointFields(spider), spider)).toEqual({});
  });
});

describe('the dialog', () => {
  it('adds an endpoint, and forgets what was typed', async () => {
    const { api, container, onChanged, user } = await show();
    await user.click(screen.getByRole('button', { name: 'Add endpoint' }));
    expect(screen.getByRole('button', { name: 'Save' })).toBeDisabled();
    expect(field('Name')).toHaveFocus();
    // An empty form is not full of complaints.
    expect(container.querySelector('[aria-invalid="true"]')).toBeNull();
    await user.type(field('Name'), 'new');
    await user.type(field('WebDAV address'), 'https://dav.example');
    await user.type(screen.getByLabelText('Token or macaroon'), 'secret');
    expect(screen.getByLabelText('Token or macaroon')).toHaveAttribute(
      'type',
      'password'
    );
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await act(settle);
    expect(api.saved).toEqual([
      ['new', { webdav_url: 'https://dav.example', token: 'secret' }]
    ]);
    expect(onChanged).toHaveBeenCalledTimes(1);
    expect(screen.getByRole('listitem', { name: 'new' })).toBeVisible();
    expect(container.innerHTML).not.toContain('secret');
  });

  it('keeps the form when it could not be saved, and says why', async () => {
    const { api, user } = await show();
    await user.click(screen.getByRole('button', { name: 'Change “spider”' }));
    await user.clear(field('Opens first'));
    api.nextFailure = new ApiError({ message: 'Full.', code: 'no_space' });
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await act(settle);
    expect(screen.getByRole('alert')).toHaveTextContent('Full.');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await act(settle);
    expect(api.saved).toEqual([['spider', { home: '' }]]);
  });

  it('tries one out as it is saved, with each step in words', async () => {
    const { api, user } = await show();
    await user.click(screen.getByRole('button', { name: 'Test “spider”' }));
    const status = screen.getByRole('status');
    expect(status).toHaveTextContent(/^Trying the doors/);
    await act(async () => api.end(good));
    expect(api.tested).toEqual([['spider', {}]]);
    const steps = within(status).getAllByRole('listitem');
    expect(steps.map(({ textContent }) => textContent)).toEqual([
      '✓Doors, good: Both found.',
      '–Writing, not tried: May not. Ask.'
    ]);
  });

  it('tries out what is typed without saving it', async () => {
    const { api, user } = await show();
    await user.click(screen.getByRole('button', { name: 'Add endpoint' }));
    await user.type(field('REST address'), 'https://api.example');
    await user.click(screen.getByRole('button', { name: 'Test' }));
    await act(async () => api.end({ ...good, ok: false }));
    expect(api.tested).toEqual([
      ['new', { api_url: 'https://api.example', token: '' }]
    ]);
    expect(api.saved).toEqual([]);
    expect(
      screen.getByText('Something that is needed does not work.')
    ).toBeVisible();
  });

  it('shows no answer to a test that was left', async () => {
    const { api, user } = await show();
    await user.click(screen.getByRole('button', { name: 'Test “spider”' }));
    await user.click(screen.getByRole('button', { name: 'Add endpoint' }));
    await act(async () => api.end(good));
    expect(screen.queryByText('All that is needed works.')).toBeNull();
  });

  it('forgets an endpoint after asking, and not without', async () => {
    const { api, onChanged, user } = await show();
    await user.click(screen.getByRole('button', { name: 'Delete “spider”' }));
    await user.click(screen.getByRole('button', { name: 'Keep “spider”' }));
    expect(api.removed).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Delete “spider”' }));
    await user.click(screen.getByRole('button', { name: 'Forget “spider”' }));
    await act(settle);
    expect(api.removed).toEqual(['spider']);
    expect(onChanged).toHaveBeenCalled();
    expect(screen.getByText(/^No endpoint is configured/)).toBeVisible();
  });

  it('changes and deletes only what is its own', async () => {
    const { api, model } = await show();
    api.endpoints = [{ ...spider, own: false }];
    await act(() => model.load());
    expect(screen.queryByRole('button', { name: /^Change/ })).toBeNull();
    expect(screen.queryByRole('button', { name: /^Delete/ })).toBeNull();
    expect(screen.getByRole('button', { name: 'Test “spider”' })).toBeVisible();
  });
});

describe('the commands', () => {
  function commands(endpoints: IEndpoint[]) {
    const registry = new CommandRegistry();
    const shown: unknown[] = [];
    addAccessCommands({
      commands: registry,
      dcache: {
        endpoint: 'spider',
        path: '/pnfs',
        endpoints,
        selected: [{ path: '/pnfs/a' }],
        stateChanged: new Signal({})
      } as never,
      trans,
      showEndpoints: async isAdding => void shown.push(isAdding),
      showToken: async (...args) => void shown.push(args)
    });
    return { registry, shown };
  }

  it('begin with the form where there is none', async () => {
    const { registry, shown } = commands([]);
    await registry.execute(AccessCommandIDs.endpoints);
    expect(shown).toEqual([true]);
  });

  it('offer what is selected for a narrower macaroon', async () => {
    const { registry, shown } = commands([spider]);
    await registry.execute(AccessCommandIDs.token);
    await registry.execute(AccessCommandIDs.token, { endpoint: 'other' });
    expect(shown).toEqual([
      ['spider', '/pnfs/a'],
      ['other', '/']
    ]);
  });

  it('describe their arguments', async () => {
    const { registry } = commands([]);
    for (const id of Object.values(AccessCommandIDs)) {
      const { args } = await registry.describedBy(id);
      expect(args).toMatchObject({ type: 'object' });
    }
  });
});
