/** The card, as a person or a screen reader finds it. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { CommandIDs } from '../commands';
import { Card, type ICardProps } from '../components/card';
import { aCluster, aJob } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');

describe('Card', () => {
  const calls: [string, unknown][] = [];
  const commands = new CommandRegistry();
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, { execute: args => calls.push([id, args]) });
  }
  const onSelect = jest.fn();
  const onPress = jest.fn();

  const show = (part: Partial<ICardProps> = {}): HTMLElement => {
    render(
      <Card
        cluster={aCluster()}
        activity={null}
        isSelected={true}
        isTabStop={true}
        baseUrl="http://localhost/user/ann/"
        commands={commands}
        trans={trans}
        onSelect={onSelect}
        onPress={onPress}
        {...part}
      />
    );
    return screen.getByRole('listitem', { name: /^SLURMCluster 1/ });
  };
  const button = (name: string): HTMLElement =>
    screen.getByRole('button', { name });

  beforeEach(() => {
    calls.length = 0;
    onSelect.mockClear();
    onPress.mockClear();
  });

  it('says what to do while there are no workers', () => {
    const none = { wanted: 0, queued: 0, starting: 0, connected: 0 };
    show({ cluster: aCluster({ workers: none }) });
    expect(screen.getByText(/No workers yet: press “Scale”/)).toBeVisible();
  });

  it('says nothing of it when workers come by themselves', () => {
    const none = { wanted: 0, queued: 0, starting: 0, connected: 0 };
    show({
      cluster: aCluster({ workers: none, adapt: { minimum: 0, maximum: 4 } })
    });
    expect(screen.queryByText(/No workers yet/)).toBeNull();
  });

  it('says what the cluster is and how it is, in words', () => {
    const card = show();
    expect(card).toHaveAccessibleName('SLURMCluster 1, running');
    expect(card).toHaveAttribute('aria-current', 'true');
    for (const text of ['running', '8 GiB', 'tls://10.0.0.1:34567']) {
      expect(within(card).getByText(text)).toBeVisible();
    }
    expect(screen.getByRole('link')).toHaveAttribute(
      'href',
      'http://localhost/user/ann/rsdat/clusters/c-1/dashboard/'
    );
  });

  it('calls commands with its own id', async () => {
    show();
    for (const name of ['Insert client code', 'Scale', 'Shut down']) {
      await userEvent.click(button(name));
    }
    expect(calls).toEqual([
      [CommandIDs.insertCode, { cluster: 'c-1' }],
      [CommandIDs.scale, { cluster: 'c-1' }],
      [CommandIDs.shutdown, { cluster: 'c-1' }]
    ]);
  });

  it('takes no second order while one is under way', () => {
    const card = show({ activity: 'shutdown' });
    expect(card).toHaveAccessibleName('SLURMCluster 1, stopping');
    expect(card).toHaveAttribute('aria-busy', 'true');
    expect(button('Scale')).toBeDisabled();
    expect(button('Shut down')).toBeDisabled();
  });

  it("of a failed cluster tells why in the queue's words, and can be shut down", () => {
    const diagnosis = {
      message: 'sbatch: error: invalid partition specified: nosuch',
      hint: 'Choose one of: normal.',
      log: 'last line'
    };
    show({ cluster: aCluster({ state: 'failed', diagnosis }) });
    expect(screen.getByText(diagnosis.message)).toBeVisible();
    expect(screen.getByText(diagnosis.hint)).toBeVisible();
    expect(screen.getByText('last line')).toBeInTheDocument();
    expect(button('Scale')).toBeDisabled();
    expect(button('Insert client code')).toBeDisabled();
    expect(button('Shut down')).toBeEnabled();
  });

  it('lists its jobs and opens their logs', () => {
    const jobs = [aJob({ id: '671_3', reason: 'Priority' })];
    show({ cluster: aCluster({ jobs }) });
    expect(screen.getByText('1 job waits: Priority')).toBeVisible();
    const details = screen.getByText('Jobs (1)').closest('details')!;
    // jsdom folds no details open by itself.
    details.open = true;
    fireEvent(details, new Event('toggle'));
    fireEvent.click(screen.getByRole('button', { name: 'Log of job 671_3' }));
    expect(calls).toEqual([
      [CommandIDs.openLogs, { cluster: 'c-1', source: '671_3' }]
    ]);
  });

  it('draws no more jobs than anyone reads, and none while they are folded away', () => {
    const jobs = Array.from({ length: 250 }, (_, index) =>
      aJob({ id: `671_${index}` })
    );
    show({ cluster: aCluster({ jobs }) });
    const logs = (): number =>
      screen.queryAllByRole('button', { name: /^Log of job/, hidden: true })
        .length;
    expect(logs()).toBe(0);
    const details = screen.getByText('Jobs (250)').closest('details')!;
    details.open = true;
    fireEvent(details, new Event('toggle'));
    expect(logs()).toBe(200);
    expect(screen.getByText('and 50 more')).toBeVisible();
  });

  it('works by keyboard, but not for keys meant for its buttons', async () => {
    const card = show();
    card.focus();
    await userEvent.keyboard('{Enter}');
    expect(onSelect).toHaveBeenCalledTimes(1);
    await userEvent.keyboard('{Delete}');
    expect(calls.map(([id]) => id)).toEqual([CommandIDs.shutdown]);
    button('Scale').focus();
    await userEvent.keyboard('{Delete}');
    expect(calls).toHaveLength(1);
  });

  it('is dragged by its body, not by its buttons', () => {
    const card = show();
    fireEvent.pointerDown(button('Scale'));
    expect(onPress).not.toHaveBeenCalled();
    fireEvent.pointerDown(card);
    expect(onPress).toHaveBeenCalledTimes(1);
  });
});
