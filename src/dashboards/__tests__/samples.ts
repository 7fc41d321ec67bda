/** Clusters and a controllable API for the tests. */
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ICluster } from '../../common/types';
import type { IClusterManager } from '../../tokens';
import type { IDashboardsApi } from '../api';
import type { IColours } from '../frame';

export function aCluster(part: Partial<ICluster> = {}): ICluster {
  const id = part.id ?? 'c-1';
  return {
    id,
    name: 'SLURMCluster 1',
    state: 'running',
    created: '2026-01-01T10:00:00Z',
    preset: 'any',
    scheduler: {
      address: 'tls://10.0.0.1:34567',
      mode: 'beside',
      ends_at: null,
      job: null,
      dashboard: `rsdat/clusters/${id}/dashboard/`,
      id: 'Scheduler-1'
    },
    workers: { wanted: 0, queued: 0, starting: 0, connected: 0 },
    cores: 0,
    memory: 0,
    adapt: null,
    options: {},
    groups: [],
    jobs: [],
    idle: { after: null, ends_at: null },
    renew: false,
    warnings: [],
    diagnosis: null,
    cost: { core_hours: 0, per_hour: 0 },
    connection: null,
    ...part
  };
}

/** A theme whose changes the test makes. */
export class FakeTheme {
  readonly changed = new Signal<this, void>(this);
  colours = (): IColours => ({
    back: 'black',
    text: 'white',
    line: 'grey',
    dark: true
  });
}

export class FakeClusters implements IClusterManager {
  clusters: readonly ICluster[] = [];
  selected: string | null = null;
  isReady = false;
  watchers = 0;
  readonly changed = new Signal<this, void>(this);

  set(...clusters: ICluster[]): void {
    this.clusters = clusters;
    this.selected = clusters[0]?.id ?? null;
    this.isReady = true;
    this.changed.emit();
  }

  glance(): IDisposable {
    return this.watch();
  }

  watch(): IDisposable {
    this.watchers += 1;
    return new DisposableDelegate(() => {
      this.watchers -= 1;
    });
  }

  select(id: string | null): void {
    this.selected = id;
    this.changed.emit();
  }

  refresh = jest.fn(() => Promise.resolve());
}

export class FakeApi implements IDashboardsApi {
  plots = jest.fn((cluster: string) =>
    Promise.resolve({ [`Individual Plot Of ${cluster}`]: '/individual-plot' })
  );

  pageUrl = jest.fn((_: string, page: string) =>
    Promise.resolve(
      `http://localhost/rsdat/clusters/c-1/dashboard/key/k/${page}`
    )
  );

  url(cluster: string, page: string): string {
    return `http://localhost/rsdat/clusters/${cluster}/dashboard/${page}`;
  }
}

/** Let everything that is settled take effect. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
  }
}
