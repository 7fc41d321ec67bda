/** All walks: what the accessibility tests look at, and what the gallery takes pictures of. */
import type { Walk } from './looks';
import { walkClusters, walkDashboards, walkRefused } from './statesclusters';
import {
  walkFiles,
  walkFolders,
  walkNoFiles,
  walkTransfers
} from './statesdcache';
import { walkFirstSteps, walkVersions } from './statesfirst';
import { walkLab } from './statesinlab';
import { walkBrokenCatalogs, walkCatalogs, walkSearches } from './statesstac';

export const WALKS: Readonly<Record<string, Walk>> = {
  'first steps': walkFirstSteps,
  'versions that do not fit': walkVersions,
  'clusters, their dialogs and tabs': walkClusters,
  'clusters that are refused': walkRefused,
  dashboards: walkDashboards,
  'dCache and its dialogs': walkFiles,
  'folders of dCache': walkFolders,
  'transfers and orders for tape': walkTransfers,
  'no dCache at all': walkNoFiles,
  catalogs: walkCatalogs,
  'broken catalogs': walkBrokenCatalogs,
  searches: walkSearches,
  'what is ours in places of Lab': walkLab
};
