/** The job table as a person, a keyboard or a screen reader finds it. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
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
import type { IJob } from '../../common/types';
import { CommandIDs } from '../ids';
import { JobGrid } from '../jobs/grid';
import { TALL_ROW_HEIGHT } from '../jobs/row';
import { JobTable } from '../jobs/table';
import { CountingTrans } from './counting';
import { aCluster, aJob, aWorker } from './samples';

const HEIGHT = 8 * TALL_ROW_HEIGHT;
const trans = nullTranslator.load('jupyterlab_rsdat');

// Asking jsdom of every cell whether it is visible takes seconds.
configure({ defaultHidden: true });

let width = 300;

beforeAll(() => {
  // What jsdom doesn't do: layout.
  globalThis.ResizeObserver = class {
    observe(): void {}
    disconnect(): void {}
    unobserve(): void {}
  } as never;
  Object.defineProperties(HTMLElement.prototype, {
    clientHeight: { configurable: true, get: () => HEIGHT },
    clientWidth: { configurable: true, get: () => width },
    offsetWidth: { configurable: true, get: () => width }
  });
});

describe('JobGrid', () => {
  const calls: [string, unknown][] = [];
  const commands = new CommandRegistry();
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, { execute: args => calls.push([id, args]) });
  }
  let table: JobTable;

  const show = (jobs: IJob[], words = trans) => {
    table = new JobTable(words);
    const element = (shown: IJob[]): JSX.Element => (
      <JobGrid
        cluster={aCluster({ jobs: shown })}
        table={table}
        commands={commands}
        trans={words}
      />
    );
    const { rerender } = render(element(jobs));
    return (next: IJob[]) => rerender(element(next));
  };
  const grid = (): HTMLElement =>
    screen.getByRole('grid', { name: 'Jobs of SLURMCluster 1' });
  const rows = (): HTMLElement[] =>
    within(grid())
      .getAllByRole('row')
      .filter(row => row.dataset.job !== undefined);
  const ids = (): string[] => rows().map(row => row.dataset.job!);
  const many = (count: number): IJob[] =>
    Array.from({ length: count }, (_, task) => aJob({ id: `7_${task}` }));

  beforeEach(() => {
    calls.length = 0;
    width = 300;
  });

  it('draws only the rows in view of 500, and says how many there are', () => {
    show(many(500));
    expect(grid()).toHaveAttribute('aria-rowcount', '501');
    expect(rows().length).toBeLessThan(20);
    const body = rows()[0].closest<HTMLElement>('.jp-rsdat-Jobs-body')!;
    act(() => {
      body.scrollTop = 300 * TALL_ROW_HEIGHT;
      fireEvent.scroll(body);
    });
    expect(ids()).toContain('7_300');
    // The row that Tab leads to stays.
    expect(ids()[0]).toBe('7_0');
    expect(rows().length).toBeLessThan(24);
  });

  it('has the columns that its width has room for', () => {
    const labels = (): (string | null)[] =>
      within(grid())
        .getAllByRole('columnheader')
        .map(header => header.textContent!.replace(/[▾▴]/, ''));
    const update = show(many(1));
    expect(labels()).toEqual(['Job', 'State', 'Details']);
    width = 2000;
    // Stands for the observer: the size is measured when rows come or go.
    update(many(2));
    expect(labels()).toHaveLength(12);
  });

  it('shows the Dask worker beside its job', () => {
    width = 2000;
    show([
      aJob({
        state: 'RUNNING',
        node: 'n1',
        time_left: 3600,
        workers: [aWorker({ executing: 2, ready: 5, in_memory: 7 })]
      })
    ]);
    const cells = within(rows()[0])
      .getAllByRole('gridcell')
      .map(cell => cell.textContent);
    expect(cells).toEqual(
      expect.arrayContaining([
        '671_0',
        '●RUNNING',
        'n1',
        '1 h',
        '1 GiB of 4 GiB',
        '13 %',
        '2 run · 5 wait · 7 in memory',
        'tls://10.0.0.2:40001'
      ])
    );
  });

  it('sorts by a column and says so', async () => {
    show([aJob({ id: '7_1', state: 'RUNNING' }), aJob({ id: '7_2' })]);
    const header = within(grid()).getByRole('columnheader', { name: 'State' });
    expect(header).toHaveAttribute('aria-sort', 'none');
    await userEvent.click(within(header).getByRole('button'));
    expect(header).toHaveAttribute('aria-sort', 'ascending');
    expect(ids()).toEqual(['7_2', '7_1']);
    await userEvent.click(within(header).getByRole('button'));
    expect(header).toHaveAttribute('aria-sort', 'descending');
    expect(ids()).toEqual(['7_1', '7_2']);
  });

  it('filters by text and by state, and says what is left', () => {
    const update = show([
      aJob({ id: '7_1', state: 'RUNNING', node: 'n1' }),
      aJob({ id: '7_2', state: 'RUNNING', node: 'n2' }),
      aJob({ id: '7_3' })
    ]);
    const state = screen.getByRole('combobox', {
      name: 'State of the jobs shown'
    });
    expect(state).toHaveTextContent('RUNNING (2)');
    fireEvent.change(state, { target: { value: 'RUNNING' } });
    expect(ids()).toEqual(['7_1', '7_2']);
    const search = screen.getByRole('searchbox', { name: 'Filter jobs' });
    fireEvent.change(search, { target: { value: 'n2' } });
    expect(ids()).toEqual(['7_2']);
    expect(screen.getByText('1 of 3')).toBeVisible();
    update([aJob({ id: '7_3' })]);
    expect(screen.getByText('No job fits the filter.')).toBeVisible();
    expect(state).toHaveValue('RUNNING');
  });

  it('moves by keyboard, opens the log with Enter, cancels with Delete', async () => {
    show(many(100));
    expect(
      rows()
        .map(row => row.tabIndex)
        .slice(0, 2)
    ).toEqual([0, -1]);
    act(() => rows()[0].focus());
    expect(table.active).toBe('7_0');
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    expect(document.activeElement).toHaveAttribute('data-job', '7_2');
    await userEvent.keyboard('{End}');
    expect(document.activeElement).toHaveAttribute('data-job', '7_99');
    await userEvent.keyboard('{PageUp}');
    expect(document.activeElement).toHaveAttribute('data-job', '7_92');
    await userEvent.keyboard('{Enter}{Delete}');
    const of = { cluster: 'c-1', job: '7_92' };
    expect(calls).toEqual([
      [CommandIDs.openJobLog, of],
      [CommandIDs.cancelJob, of]
    ]);
  });

  it('opens the context menu of the row by keyboard, and points at the row', async () => {
    show(many(3));
    const opened = jest.fn();
    document.addEventListener('contextmenu', opened);
    act(() => rows()[1].focus());
    await userEvent.keyboard('{Shift>}{F10}{/Shift}');
    expect(opened).toHaveBeenCalledTimes(1);
    fireEvent.contextMenu(rows()[2]);
    expect(table.active).toBe('7_2');
    document.removeEventListener('contextmenu', opened);
  });

  it('keeps the focus on its job when the order changes', () => {
    show(many(3));
    act(() => rows()[2].focus());
    act(() => table.sortBy('id'));
    expect(ids()).toEqual(['7_2', '7_1', '7_0']);
    expect(document.activeElement).toHaveAttribute('data-job', '7_2');
  });

  it('keeps the focus when the job it was on leaves, and acts on no other', async () => {
    const jobs = many(3);
    const update = show(jobs);
    act(() => {
      table.state = 'PENDING';
      rows()[1].focus();
    });
    update([jobs[0], { ...jobs[1], state: 'RUNNING' }, jobs[2]]);
    expect(ids()).toEqual(['7_0', '7_2']);
    expect(grid()).toContainElement(document.activeElement as HTMLElement);
    await userEvent.keyboard('{Delete}');
    expect(calls).toEqual([]);
    await userEvent.keyboard('{ArrowDown}');
    expect(document.activeElement).toHaveAttribute('data-job', '7_2');
  });

  it('offers what can be done to the job now, and no more', () => {
    const update = show([
      aJob({ id: '7_1', actions: ['cancel', 'release'], exit: '0:9' })
    ]);
    fireEvent.click(rows()[0]);
    const detail = screen.getByRole('group', { name: 'Job 7_1' });
    const names = (): (string | null)[] =>
      within(detail)
        .getAllByRole('button')
        .map(button => button.textContent);
    expect(names()).toEqual(['Log', 'Release', 'Cancel job']);
    expect(detail).toHaveTextContent('Exit code : signal0:9');
    update([aJob({ id: '7_1' })]);
    expect(names()).toEqual(['Log']);
  });

  it('lists the workers of strangers, with nothing to be done to them', () => {
    const stranger = aWorker({ name: 'theirs', status: 'paused' });
    const again = aWorker({ name: 'other' });
    const cluster = aCluster({ jobs: [], dask_workers: [stranger, again] });
    table = new JobTable(trans);
    const entries = table.entries(cluster);
    expect(table.entries(cluster)).toBe(entries);
    const next = { ...cluster, dask_workers: [aWorker({ cpu: 1 }), again] };
    expect(table.entries(next)[1]).toBe(entries[1]);
    render(
      <JobGrid
        cluster={cluster}
        table={table}
        commands={commands}
        trans={trans}
      />
    );
    expect(ids()).toEqual(['other', 'theirs']);
    fireEvent.click(rows()[1]);
    const detail = screen.getByRole('group', { name: 'Job theirs' });
    expect(detail).toHaveTextContent('Worker ispaused (tls://10.0.0.2:40001)');
    expect(within(detail).queryByRole('button')).toBeNull();
  });

  it('draws only the row whose job changed', () => {
    const jobs = many(6);
    const counting = new CountingTrans('Job %1, %2');
    const update = show(jobs, counting.bundle);
    expect(counting.drawn).toHaveLength(6);
    counting.drawn = [];
    update([...jobs]);
    expect(counting.drawn).toEqual([]);
    update(
      jobs.map(job => (job.id === '7_3' ? { ...job, state: 'RUNNING' } : job))
    );
    expect(counting.drawn).toEqual(['7_3']);
  });
});
