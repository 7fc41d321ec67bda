/** The dialog of a token: what it says, renewing, a narrower one; and the warnings before an end. */
import '@testing-library/jest-dom';
import { Clipboard, Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import type { IChange } from '../../../common/events';
import { ApiError } from '../../../common/request';
import type {
  IMacaroon,
  IMacaroonRequest,
  ITokenInfo
} from '../../../common/types';
import { settle } from '../../__tests__/fake';
import { isAddress } from '../addresses';
import type { ITokensApi } from '../api';
import { TokenDialog } from '../dialog';
import { TokenModel } from '../model';
import { TokenStatus, warnOfEnds } from '../notices';
import { TokenSettings } from '../settings';
import { TokenWatch } from '../watch';
import { stageOf } from '../words';

const trans = nullTranslator.load('jupyterlab_rsdat');

const info: ITokenInfo = {
  kind: 'macaroon',
  source: 'the file ~/token',
  renewable: true,
  expires: '2126-01-01T00:00:00Z',
  ending: false,
  root: '/pnfs/project',
  paths: ['/data'],
  activities: ['LIST', 'DOWNLOAD', 'UPLOAD'],
  ips: [],
  identity: null,
  problem: null
};

class FakeApi implements ITokensApi {
  info = info;
  asked = 0;
  renewed: string[] = [];
  minted: IMacaroonRequest[] = [];
  nextFailure: ApiError | null = null;

  async get(): Promise<ITokenInfo> {
    this.asked += 1;
    this._maybeFail();
    return this.info;
  }

  async renew(_: string, token: string): Promise<ITokenInfo> {
    this._maybeFail();
    this.renewed.push(token);
    return this.info;
  }

  async mint(_: string, request: IMacaroonRequest): Promise<IMacaroon> {
    this._maybeFail();
    this.minted.push(request);
    return {
      text: 'MDAxYSECRET',
      file_name: 'scene.token',
      expires: '2126-01-01T00:00:00Z'
    };
  }

  private _maybeFail(): void {
    const reason = this.nextFailure;
    this.nextFailure = null;
    if (reason) {
      throw reason;
    }
  }
}

async function show(part: Partial<ITokenInfo> = {}) {
  const api = new FakeApi();
  api.info = { ...info, ...part };
  const onRenewed = jest.fn();
  const model = new TokenModel({
    api,
    endpoint: 'here',
    path: '/data/scene.tif',
    trans,
    onRenewed
  });
  await model.load();
  const { container } = render(<TokenDialog model={model} trans={trans} />);
  return { api, container, model, onRenewed, user: userEvent.setup() };
}

afterEach(() => Notification.dismiss());

describe('the present one', () => {
  it('is told in plain words', async () => {
    await show();
    const section = screen.getByRole('region', { name: 'Present credential' });
    expect(section).toHaveTextContent(/KindMacaroon/);
    expect(section).toHaveTextContent(/list folders, read files, write new/);
    expect(section).toHaveTextContent(
      /below \/data; it shows \/pnfs\/project as \//
    );
    expect(section).toHaveTextContent(/left\)/);
  });

  it('is renewed, and the new one is not kept in the page', async () => {
    const { api, container, onRenewed, user } = await show();
    const field = screen.getByLabelText('New token');
    expect(field).toHaveAttribute('type', 'password');
    await user.type(field, ' fresh ');
    await user.click(screen.getByRole('button', { name: 'Renew' }));
    await act(settle);
    expect(api.renewed).toEqual(['fresh']);
    expect(onRenewed).toHaveBeenCalledTimes(1);
    expect(field).toHaveValue('');
    expect(container).toHaveTextContent('Renewed.');
  });

  it('says why another was not taken, and keeps it typed', async () => {
    const { api, user } = await show();
    api.nextFailure = new ApiError({
      message: 'Ended.',
      code: 'no_credential'
    });
    await user.type(screen.getByLabelText('New token'), 'old');
    await user.click(screen.getByRole('button', { name: 'Renew' }));
    await act(settle);
    expect(screen.getByText('Ended.')).toBeVisible();
    expect(screen.getByLabelText('New token')).toHaveValue('old');
  });

  it('is not replaced where it comes from elsewhere', async () => {
    await show({ renewable: false });
    expect(screen.queryByLabelText('New token')).toBeNull();
  });

  it('that dCache refuses can’t be narrowed', async () => {
    await show({ problem: { message: 'It has ended.', hint: 'Renew it.' } });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'It has ended. Renew it.'
    );
    expect(screen.queryByRole('button', { name: 'Make macaroon' })).toBeNull();
  });
});

