/** A dashboard tab through its cluster's life. */
import { nullTranslator } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import { ApiError } from '../../common/request';
import { dashboardIcon } from '../icons';
import { DashboardTab, SLEEP_MS, tabId } from '../tab';
import { FakeApi, FakeClusters, FakeTheme, aCluster, settle } from './samples';

const PAGE =
  'http://localhost/rsdat/clusters/c-1/dashboard/key/k/individual-task-stream';

describe('DashboardTab', () => {
  let api: FakeApi;
  let clusters: FakeClusters;
  let theme: FakeTheme;
  let tab: DashboardTab;
  const address = (): string | null | undefined =>
    tab.node.querySelector('iframe')?.getAttribute('src');
  const words = (): string | null | undefined =>
    tab.node.querySelector('[role="status"]')?.textContent;

  const button = (): HTMLButtonElement => tab.node.querySelector('button')!;

  beforeEach(() => {
    api = new FakeApi();
    clusters = new FakeClusters();
    theme = new FakeTheme();
    tab = new DashboardTab({
      api,
      clusters,
      theme,
      cluster: 'c-1',
      plot: 'Task Stream',
      page: 'individual-task-stream',
      trans: nullTranslator.load('jupyterlab_rsdat')
    });
  });

  afterEach(() => {
    tab.dispose();
  });

  const attach = async (): Promise<void> => {
    Widget.attach(tab, document.body);
    await settle();
  };

  /** As the script in the page does. */
  const tell = (
    word: string,
    source = tab.node.querySelector('iframe')?.contentWindow
  ): void => {
    window.dispatchEvent(
      new MessageEvent('message', { data: { rsdat: word }, source })
    );
  };

  it('has the plot and its cluster for its title', () => {
    expect(tab.title.label).toBe('Task Stream');
    clusters.set(aCluster({ name: 'mine' }));
    expect(tab.title.label).toBe('Task Stream · mine');
    expect(tab.title.caption).toBe('Plot: Task Stream\nCluster: mine');
    expect(tab.node.querySelector('iframe')?.title).toBe('Task Stream · mine');
    clusters.set();
    expect(tab.title.label).toBe('Task Stream · mine');
    expect(tab.id).toBe(tabId('c-1', 'Task Stream'));
    expect(tabId('c-2', 'Task Stream')).not.toBe(tab.id);
  });

  it("looks like Lab's own tabs, and is found by its tab, however it gets into the main area", () => {
    const { dataset, icon } = tab.title;
    expect(dataset.id).toBe(tab.id);
    const styled = dashboardIcon.element({ stylesheet: 'mainAreaTab' });
    expect(styled.className).not.toBe(dashboardIcon.element({}).className);
    expect((icon as LabIcon).element({}).className).toBe(styled.className);
  });

  it('shows the page, sandboxed, once it is seen', async () => {
    clusters.set(aCluster());
    expect(api.pageUrl).not.toHaveBeenCalled();
    await attach();
    expect(tab.isLive).toBe(true);
    expect(address()).toBe(PAGE);
    // What is waited for is said until the page is there.
    const isHidden = (selector: string): boolean =>
      tab.node.querySelector(selector)!.closest('.lm-mod-hidden') !== null;
    expect([isHidden('iframe'), isHidden('p')]).toEqual([true, false]);
    expect(words()).toBe('Looking for the dashboard…');
    tell('ready');
    expect([isHidden('iframe'), isHidden('p')]).toEqual([false, true]);
    const sandbox = tab.node.querySelector('iframe')?.getAttribute('sandbox');
    expect(sandbox).toContain('allow-scripts');
    expect(sandbox).not.toContain('allow-same-origin');
  });

  it('asks for no page of a cluster that is known to have ended', async () => {
    // As a tab that is restored: the clusters are not known yet.
    clusters.refresh.mockImplementation(() => {
      clusters.set();
      return Promise.resolve();
    });
    await attach();
    expect(words()).toMatch(/is gone\. Close this tab/);
    tab.hide();
    clusters.refresh.mockImplementation(() => {
      clusters.set(aCluster({ state: 'failed' }));
      return Promise.resolve();
    });
    tab.show();
    await settle();
    expect(words()).toMatch(/^SLURMCluster 1 has failed/);
    expect(api.pageUrl).not.toHaveBeenCalled();
    clusters.set(aCluster());
    await settle();
    expect(address()).toBe(PAGE);
  });

  it('knows what its cluster was called when a page that is loaded anew finds it gone', async () => {
    tab.dispose();
    tab = new DashboardTab({
      api,
      clusters,
      theme,
      cluster: 'c-1',
      name: 'mine',
      plot: 'Task Stream',
      page: 'individual-task-stream',
      trans: nullTranslator.load('jupyterlab_rsdat')
    });
    expect(tab.title.label).toBe('Task Stream · mine');
    clusters.set();
    await attach();
    expect(tab.clusterName).toBe('mine');
    expect(words()).toMatch(/^The cluster mine is gone\. Close this tab/);
  });

  it('loads nothing into a tab that was hidden before its page was found', async () => {
    clusters.set(aCluster());
    let answer: (url: string) => void = () => undefined;
    api.pageUrl.mockReturnValueOnce(new Promise(resolve => (answer = resolve)));
    await attach();
    tab.hide();
    answer(PAGE);
    await settle();
    expect(tab.isLive).toBe(false);
    expect(address()).toBe('about:blank');
    tab.show();
    await settle();
    expect(address()).toBe(PAGE);
  });

  it('says in words that the cluster is gone, instead of an error page', async () => {
    api.pageUrl.mockRejectedValueOnce(
      new ApiError({ message: 'No cluster c-1.', code: 'not_found' })
    );
    await attach();
    expect(address()).not.toBe(PAGE);
    expect(words()).toMatch(/is gone\. Close this tab/);
  });

  it('waits for a cluster that is starting', async () => {
    const scheduler = { ...aCluster().scheduler, dashboard: null };
    clusters.set(aCluster({ state: 'starting', scheduler }));
    await attach();
    expect(words()).toMatch(/^SLURMCluster 1 is starting/);
    expect(api.pageUrl).not.toHaveBeenCalled();
    clusters.set(aCluster());
    await settle();
    expect(address()).toBe(PAGE);
  });

  it.each([
    [null, 'The scheduler of SLURMCluster 1 does not answer now.'],
    ['tls://10.0.0.1:1', 'The scheduler of SLURMCluster 1 serves no dashboard.']
  ])(
    'does not call a cluster starting that runs, its scheduler at %s',
    async (address, said) => {
      const scheduler = { ...aCluster().scheduler, dashboard: null, address };
      clusters.set(aCluster({ scheduler }));
      await attach();
      expect(words()).toContain(said);
      expect(api.pageUrl).not.toHaveBeenCalled();
    }
  );

  it('keeps the clusters fresh exactly while it is seen', async () => {
    clusters.set(aCluster());
    expect(clusters.watchers).toBe(0);
    await attach();
    expect(clusters.watchers).toBe(1);
    tab.hide();
    expect(clusters.watchers).toBe(0);
    tab.show();
    expect(clusters.watchers).toBe(1);
    Widget.detach(tab);
    expect(clusters.watchers).toBe(0);
  });

  it('offers to try again when the network failed', async () => {
    clusters.set(aCluster());
    api.pageUrl.mockRejectedValueOnce(
      new ApiError({ message: 'No net.', code: 'network' })
    );
    await attach();
    expect(words()).toMatch(/^No net\./);
    button().click();
    await settle();
    expect(tab.isLive).toBe(true);
  });

  it('keeps the keyboard where the button was pressed, however that ends', async () => {
    const failed = new ApiError({ message: 'No net.', code: 'network' });
    clusters.set(aCluster());
    api.pageUrl.mockRejectedValueOnce(failed);
    await attach();
    const pressed = button();
    pressed.focus();
    // Again the same: said anew, and the button is there still.
    const said: (string | null | undefined)[] = [];
    const observer = new MutationObserver(() => said.push(words()));
    observer.observe(tab.node, { childList: true, subtree: true });
    api.pageUrl.mockRejectedValueOnce(failed);
    pressed.click();
    expect(words()).toBe('Looking for the dashboard…');
    await settle();
    expect(said).toEqual(['Looking for the dashboard…', 'No net.']);
    observer.disconnect();
    expect(document.activeElement).toBe(pressed);

    api.pageUrl.mockRejectedValueOnce(
      new ApiError({ message: 'Still none.', code: 'door_broken' })
    );
    pressed.click();
    await settle();
    expect(words()).toBe('Still none.');
    expect(document.activeElement).toBe(pressed);

    // The companion's error page in the place of the dashboard's.
    pressed.click();
    await settle();
    tell('closed');
    expect(words()).toMatch(/Reconnecting/);
    expect(document.activeElement).toBe(pressed);

    pressed.click();
    await settle();
    tell('ready');
    expect(tab.isLive).toBe(true);
    expect(document.activeElement).toBe(tab.content.node);
  });

  it('looks anew when the button is pressed while a page is on its way', async () => {
    clusters.set(aCluster());
    await attach();
    tell('closed');
    button().click();
    await settle();
    expect(tab.isLive).toBe(true);
    const asked = api.pageUrl.mock.calls.length;
    button().click();
    expect(address()).toBe('about:blank');
    await settle();
    expect(api.pageUrl).toHaveBeenCalledTimes(asked + 1);
    expect(address()).toBe(PAGE);
  });

  it('shows also a page that tells nothing, and of what is let go nothing', async () => {
    clusters.set(aCluster());
    await attach();
    const frame = tab.node.querySelector('iframe')!;
    const isShown = (): boolean => frame.closest('.lm-mod-hidden') === null;
    frame.dispatchEvent(new Event('load'));
    expect(isShown()).toBe(true);
    clusters.set(aCluster({ state: 'stopped' }));
    frame.dispatchEvent(new Event('load'));
    tell('ready');
    expect(isShown()).toBe(false);
  });

  it('keeps the keyboard when what it was in goes by itself', async () => {
    clusters.set(aCluster());
    await attach();
    tell('ready');
    tab.node.querySelector('iframe')?.focus();
    tell('closed');
    expect(document.activeElement).toBe(tab.content.node);
    await settle();

    api.pageUrl.mockRejectedValue(
      new ApiError({ message: 'No net.', code: 'network' })
    );
    tell('closed');
    button().focus();
    clusters.set(aCluster({ state: 'stopped' }));
    expect(words()).toMatch(/was shut down/);
    expect(document.activeElement).toBe(tab.content.node);
  });

  it('takes the keyboard from nobody', async () => {
    clusters.set(aCluster());
    api.pageUrl.mockRejectedValueOnce(
      new ApiError({ message: 'No net.', code: 'network' })
    );
    await attach();
    const other = document.body.appendChild(document.createElement('input'));
    other.focus();
    button().click();
    await settle();
    tell('ready');
    expect(tab.isLive).toBe(true);
    expect(document.activeElement).toBe(other);
    other.remove();
  });

  it('says in words that this Dask has no such plot, and asks no more', async () => {
    clusters.set(aCluster());
    await attach();
    tell('ready');
    tell('missing');
    expect(tab.isLive).toBe(false);
    expect(address()).toBe('about:blank');
    expect(words()).toMatch(
      /^The Dask of SLURMCluster 1 has no plot “Task Stream”\. Versions/
    );
    clusters.set(aCluster({ cores: 2 }));
    await settle();
    expect(api.pageUrl).toHaveBeenCalledTimes(1);
    clusters.set(aCluster({ state: 'stopped' }));
    expect(words()).toMatch(/was shut down/);
  });

  it('lets go of the page when its cluster is shut down', async () => {
    clusters.set(aCluster());
    await attach();
    clusters.set(aCluster({ state: 'stopping' }));
    expect(address()).toBe('about:blank');
    expect(words()).toMatch(/^SLURMCluster 1 was shut down/);
    clusters.set();
    expect(words()).toMatch(/is gone/);
  });

  describe('when the connection of its page breaks', () => {
    beforeEach(() => {
      jest.useFakeTimers();
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    it('says so, and comes back by itself as soon as the scheduler does', async () => {
      clusters.set(aCluster());
      await attach();
      tell('open');
      api.pageUrl.mockRejectedValue(
        new ApiError({ message: 'No scheduler.', code: 'door_broken' })
      );
      tell('closed');
      expect(words()).toMatch(/^The connection .* broke\. Reconnecting/);
      expect(address()).toBe('about:blank');
      expect(clusters.refresh).toHaveBeenCalledTimes(1);
      await jest.advanceTimersByTimeAsync(10_000);
      expect(api.pageUrl.mock.calls.length).toBeGreaterThan(3);
      expect(words()).toMatch(/^No scheduler\./);
      api.pageUrl.mockResolvedValue(PAGE);
      await jest.advanceTimersByTimeAsync(15_000);
      expect(tab.isLive).toBe(true);
      expect(address()).toBe(PAGE);
    });

    it('does not try while nobody sees it, nor when its cluster has ended', async () => {
      clusters.set(aCluster());
      await attach();
      api.pageUrl.mockRejectedValue(
        new ApiError({ message: 'No scheduler.', code: 'door_broken' })
      );
      tell('closed');
      tab.hide();
      const tries = api.pageUrl.mock.calls.length;
      await jest.advanceTimersByTimeAsync(60_000);
      expect(api.pageUrl).toHaveBeenCalledTimes(tries);
      tab.show();
      await settle();
      clusters.set(aCluster({ state: 'stopped' }));
      const before = api.pageUrl.mock.calls.length;
      await jest.advanceTimersByTimeAsync(60_000);
      expect(api.pageUrl).toHaveBeenCalledTimes(before);
      expect(words()).toMatch(/was shut down/);
    });

    it('listens to its own page alone', async () => {
      clusters.set(aCluster());
      await attach();
      tell('closed', window);
      expect(tab.isLive).toBe(true);
    });

    it('lets its page go when it was hidden for long, and shows it again when seen', async () => {
      clusters.set(aCluster());
      await attach();
      tab.hide();
      await jest.advanceTimersByTimeAsync(SLEEP_MS - 1);
      expect(address()).toBe(PAGE);
      tab.show();
      await jest.advanceTimersByTimeAsync(SLEEP_MS);
      expect(address()).toBe(PAGE);
      tab.hide();
      await jest.advanceTimersByTimeAsync(SLEEP_MS);
      expect(address()).toBe('about:blank');
      tab.show();
      await settle();
      expect(address()).toBe(PAGE);
    });
  });

  it("gives its page the colours of Lab's theme, now and when it changes", async () => {
    clusters.set(aCluster());
    await attach();
    const page = tab.node.querySelector('iframe')?.contentWindow as Window;
    const post = jest.spyOn(page, 'postMessage').mockImplementation();
    tell('ready');
    theme.changed.emit();
    expect(post).toHaveBeenCalledTimes(2);
    expect(post).toHaveBeenLastCalledWith({ rsdatTheme: theme.colours() }, '*');
  });

  it('lets go of the clusters when it is closed', async () => {
    api.pageUrl.mockRejectedValueOnce(new Error('no'));
    await attach();
    expect(clusters.watchers).toBe(1);
    tab.dispose();
    expect(clusters.watchers).toBe(0);
    clusters.set(aCluster());
    expect(api.pageUrl).toHaveBeenCalledTimes(1);
  });
});
