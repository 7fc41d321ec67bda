/** Page and companion: do they fit, what is said where not, and when it is asked. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import {
  act,
  fireEvent,
  render,
  screen,
  waitFor
} from '@testing-library/react';
import React from 'react';
import { Companion, mismatch } from '../companion';
import { CompanionNotice } from '../companionnotice';
import { askOnReturn, tellProblems } from '../companionwatch';
import { ApiError } from '../request';
import type { IInfo } from '../types';
import { VERSION, asPython } from '../version';

const { version } = jest.requireActual<{ version: string }>(
  '../../../package.json'
);
const trans = nullTranslator.load('jupyterlab_rsdat');

function anInfo(part: Partial<IInfo> = {}): IInfo {
  return {
    version: '1.0.0',
    installed: '1.0.0',
    page: '1.0.0',
    queue: 'local',
    queue_version: null,
    site: null,
    endpoints: [],
    ...part
  };
}

function aCompanion(...answers: (IInfo | ApiError)[]): Companion {
  return new Companion({
    load: () => {
      const answer = answers.shift();
      return answer instanceof ApiError
        ? Promise.reject(answer)
        : Promise.resolve(answer!);
    },
    trans,
    page: '1.0.0'
  });
}

const missing = new ApiError({
  message: 'Not there.',
  hint: 'Install it.',
  code: 'missing'
});
const silent = new ApiError({ message: 'No net.', code: 'network' });

it('knows its own version', () => expect(VERSION).toBe(version));

it.each([
  ['0.2.0', '0.2.0'],
  ['0.2.0-rc.1', '0.2.0rc1'],
  ['0.2.0-alpha.0', '0.2.0a0'],
  ['0.2.0-beta.12', '0.2.0b12'],
  ['0.2.0rc1', '0.2.0rc1']
])('%s is %s to Python', (npm, python) => expect(asPython(npm)).toBe(python));

describe('mismatch', () => {
  it.each([
    ['the same', {}, null],
    ['the same, as Python writes it', { version: '1.0.0' }, null],
    ['upgraded under a running Jupyter', { version: '0.9.0' }, 'restart'],
    [
      'only the page is old',
      { version: '1.1.0', installed: '1.1.0', page: '1.1.0' },
      'reload'
    ],
    [
      'two packages',
      { version: '0.9.0', installed: '0.9.0', page: '1.0.0' },
      'install'
    ],
    [
      'a companion that does not tell what is installed',
      { version: '0.9.0', installed: undefined, page: undefined },
      'install'
    ]
  ])('%s', (_, part, code) => {
    const info = anInfo(part as Partial<IInfo>);
    const problem = mismatch(info, '1.0.0', trans);
    expect(problem?.code ?? null).toBe(code);
    expect(problem === null || problem.hint !== null).toBe(true);
  });
});

describe('a companion', () => {
  it('that is silent changes nothing of what is known', async () => {
    const companion = aCompanion(anInfo(), silent, missing, silent, anInfo());
    await companion.check();
    expect(companion.info).not.toBeNull();
    await companion.check();
    expect(companion.info).not.toBeNull();
    await companion.check();
    expect([companion.info, companion.problem?.code]).toEqual([
      null,
      'missing'
    ]);
    await companion.check();
    expect(companion.problem?.code).toBe('missing');
    await companion.check();
    expect(companion.problem).toBeNull();
  });

  it('is asked once by all who ask at a time', async () => {
    const companion = aCompanion(anInfo());
    await Promise.all([companion.check(), companion.check()]);
    expect(companion.info).not.toBeNull();
  });

  it('is asked again by who comes back after long', () => {
    const check = jest.fn();
    let now_ms = 0;
    const page = Object.assign(new EventTarget(), { hidden: false });
    askOnReturn({ check } as never, page as never, () => now_ms);
    const turn = (hidden: boolean): void => {
      page.hidden = hidden;
      page.dispatchEvent(new Event('visibilitychange'));
    };
    turn(true);
    now_ms += 60_000;
    turn(false);
    expect(check).not.toHaveBeenCalled();
    turn(true);
    now_ms += 3_600_000;
    turn(false);
    expect(check).toHaveBeenCalledTimes(1);
  });
});

describe('a problem', () => {
  afterEach(() => Notification.dismiss());

  it('is told once, and no longer than there is one', async () => {
    const companion = aCompanion(missing, missing, anInfo());
    await companion.check();
    tellProblems({ companion, trans, reload: jest.fn() });
    await companion.check();
    const [notice, ...others] = Notification.manager.notifications;
    expect(others).toEqual([]);
    expect(notice.message).toBe('Not there. Install it.');
    const { callback } = notice.options.actions![0];
    callback({ preventDefault: jest.fn() } as never);
    await companion.check();
    expect(Notification.manager.notifications).toEqual([]);
  });

  it('that a reload ends offers one', async () => {
    const newer = { version: '1.1.0', installed: '1.1.0', page: '1.1.0' };
    const companion = aCompanion(anInfo(newer));
    await companion.check();
    const reload = jest.fn();
    tellProblems({ companion, trans, reload });
    const [notice] = Notification.manager.notifications;
    notice.options.actions![0].callback({ preventDefault: jest.fn() } as never);
    expect(reload).toHaveBeenCalledTimes(1);
  });

  it('stands in the panels until it is gone', async () => {
    const companion = aCompanion(anInfo({ version: '0.9.0' }), anInfo());
    render(<CompanionNotice companion={companion} trans={trans} />);
    expect(screen.queryByRole('status')).toBeNull();
    await act(() => companion.check());
    await screen.findByText(/Jupyter still runs version 0\.9\.0/);
    fireEvent.click(screen.getByRole('button', { name: 'Check again' }));
    await waitFor(() => expect(screen.queryByRole('status')).toBeNull());
  });

  it('of a missing companion is left to the panel’s own words', async () => {
    const companion = aCompanion(missing);
    await companion.check();
    render(<CompanionNotice companion={companion} trans={trans} />);
    expect(screen.queryByRole('status')).toBeNull();
  });
});