describe('a narrower one', () => {
  it('is asked for with what was chosen, of what the present one has', async () => {
    const { api, user } = await show();
    expect(screen.queryByRole('checkbox', { name: 'delete' })).toBeNull();
    await user.click(screen.getByRole('checkbox', { name: 'list folders' }));
    await user.clear(screen.getByLabelText('Hours'));
    await user.type(screen.getByLabelText('Hours'), '2');
    await user.type(
      screen.getByLabelText('Only from addresses'),
      '192.0.2.7, 2001:db8::/32'
    );
    // user-event's pointer can't work a select in this jsdom.
    fireEvent.change(screen.getByLabelText('As'), {
      target: { value: 'rclone' }
    });
    await user.click(screen.getByRole('button', { name: 'Make macaroon' }));
    await act(settle);
    expect(api.minted).toEqual([
      {
        path: '/data/scene.tif',
        activities: ['DOWNLOAD'],
        validity: 7200,
        ips: ['192.0.2.7', '2001:db8::/32'],
        form: 'rclone'
      }
    ]);
  });

  it('is shown only when asked, and forgotten when something else is chosen', async () => {
    const copy = jest.spyOn(Clipboard, 'copyToSystem').mockReturnValue();
    const { container, user } = await show();
    await user.click(screen.getByRole('button', { name: 'Make macaroon' }));
    await act(settle);
    const minted = screen.getByRole('group', { name: 'New macaroon' });
    expect(container.innerHTML).not.toContain('SECRET');
    await user.click(within(minted).getByRole('button', { name: 'Copy' }));
    expect(copy).toHaveBeenCalledWith('MDAxYSECRET');
    expect(container.innerHTML).not.toContain('SECRET');
    await user.click(within(minted).getByRole('button', { name: 'Show it' }));
    expect(within(minted).getByText('MDAxYSECRET')).toBeVisible();
    await user.click(within(minted).getByRole('button', { name: 'Hide' }));
    expect(container.innerHTML).not.toContain('SECRET');
    await user.type(screen.getByLabelText('Hours'), '1');
    expect(screen.queryByRole('group', { name: 'New macaroon' })).toBeNull();
    copy.mockRestore();
  });

  it('can’t be asked for without a right, or too long', async () => {
    const { model } = await show();
    act(() => model.set({ activities: new Set(), hours: '169', path: 'x' }));
    expect(Object.keys(model.problems).sort()).toEqual([
      'activities',
      'hours',
      'path'
    ]);
    expect(
      screen.getByRole('button', { name: 'Make macaroon' })
    ).toBeDisabled();
    model.dispose();
    expect(model.macaroon).toBeNull();
  });

  it('can’t be asked for from what is no address', async () => {
    const { api, user } = await show();
    const field = screen.getByLabelText('Only from addresses');
    await user.type(field, '192.0.2.7, 192.0.2.256');
    expect(
      screen.getByText(/“192\.0\.2\.256” is no address or network/)
    ).toBeVisible();
    const make = screen.getByRole('button', { name: 'Make macaroon' });
    expect(make).toBeDisabled();
    expect(api.minted).toEqual([]);
    await user.type(field, '{Backspace}');
    expect(make).toBeEnabled();
  });
});

