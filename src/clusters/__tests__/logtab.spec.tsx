/** The log tab: choosing a log, searching all, jumping to a place, for past clusters too. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import {
  act,
  fireEvent,
  screen,
  waitFor,
  within
} from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { MainAreaWidget } from '@jupyterlab/apputils';
import { createLogTab, type LogView } from '../logs/tab';
import { ClusterModel } from '../model';
import type { ILogPart } from '../api';
import { FakeApi, aCluster, aJob, aList, settle } from './samples';

function part(text: string, offset = 0, size?: number): ILogPart {
  const bytes = new TextEncoder().encode(text);
  const nextOffset = offset + bytes.length;
  return { bytes: bytes.buffer, nextOffset, size: size ?? nextOffset };
}

const LOGS = {
  name: 'sunny',
  logs: [
    { source: 'scheduler', size: 2048, modified: '2026-01-01T10:00:00Z' },
    {
      source: '7_0',
      size: 3,
      modified: '2026-01-01T10:00:00Z',
      node: 'node3',
      state: 'COMPLETED'
    }
  ]
};

describe('log tab', () => {
  let api: FakeApi;
  let model: ClusterModel;
  let tab: MainAreaWidget<LogView>;

  const open = async (): Promise<void> => {
    await act(async () => {
      tab = createLogTab({
        clusters: model,
        cluster: 'c-1',
        source: 'scheduler',
        translator: nullTranslator
      });
      Widget.attach(tab, document.body);
      await settle();
    });
    await waitFor(() => screen.getByRole('log'));
  };

  beforeEach(() => {
    api = new FakeApi();
    api.logList = LOGS;
    api.logParts = [part('Scheduler at\n')];
    model = new ClusterModel({ api });
  });

  afterEach(() => {
    act(() => tab.dispose());
    model.dispose();
  });

  it('offers every log there is of a cluster that has stopped', async () => {
    await open();
    await waitFor(() => expect(tab.title.label).toBe('Log of sunny'));
    const options = screen.getAllByRole('option').map(each => each.textContent);
    expect(options).toEqual([
      'scheduler · 2 KiB',
      'job 7_0 · on node3 · COMPLETED · 3 B'
    ]);
    api.logPartsOf['7_0'] = [part('end')];
    fireEvent.change(screen.getByLabelText('Log of'), {
      target: { value: '7_0' }
    });
    await waitFor(() =>
      expect(screen.getByRole('log')).toHaveTextContent('end')
    );
    expect(screen.getByRole('link', { name: 'Download' })).toHaveAttribute(
      'href',
      '/logs/c-1/7_0?download=1'
    );
  });

  it('offers the jobs that run, with their nodes, before they have written', async () => {
    void model.refresh();
    api.lists[0].resolve(
      aList(
        aCluster({
          jobs: [
            aJob({ id: '8_0', state: 'RUNNING', node: 'node4' }),
            aJob({ id: '8_1', state: 'PENDING' })
          ]
        })
      )
    );
    await settle();
    await open();
    const options = screen.getAllByRole('option').map(each => each.textContent);
    expect(options).toContain('job 8_0 · on node4 · RUNNING');
    expect(options.join()).not.toContain('8_1');
  });

  it('of a cluster that ends shows what was written last, and looks no more', async () => {
    void model.refresh();
    api.lists[0].resolve(aList(aCluster()));
    await settle();
    jest.useFakeTimers();
    try {
      tab = createLogTab({
        clusters: model,
        cluster: 'c-1',
        source: 'scheduler',
        translator: nullTranslator
      });
      await act(async () => {
        Widget.attach(tab, document.body);
        await jest.advanceTimersByTimeAsync(1_000);
      });
      api.logParts = [part('Closing\n', 13)];
      const asked = api.logCalls.length;
      await act(async () => {
        void model.refresh();
        api.lists[1].resolve(aList());
        await settle();
      });
      // At once, and never again.
      expect(api.logCalls).toHaveLength(asked + 1);
      const listed = api.logs.mock.calls.length;
      await act(async () => {
        await jest.advanceTimersByTimeAsync(300_000);
      });
      expect(api.logCalls).toHaveLength(asked + 1);
      expect(api.logs).toHaveBeenCalledTimes(listed);
    } finally {
      jest.useRealTimers();
    }
  });

  it('finds in all logs and jumps to the place', async () => {
    await open();
    const find = screen.getByRole('searchbox', { name: 'Find in logs' });
    await userEvent.type(find, 'kill{Enter}');
    expect(api.searches).toEqual([
      ['c-1', { text: 'kill', source: undefined, matchCase: false }]
    ]);
    expect(screen.getByText('Searching…')).toBeVisible();
    await act(async () => {
      api.found[0].resolve({
        matches: [
          { source: '7_0', line: 9, offset: 200_004, text: 'and Killed it' },
          { source: 'scheduler', line: 2, offset: 1, text: 'a kill' }
        ],
        more: true
      });
      await settle();
    });
    expect(screen.getByText('2 lines found; there may be more.')).toBeVisible();
    const lines = within(screen.getByRole('list', { name: 'Lines found' }));
    const [first, second] = lines.getAllByRole('button');
    first.focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(second).toHaveFocus();
    const before = 'x'.repeat(64 * 1024 - 5);
    api.logPartsOf['7_0'] = [
      part(`${before}\nand Killed it\n`, 200_004 - 65_536, 1e6)
    ];
    await userEvent.click(first);
    expect(api.logCalls.pop()).toEqual(['c-1', '7_0', 200_004 - 65_536]);
    await waitFor(() => expect(screen.getByText('Kill')).toBeVisible());
    expect(screen.getByText('Kill').tagName).toBe('MARK');
    expect(screen.getByRole('checkbox', { name: 'Follow' })).not.toBeChecked();
    expect(screen.getByLabelText('Log of')).toHaveValue('7_0');
    api.logPartsOf['7_0'] = [part('later\n', 200_016, 1e6)];
    await userEvent.click(
      screen.getByRole('button', { name: 'Show later lines' })
    );
    expect(screen.getByRole('log')).toHaveTextContent('later');
  });

  it('finds in one log alone, with capitals as they are; Escape ends it', async () => {
    await open();
    await userEvent.click(screen.getByLabelText('Only in this log'));
    await userEvent.click(screen.getByLabelText('Match case'));
    const find = screen.getByRole('searchbox', { name: 'Find in logs' });
    await userEvent.type(find, 'Kill{Enter}');
    expect(api.searches[0][1]).toEqual({
      text: 'Kill',
      source: 'scheduler',
      matchCase: true
    });
    await act(async () => {
      api.found[0].resolve({ matches: [], more: false });
      await settle();
    });
    expect(screen.getByText('Nothing found.')).toBeVisible();
    await userEvent.type(find, '{Escape}');
    expect(screen.queryByText('Nothing found.')).toBeNull();
  });

  it('shows why a search failed, and only the answer to the last one', async () => {
    await open();
    const find = screen.getByRole('searchbox', { name: 'Find in logs' });
    await userEvent.type(find, 'a{Enter}');
    await userEvent.type(find, 'b{Enter}');
    await act(async () => {
      api.found[1].reject(new Error('no way'));
      api.found[0].resolve({ matches: [], more: false });
      await settle();
    });
    expect(screen.getByText('no way')).toBeVisible();
    expect(screen.queryByText('Nothing found.')).toBeNull();
  });

  it('wraps lines, and stops to follow when one scrolls up', async () => {
    await open();
    const log = screen.getByRole('log');
    await userEvent.click(screen.getByLabelText('Wrap lines'));
    expect(log).toHaveClass('jp-mod-wrapped');
    const follow = screen.getByRole('checkbox', { name: 'Follow' });
    expect(follow).toBeChecked();
    log.focus();
    await userEvent.keyboard('{PageUp}');
    expect(follow).not.toBeChecked();
  });

  it('keeps what was chosen and typed when the tab is moved', async () => {
    await open();
    await userEvent.click(screen.getByLabelText('Wrap lines'));
    await userEvent.click(screen.getByLabelText('Match case'));
    await userEvent.click(screen.getByLabelText('Only in this log'));
    const name = { name: 'Find in logs' };
    await userEvent.type(screen.getByRole('searchbox', name), 'Kill');
    await act(async () => {
      // What Lab does when a tab is dragged to another place.
      Widget.detach(tab);
      await settle();
      Widget.attach(tab, document.body);
      await settle();
    });
    await waitFor(() => screen.getByRole('log'));
    expect(screen.getByRole('log')).toHaveClass('jp-mod-wrapped');
    for (const label of ['Wrap lines', 'Match case', 'Only in this log']) {
      expect(screen.getByLabelText(label)).toBeChecked();
    }
    expect(screen.getByRole('searchbox', name)).toHaveValue('Kill');
  });
});
