/** The overview on a card, as a person or a screen reader finds it. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';
import type { IPulse, IPulseNow } from '../../../common/types';
import { OverviewModel } from '../model';
import { Overview } from '../overview';
import { FakePulses, aNow, aPulse, aPulseList, anIdle } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');

/** jsdom has no layout: what is in sight is said here. */
let isInSight: boolean;
let see: (isIntersecting: boolean) => void;

class FakeObserver {
  constructor(callback: (entries: object[]) => void) {
    see = isIntersecting => act(() => callback([{ isIntersecting }]));
  }
  observe(): void {
    if (isInSight) {
      see(true);
    }
  }
  disconnect(): void {}
}

describe('Overview', () => {
  let api: FakePulses;
  let model: OverviewModel;

  const tell = async (...clusters: IPulse[]): Promise<void> => {
    await act(async () => {
      const asked = model.refresh();
      api.answers[api.answers.length - 1].resolve(aPulseList({ clusters }));
      await asked;
    });
  };

  const show = async (now: IPulseNow = aNow(), more: Partial<IPulse> = {}) => {
    const shown = render(
      <Overview
        cluster="c-1"
        name="spider-1"
        workers={0}
        isTabStop={true}
        overview={model}
        trans={trans}
      />
    );
    await tell(aPulse({ now, ...more }));
    return shown;
  };

  const lines = (): HTMLElement =>
    screen.getByRole('group', { name: 'Activity of spider-1' });

  beforeEach(() => {
    isInSight = true;
    globalThis.IntersectionObserver = FakeObserver as never;
    api = new FakePulses();
    model = new OverviewModel({ api });
  });

  afterEach(() => {
    model.dispose();
  });

  it('says the present values in words', async () => {
    await show();
    for (const name of [
      'CPU: 78 % of 8 cores',
      'Memory: 5 GiB of 8 GiB',
      'Dask tasks: 12 processing, 340 queued'
    ]) {
      expect(within(lines()).getByRole('img', { name })).toBeInTheDocument();
    }
  });

  it('asks anew when the card tells of other workers', async () => {
    const hasten = jest.spyOn(model, 'hasten');
    const draw = (workers: number): JSX.Element => (
      <Overview
        cluster="c-1"
        name="spider-1"
        workers={workers}
        isTabStop={true}
        overview={model}
        trans={trans}
      />
    );
    const { rerender } = render(draw(2));
    rerender(draw(2));
    expect(hasten).not.toHaveBeenCalled();
    rerender(draw(3));
    expect(hasten).toHaveBeenCalledTimes(1);
  });

  it('tells how far the computation is, and what failed', async () => {
    const run = { ...aNow().run!, erred: 400 };
    await show(aNow({ run }));
    const bar = screen.getByRole('progressbar', {
      name: 'Computation on spider-1'
    });
    expect(bar).toHaveAttribute('aria-valuenow', '1203');
    expect(bar).toHaveAttribute('aria-valuemax', '4000');
    expect(bar).toHaveAttribute(
      'aria-valuetext',
      'mean_chunk, 1,203 of 4,000 (30 %), 400 erred'
    );
    const widths = [...bar.children].map(
      part => (part as HTMLElement).style.width
    );
    expect(widths).toEqual(['20.1%', '10%', '0.3%']);
    expect(screen.getByText('400 erred')).toHaveClass(
      'jp-rsdat-Overview-erred'
    );
  });

  it('is idle, and says what was computed last', async () => {
    await show(anIdle());
    expect(screen.queryByRole('progressbar')).toBeNull();
    expect(
      screen.getByText('Idle · last: 1,000 Dask tasks in 34 s')
    ).toBeVisible();
  });

  it('says that tasks wait because there is no worker', async () => {
    const tasks = { ...aNow().tasks, processing: 0, queued: 0, no_worker: 5 };
    await show(
      aNow({ workers: 0, cores: 0, cpu: null, memory_limit: null, tasks })
    );
    expect(screen.getByText('Waits for workers')).toBeVisible();
    expect(
      screen.getByRole('img', { name: 'CPU: no workers' })
    ).toBeInTheDocument();
    expect(
      screen.getByRole('img', { name: 'Dask tasks: 5 without a worker' })
    ).toBeInTheDocument();
  });

  it('does not claim what a scheduler does not tell', async () => {
    const unknown = {
      processing: 3,
      queued: null,
      no_worker: null,
      waiting: null,
      in_memory: null,
      erred: null
    };
    await show(aNow({ run: null, spilled: null, tasks: unknown }));
    expect(screen.getByTitle('3 processing')).toBeVisible();
    await tell(
      aPulse({ now: aNow({ run: null, tasks: { ...unknown, processing: 0 } }) })
    );
    expect(screen.getByText('No Dask task on a worker')).toBeVisible();
    expect(screen.queryByText(/Idle/)).toBeNull();
  });

  it('greys what is old, and says since when', async () => {
    const { container } = await show(aNow(), { state: 'silent', age: 60 });
    expect(container.querySelector('.jp-mod-silent')).not.toBeNull();
    expect(
      screen.getByText(/^No answer of the scheduler since \d\d:\d\d\.$/)
    ).toBeVisible();
    expect(screen.queryByRole('progressbar')).toBeNull();
  });

  it('shows nothing of a scheduler that is not there', async () => {
    await show();
    await tell(aPulse({ state: 'none', age: null, now: null, samples: [] }));
    expect(screen.queryByRole('img')).toBeNull();
    expect(screen.queryByText(/Activity/)).toBeNull();
  });

  it('folds to one line of words, which the setting may be from the start', async () => {
    await show();
    fireEvent.click(screen.getByText('Activity'));
    // jsdom toggles, but tells of it in a task of its own.
    await screen.findByText('Activity: CPU 78 %, memory 63 %');
    expect(screen.queryByRole('img')).toBeNull();
    expect(screen.getByRole('progressbar')).toBeVisible();
    act(() => model.setLooks('full'));
    act(() => model.setLooks('compact'));
    expect(screen.queryByRole('img')).toBeNull();
    act(() => model.setLooks('off'));
    expect(screen.queryByText(/Activity/)).toBeNull();
    expect(screen.queryByRole('progressbar')).toBeNull();
  });

  it('shows the last minutes in numbers to mouse and keyboard; Escape hides them', async () => {
    const trouble = { paused: 1, spilled: 2 ** 30 };
    await show(aNow(trouble));
    expect(lines()).toHaveAttribute('tabindex', '0');
    act(() => lines().focus());
    const detail = screen.getByRole('tooltip');
    expect(lines()).toHaveAccessibleDescription(/Last 3 min/);
    const row = within(detail).getByRole('row', { name: /^CPU/ });
    expect(
      within(row)
        .getAllByRole('cell')
        .map(cell => cell.textContent)
    ).toEqual(['10 %', '36 %', '78 %']);
    expect(detail).toHaveTextContent('mean_chunk');
    expect(detail).toHaveTextContent(
      '1 of 2 workers is paused: its memory is full'
    );
    expect(detail).toHaveTextContent('1 GiB of results on disk');
    fireEvent.keyDown(lines(), { key: 'Escape' });
    expect(screen.queryByRole('tooltip')).toBeNull();
    fireEvent.mouseEnter(lines());
    expect(await screen.findByRole('tooltip')).toBeInTheDocument();
    fireEvent.blur(lines());
    expect(screen.queryByRole('tooltip')).toBeNull();
  });

  it('asks only while it can be seen, and draws nothing out of sight', async () => {
    isInSight = false;
    const watch = jest.spyOn(model, 'watch');
    await show();
    expect(watch).not.toHaveBeenCalled();
    see(true);
    expect(watch).toHaveBeenCalledTimes(1);
    expect(screen.getByText('1,203 of 4,000')).toBeVisible();
    see(false);
    await tell(aPulse({ now: anIdle() }));
    expect(screen.getByText('1,203 of 4,000')).toBeVisible();
    see(true);
    expect(screen.getByText(/^Idle/)).toBeVisible();
  });
});
