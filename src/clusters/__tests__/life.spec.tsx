/** What is said of a cluster's end: words, notifications, the status bar; and the forms around it. */
import '@testing-library/jest-dom';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { configure, fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { EMPTY, attachProblems, attachRequest } from '../attach';
import { askAttach } from '../attachdialog';
import { askIdle } from '../idledialog';
import { idleWords, placementWords, untilWords } from '../lifetime';
import { ClusterModel } from '../model';
import { Notices } from '../notices';
import { statusWords, warningLines } from '../statusitem';
import { FakeApi, aCluster, aList, settle } from './samples';

// Lab shows its dialogs by CSS, without the attribute `open`: jsdom takes them for hidden.
configure({ defaultHidden: true });

const trans = nullTranslator.load('jupyterlab_rsdat');
const now = new Date('2026-01-01T10:00:00Z');

describe('words', () => {
  const { scheduler } = aCluster();

  it('say where the scheduler runs', () => {
    const words = (part: object): string =>
      placementWords({ ...scheduler, ...part }, trans);
    expect(words({})).toBe('beside Jupyter');
    expect(words({ job: '9' })).toBe('beside Jupyter, in job 9');
    expect(words({ mode: 'job', job: '12' })).toBe('own job 12');
    expect(words({ mode: 'job' })).toBe('own job');
    expect(words({ mode: 'attached' })).toBe('attached');
  });

  it.each([
    ['2026-01-01T10:00:42Z', 'in 42 s'],
    ['2026-01-01T10:05:42Z', 'in 5 min'],
    ['2026-01-01T13:05:42Z', 'in 3 h 5 min'],
    ['2026-01-01T09:00:00Z', 'in 0 s']
  ])('until %s is %s', (at, words) => {
    expect(untilWords(at, trans, now)).toContain(`(${words})`);
  });

  it('count down to the end, and no further', () => {
    expect(idleWords('2026-01-01T10:00:05Z', trans, now)).toBe(
      'Idle: shuts down in 5 s'
    );
    expect(idleWords('2026-01-01T09:59:00Z', trans, now)).toBe(
      'Idle: shuts down now'
    );
  });

  it('in the status bar count what lives, and give warnings in their order', () => {
    const warn = (at: string): object => ({
      warnings: [{ message: `Ends ${at}.`, hint: null, at }]
    });
    const clusters = [
      aCluster({ name: 'b', ...warn('2026-01-01T12:00:00Z') }),
      aCluster({ name: 'a', ...warn('2026-01-01T11:00:00Z') }),
      aCluster({ state: 'failed' })
    ];
    expect(statusWords(clusters, trans)).toBe('Dask: 2 clusters, 2 workers');
    const lines = warningLines(clusters, trans);
    expect(lines.map(line => line.split(':')[0])).toEqual(['a', 'b']);
  });
});

describe('Notices', () => {
  it('tells once of each end, also when its time is told a little differently', async () => {
    const told = jest.spyOn(Notification.manager, 'notify').mockReturnValue('');
    const api = new FakeApi();
    const model = new ClusterModel({ api });
    const show = jest.fn();
    new Notices({ model, trans, show });
    const answer = async (at: string): Promise<void> => {
      void model.refresh();
      const warnings = [{ message: 'Its job ends.', hint: null, at }];
      api.lists[api.lists.length - 1].resolve(aList(aCluster({ warnings })));
      await settle();
    };
    await answer('2026-01-01T12:00:00Z');
    await answer('2026-01-01T12:00:02Z');
    expect(told).toHaveBeenCalledTimes(1);
    // It stays until it is read: a span from now would be wrong by then.
    expect(told.mock.calls[0][0]).toMatch(
      /^SLURMCluster 1: Its job ends\. At [^(]*\.$/
    );
    told.mock.calls[0][2]!.actions![0].callback({} as MouseEvent);
    expect(show).toHaveBeenCalledWith('c-1');
    await answer('2026-01-01T14:00:00Z');
    expect(told).toHaveBeenCalledTimes(2);
    model.dispose();
    told.mockRestore();
  });
});

describe('attaching', () => {
  const problems = (part: object): string[] =>
    Object.keys(attachProblems({ ...EMPTY, ...part }, trans));

  it.each([
    ['tls://10.0.0.1:8786', true],
    ['tcp://host.site.nl:8786', true],
    ['tls://[fe80::1]:8786', true],
    ['10.0.0.1:8786', false],
    ['http://host:8787', false],
    ['tls://host', false],
    ['', false]
  ])('%j is an address: %j', (address, isGood) => {
    expect(problems({ address }).length === 0).toBe(isGood);
  });

  it('needs the path of a scheduler file, and all TLS files or none', () => {
    expect(problems({ by: 'file' })).toEqual(['file']);
    expect(problems({ by: 'file', file: '~/s.json' })).toEqual([]);
    const address = 'tls://h:1';
    expect(problems({ address, ca: '/ca' })).toEqual(['cert', 'key']);
    // Hidden fields of another kind of address don't count.
    expect(problems({ address: 'tcp://h:1', ca: '/ca' })).toEqual([]);
  });

  it('sends exactly one of address and file', () => {
    const all = { ...EMPTY, address: 'tls://h:1', file: '~/s.json' };
    const tls = { ca: '/ca', cert: '/cert', key: '/key' };
    expect(attachRequest({ ...all, ...tls, name: ' mine ' })).toEqual({
      name: 'mine',
      attach: {
        address: 'tls://h:1',
        ca_file: '/ca',
        cert_file: '/cert',
        key_file: '/key'
      }
    });
    expect(
      attachRequest({ ...all, by: 'file', port: ' 8790 ' }).attach
    ).toEqual(expect.objectContaining({ dashboard_port: 8790 }));
    expect(attachRequest({ ...all, by: 'file' })).toEqual({
      attach: { scheduler_file: '~/s.json' }
    });
    expect(
      attachRequest({ ...all, ...tls, address: 'tcp://h:1' }).attach
    ).toEqual({ address: 'tcp://h:1' });
  });

  it('is asked for in a dialog that sends nothing invalid', async () => {
    const asked = askAttach(nullTranslator);
    const accept = await screen.findByRole('button', { name: 'Attach' });
    expect(accept).toBeDisabled();
    const by = await screen.findByRole('combobox', { name: 'Scheduler by' });
    fireEvent.change(by, { target: { value: 'file' } });
    const file = await screen.findByRole('textbox', { name: 'Scheduler file' });
    await userEvent.type(file, '~/s.json');
    await waitFor(() => expect(accept).toBeEnabled());
    await userEvent.click(accept);
    expect(await asked).toEqual({ attach: { scheduler_file: '~/s.json' } });
  });
});

describe('the idle form', () => {
  it('sends seconds, or null for never', async () => {
    const after = { after: 600, ends_at: null };
    const asked = askIdle(aCluster({ idle: after }), nullTranslator);
    const minutes = await screen.findByRole('spinbutton', {
      name: 'Minutes without work'
    });
    expect(minutes).toHaveValue(10);
    fireEvent.change(minutes, { target: { value: '0' } });
    await waitFor(() =>
      expect(screen.getByRole('button', { name: 'Apply' })).toBeDisabled()
    );
    fireEvent.change(minutes, { target: { value: '90' } });
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }));
    expect(await asked).toEqual({ idle_after: 5400 });

    const never = askIdle(aCluster({ idle: after }), nullTranslator);
    await userEvent.click(
      await screen.findByRole('checkbox', { name: 'Shut down when idle' })
    );
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }));
    expect(await never).toEqual({ idle_after: null });
  });
});
