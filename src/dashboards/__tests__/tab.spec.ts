/** A dashboard tab through its cluster's life. */
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { ApiError } from '../../common/request';
import { DashboardTab, tabId } from '../tab';
import { FakeApi, FakeClusters, aCluster, settle } from './samples';

const PAGE =
  'http://localhost/rsdat/clusters/c-1/dashboard/individual-task-stream';

describe('DashboardTab', () => {
  let api: FakeApi;
  let clusters: FakeClusters;
  let tab: DashboardTab;
  const address = (): string | null | undefined =>
    tab.node.querySelector('iframe')?.getAttribute('src');
  const words = (): string | null | undefined =>
    tab.node.querySelector('[role="status"]')?.textContent;

  beforeEach(() => {
    api = new FakeApi();
    clusters = new FakeClusters();
    tab = new DashboardTab({
      api,
      clusters,
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

  it('has the plot for its title and the cluster for its caption', () => {
    expect(tab.title.label).toBe('Task Stream');
    clusters.set(aCluster({ name: 'mine' }));
    expect(tab.title.caption).toBe('mine');
    expect(tab.id).toBe(tabId('c-1', 'Task Stream'));
    expect(tabId('c-2', 'Task Stream')).not.toBe(tab.id);
  });

  it('shows the page, sandboxed, once it is seen', async () => {
    clusters.set(aCluster());
    expect(api.plots).not.toHaveBeenCalled();
    await attach();
    expect(tab.isLive).toBe(true);
    expect(address()).toBe(PAGE);
    expect(tab.node.querySelector('iframe')?.getAttribute('sandbox')).toBe(
      'allow-scripts allow-same-origin'
    );
  });

  it('says in words that the cluster is gone, instead of an error page', async () => {
    api.plots.mockRejectedValueOnce(
      new ApiError({ message: 'No cluster c-1.', code: 'not_found' })
    );
    await attach();
    expect(address()).not.toBe(PAGE);
    expect(words()).toMatch(/is gone\. Close this tab/);
  });

  it('waits for a cluster that is starting', async () => {
    const scheduler = { ...aCluster().scheduler, dashboard: null };
    clusters.set(aCluster({ state: 'starting', scheduler }));
    api.plots.mockRejectedValueOnce(
      new ApiError({ message: 'not yet', code: 'conflict' })
    );
    await attach();
    expect(words()).toMatch(/^SLURMCluster 1 is starting/);
    clusters.set(aCluster());
    await settle();
    expect(address()).toBe(PAGE);
  });

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
    api.plots.mockRejectedValueOnce(
      new ApiError({ message: 'No net.', code: 'network' })
    );
    await attach();
    expect(words()).toMatch(/^No net\./);
    tab.node
      .querySelector<HTMLButtonElement>('[role="status"] button')
      ?.click();
    await settle();
    expect(tab.isLive).toBe(true);
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

  it('lets go of the clusters when it is closed', async () => {
    api.plots.mockRejectedValueOnce(new Error('no'));
    await attach();
    expect(clusters.watchers).toBe(1);
    tab.dispose();
    expect(clusters.watchers).toBe(0);
    clusters.set(aCluster());
    expect(api.plots).toHaveBeenCalledTimes(1);
  });
});