describe('the watch', () => {
  function watching(expires: string | null) {
    const api = new FakeApi();
    api.info = { ...info, expires };
    const changed = new Signal<never, IChange>({} as never);
    const clock = { now: new Date('2026-01-01T00:00:00Z') };
    const watch = new TokenWatch({
      api,
      changes: { changed } as never,
      now: () => clock.now
    });
    const openToken = jest.fn();
    const settings = new TokenSettings();
    warnOfEnds({ watch, settings, trans, openToken });
    return { api, changed, clock, openToken, settings, watch };
  }

  const told = () => Notification.manager.notifications.map(({ type }) => type);

  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each([
    ['ending', [false, true], ['warning']],
    ['always', [true, true], ['warning']],
    ['never', [false, false], ['warning']],
    [undefined, [false, true], []]
  ])('stands in the status bar: %s', async (place, ofUse, notices) => {
    const { clock, openToken, settings, watch } = watching(
      '2026-01-03T00:00:00Z'
    );
    const composite =
      place === undefined ? { warnings: false } : { statusBar: place };
    await settings.follow({
      load: async () => ({ composite, changed: { connect: jest.fn() } })
    } as never);
    const item = new TokenStatus({ watch, settings, trans, openToken });
    const changed = jest.fn();
    item.isOfUseChanged.connect(changed);
    await watch.show('here');
    const before = item.isOfUse;
    changed.mockClear();
    clock.now = new Date('2026-01-02T12:00:00Z');
    for (let minute = 0; minute < 3; minute++) {
      jest.advanceTimersByTime(61_000);
      await settle();
    }
    expect([before, item.isOfUse]).toEqual(ofUse);
    expect(changed).toHaveBeenCalledTimes(1);
    expect(told()).toEqual(notices);
    item.dispose();
  });

  it('warns once a stage, and asks dCache only once', async () => {
    const { api, clock, openToken, watch } = watching('2026-01-03T00:00:00Z');
    await watch.show('here');
    expect([told(), watch.token?.stage]).toEqual([[], 'fine']);
    const at = async (time: string): Promise<void> => {
      clock.now = new Date(time);
      for (let minute = 0; minute < 3; minute++) {
        jest.advanceTimersByTime(61_000);
        await settle();
      }
    };
    await at('2026-01-02T12:00:00Z');
    expect([told(), watch.token?.stage]).toEqual([['warning'], 'day']);
    await at('2026-01-02T23:30:00Z');
    expect([told(), watch.token?.stage]).toEqual([['warning'], 'hour']);
    await at('2026-01-03T00:00:01Z');
    expect([told(), watch.token?.stage]).toEqual([['error'], 'ended']);
    await watch.show('here');
    expect(api.asked).toBe(1);
    const [{ options }] = Notification.manager.notifications;
    options.actions![0].callback(new MouseEvent('click'));
    expect(openToken).toHaveBeenCalledWith('here');
    watch.dispose();
  });

  it('takes the warning back when the token was renewed', async () => {
    const { api, changed, watch } = watching('2026-01-01T00:30:00Z');
    await watch.show('here');
    expect(told()).toEqual(['warning']);
    api.info = { ...info, expires: '2026-02-01T00:00:00Z' };
    changed.emit({ kind: 'endpoint', id: 'here' });
    await settle();
    expect(told()).toEqual([]);
    watch.dispose();
  });

  it('asks again, in a while, where there was no answer', async () => {
    const { api, clock, watch } = watching('2026-01-01T00:30:00Z');
    api.nextFailure = new ApiError({ message: 'down', code: 'network' });
    await watch.show('here');
    await watch.show('here');
    expect([watch.token, api.asked]).toEqual([null, 1]);
    clock.now = new Date('2026-01-01T00:01:00Z');
    await watch.show('here');
    await watch.show('here');
    expect([watch.token?.stage, api.asked]).toEqual(['hour', 2]);
    watch.dispose();
  });

  it('says nothing of a token that tells no end', async () => {
    const { watch } = watching(null);
    await watch.show('here');
    expect([watch.token, told()]).toEqual([null, []]);
    watch.dispose();
  });
});

test.each([
  ['192.0.2.7', true],
  ['0.0.0.0/0', true],
  ['145.100.0.0/16', true],
  ['2001:db8::/32', true],
  ['::1', true],
  ['::ffff:192.0.2.7', true],
  ['192.0.2', false],
  ['192.0.2.007', false],
  ['192.0.2.0/33', false],
  ['192.0.2.0/', false],
  ['192.0.2.0/8/8', false],
  ['2001:db8::/129', false],
  ['2001:db8::1::2', false],
  ['1:2:3', false],
  ['host.example.org', false],
  ['anywhere', false]
])('%s as an address: %s', (text, isOne) => {
  expect(isAddress(text)).toBe(isOne);
});

test('stages', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  expect(stageOf('2026-01-02T00:00:01Z', now)).toBe('fine');
  expect(stageOf('2026-01-02T00:00:00Z', now)).toBe('day');
  expect(stageOf('2026-01-01T01:00:00Z', now)).toBe('hour');
  expect(stageOf('2026-01-01T00:00:00Z', now)).toBe('ended');
});
