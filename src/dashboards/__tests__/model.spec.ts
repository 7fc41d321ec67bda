/** Which plots are offered, as clusters come, go and are selected. */
import { PromiseDelegate } from '@lumino/coreutils';
import { ApiError } from '../../common/request';
import { DashboardsModel } from '../model';
import { FakeApi, FakeClusters, aCluster, settle } from './samples';

describe('DashboardsModel', () => {
  let api: FakeApi;
  let clusters: FakeClusters;
  let model: DashboardsModel;
  const names = (): string[] => model.plots.map(({ name }) => name);

  beforeEach(() => {
    api = new FakeApi();
    clusters = new FakeClusters();
    model = new DashboardsModel({ api, clusters });
  });

  afterEach(() => {
    model.dispose();
  });

  it('asks nothing while nobody looks', () => {
    clusters.set(aCluster());
    expect(api.plots).not.toHaveBeenCalled();
  });

  it('asks when the dashboard is up, and once', async () => {
    model.isShown = true;
    const scheduler = { ...aCluster().scheduler, dashboard: null };
    clusters.set(aCluster({ state: 'starting', scheduler }));
    expect(api.plots).not.toHaveBeenCalled();
    clusters.set(aCluster());
    clusters.set(aCluster());
    await settle();
    clusters.set(aCluster());
    expect(api.plots).toHaveBeenCalledTimes(1);
    expect(names()).toContain('Plot Of c-1');
  });

  it('does not show the plots of a cluster that is no longer selected', async () => {
    model.isShown = true;
    const late = new PromiseDelegate<Record<string, string>>();
    api.plots.mockReturnValueOnce(late.promise);
    clusters.set(aCluster(), aCluster({ id: 'c-2' }));
    clusters.select('c-2');
    await settle();
    late.resolve({ 'Individual Late': '/individual-late' });
    await settle();
    expect(names()).toContain('Plot Of c-2');
    expect(names()).not.toContain('Late');
    clusters.select('c-1');
    expect(names()).toContain('Late');
  });

  it('tells a failure and asks again when the clusters changed', async () => {
    model.isShown = true;
    api.plots.mockRejectedValueOnce(
      new ApiError({ message: 'The scheduler is silent.', code: 'refused' })
    );
    clusters.set(aCluster());
    await settle();
    expect(model.error?.message).toBe('The scheduler is silent.');
    clusters.set(aCluster());
    await settle();
    expect(model.error).toBeNull();
    expect(names()).toContain('Plot Of c-1');
  });
});
