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
