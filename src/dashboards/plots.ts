/** Names and addresses of the pages of a Dask dashboard. */

/** One page that can be opened. */
export interface IPlot {
  /** As Dask's own menu calls it. */
  readonly name: string;
  /** Path below the dashboard's root, without a leading slash. */
  readonly page: string;
}

/**
 * The full pages of Dask's navigation bar that have no plot of the same name.
 *
 * Workers, Profile, Graph and Groups have one with the same content, and without a
 * navigation bar that would lead away from what the tab's title says.
 * Source: distributed 2026.8 dashboard/scheduler.py, `applications`.
 */
const PAGES: readonly IPlot[] = [
  { name: 'Status', page: 'status' },
  { name: 'Workers', page: 'workers' },
  { name: 'Tasks', page: 'tasks' },
  { name: 'System', page: 'system' },
  { name: 'Profile', page: 'profile' },
  { name: 'Graph', page: 'graph' },
  { name: 'Groups', page: 'groups' },
  { name: 'Info', page: 'info/main/workers.html' }
];

/** What most people open, in this order above the rest. */
const FIRST: readonly string[] = [
  'Status',
  'Task Stream',
  'Progress',
  'Workers Memory',
  'Workers',
  'CPU',
  'Graph',
  'Profile'
];

/**
 * A plot's name, from its key in Dask's individual-plots.json.
 *
 * Dask makes the key from the address with title case; its own menu then mends three
 * abbreviations (distributed 2026.8, dashboard/scheduler.py `template_variables`).
 */
export function plotName(key: string): string {
  return key
    .replace(/^Individual /, '')
    .replace(/\b(Cpu|Gpu|Rmm)\b/g, word => word.toUpperCase());
}

/** Groups of plots in the order in which they are shown. */
export type Group =
  'first' | 'tasks' | 'memory' | 'transfer' | 'gpu' | 'scheduler' | 'other';

/** The first that fits says where a plot belongs; Dask adds plots, and has no groups of its own. */
const GROUPS: readonly [RegExp, Group][] = [
  [/\b(GPU|RMM)\b/, 'gpu'],
  [/Bandwidth|Transfer|Network|Disk|Shuffle/, 'transfer'],
  [/Memory/, 'memory'],
  [/Scheduler|Contention|Profile Server|^System$|^Info$|Events/, 'scheduler'],
  [
    /Task|Group|Key|Action|Nprocessing|Occupancy|Exception|Progress|Stealing|Performance/,
    'tasks'
  ]
];

/** Where a plot belongs. */
export function groupOf(name: string): Group {
  if (FIRST.includes(name)) {
    return 'first';
  }
  return GROUPS.find(([fits]) => fits.test(name))?.[1] ?? 'other';
}

/** The plots whose name has all the words of `filter` in it, by group; empty groups are left out. */
export function grouped(
  plots: readonly IPlot[],
  filter = ''
): { group: Group; plots: IPlot[] }[] {
  const words = filter.toLowerCase().split(/\s+/);
  const fitting = plots.filter(({ name }) =>
    words.every(word => name.toLowerCase().includes(word))
  );
  const order: Group[] = [
    'first',
    'tasks',
    'memory',
    'transfer',
    'scheduler',
    'gpu',
    'other'
  ];
  return order
    .map(group => ({
      group,
      plots: fitting.filter(({ name }) => groupOf(name) === group)
    }))
    .filter(({ plots }) => plots.length > 0);
}

/** Everything that can be opened, from the content of individual-plots.json. */
export function allPlots(json: Readonly<Record<string, string>>): IPlot[] {
  const plots = new Map<string, IPlot>(PAGES.map(page => [page.name, page]));
  for (const [key, address] of Object.entries(json)) {
    const name = plotName(key);
    plots.set(name, { name, page: address.replace(/^\/+/, '') });
  }
  const rank = (plot: IPlot): number => {
    const index = FIRST.indexOf(plot.name);
    return index < 0 ? FIRST.length : index;
  };
  return [...plots.values()].sort(
    (a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name)
  );
}

/** The page of a plot by its name, also when Dask's list is not known yet. */
export function pageOf(name: string, plots: readonly IPlot[] = PAGES): string {
  const known =
    plots.find(plot => plot.name === name) ??
    PAGES.find(page => page.name === name);
  return known?.page ?? `individual-${name.toLowerCase().replace(/\s+/g, '-')}`;
}
