/** What a card shows while something is computed: lines, progress, what failed, and the rest. */
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './galata';
import {
  card,
  newCluster,
  openPanel,
  reload,
  scale,
  shutDown,
  stack
} from './support';

const PYTHON = process.env.RSDAT_UI_PYTHON!;

/** Computes on the cluster of that name: the last tasks end when the file is there. */
const COMPUTING = `
import pathlib, sys, time
from distributed import wait
import rsdat

def load(number):
    return number

def broken(number):
    raise ValueError(number)

def mean_chunk(number, gate):
    while not pathlib.Path(gate).exists():
        time.sleep(0.05)
    return number

client = rsdat.connect(sys.argv[1])
tasks = client.map(load, range(10), priority=10) + [client.submit(broken, 1, priority=10)]
tasks += client.map(mean_chunk, range(29), gate=sys.argv[2])
print("submitted", flush=True)
wait(tasks)
sys.stdin.readline()
`;

function compute(cluster: string, gate: string): ChildProcess {
  return spawn(PYTHON, ['-c', COMPUTING, cluster, gate], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, RSDAT_HOME: stack().home }
  });
}

test('a card tells how busy its cluster is and how far the computation', async ({
  page
}) => {
  const name = await newCluster(page);
  await scale(page, name, 1);
  await expect(card(page, name)).toContainText(/1\s*connected/i, {
    timeout: 60_000
  });
  const gate = join(stack().folder, `gate-${Date.now()}`);
  const program = compute(name, gate);
  try {
    const progress = card(page, name).getByRole('progressbar');
    await expect(progress).toHaveAttribute(
      'aria-valuetext',
      'mean_chunk, 11 of 40 (27 %), 1 erred',
      { timeout: 60_000 }
    );
    await expect(card(page, name).getByText('1 erred')).toBeVisible();
    const image = (label: RegExp) =>
      card(page, name).getByRole('img', { name: label });
    await expect(image(/^CPU: \d+ % of 1 core$/)).toBeVisible();
    await expect(image(/^Memory: .* of /)).toBeVisible();
    await expect(image(/^Dask tasks: .*1 erred/)).toBeVisible();

    // The numbers, by mouse and by keyboard.
    const lines = card(page, name).getByRole('group', {
      name: `Activity of ${name}`
    });
    const numbers = page.getByRole('tooltip');
    await lines.hover();
    await expect(numbers).toContainText('mean_chunk');
    await page.mouse.move(0, 0);
    await expect(numbers).toBeHidden();
    await lines.focus();
    await expect(numbers).toContainText('Last 3 min');
    await page.keyboard.press('Escape');
    await expect(numbers).toBeHidden();

    // The last minutes are there again at once.
    await reload(page);
    await openPanel(page, 'Clusters');
    // Cards out of sight are not drawn anew.
    await card(page, name).scrollIntoViewIfNeeded();
    await expect(
      image(/^Memory: /).locator('.jp-rsdat-Sparkline-line')
    ).toHaveAttribute('d', /L/);

    writeFileSync(gate, '');
    await expect(card(page, name)).toContainText('last: 40 Dask tasks in', {
      timeout: 60_000
    });
    await expect(progress).toBeHidden();
  } finally {
    writeFileSync(gate, '');
    program.stdin!.end('\n');
  }
  await shutDown(page, name);
});
