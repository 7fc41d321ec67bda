/** The public promises: what one feature may ask of another. */
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import type {
  ICluster,
  IEndpoint,
  IEntry,
  IInfo,
  ITransfer
} from './common/types';

/** Why page and companion can't work together as they should. */
export interface ICompanionProblem {
  /** `missing`: there is none; else what to do about two versions. */
  readonly code: 'missing' | 'reload' | 'restart' | 'install';
  readonly message: string;
  readonly hint: string | null;
}

/** The companion in the Jupyter server, as far as it must be known that there is one. */
export interface ICompanion {
  /** What it said of itself; null while there is none. */
  readonly info: IInfo | null;
  /** Why it is none, or not the one that belongs to this page. */
  readonly problem: ICompanionProblem | null;
  /** Emitted when either changed. */
  readonly changed: ISignal<ICompanion, void>;
  /** Ask again; settles in any case. */
  check(): Promise<void>;
}

export const ICompanion = new Token<ICompanion>(
  'jupyterlab-rsdat:ICompanion',
  'Whether the Jupyter server has the part of rsdat that belongs to this page.'
);

/** The user's clusters and which of them is selected. */
export interface IClusterManager {
  /** The clusters as last seen, oldest first; replaced, never edited in place. */
  readonly clusters: readonly ICluster[];
  /** Id of the selected cluster; its dashboards are offered. Null without clusters. */
  readonly selected: string | null;
  /** Whether `clusters` is what the companion said, not just the empty start. */
  readonly isReady: boolean;
  /** Emitted when `clusters` or `selected` changed. */
  readonly changed: ISignal<IClusterManager, void>;
  /** Keep `clusters` fresh until the returned object is disposed. */
  watch(): IDisposable;
  /** Keep `clusters` roughly known, at next to no cost, until the returned object is disposed. */
  glance(): IDisposable;
  /** Select a cluster. */
  select(id: string | null): void;
  /** Ask the companion again. */
  refresh(): Promise<void>;
}

export const IClusterManager = new Token<IClusterManager>(
  'jupyterlab-rsdat:IClusterManager',
  'The Dask clusters of the rsdat companion.'
);

/** The left panel that the Dask features share. */
export interface ISidebar {
  /** Add a section below those that are there. */
  addSection(section: Widget): void;
  /** Bring the panel to the front. */
  show(): void;
}

export const ISidebar = new Token<ISidebar>(
  'jupyterlab-rsdat:ISidebar',
  'The rsdat side panel, to which features add sections.'
);

/** Opens the pages of a cluster's Dask dashboard as tabs. */
export interface IDashboards {
  /** Open (or reveal) the plot of that name, e.g. "Task Stream", of a cluster. */
  open(options: { cluster: string; plot: string; mode?: string }): void;
}

export const IDashboards = new Token<IDashboards>(
  'jupyterlab-rsdat:IDashboards',
  'Opens Dask dashboards in tabs.'
);

/** The dCache panel's place. */
export interface IDCache {
  /** Name of the endpoint shown, null when none is configured. */
  readonly endpoint: string | null;
  /** Folder shown, a literal absolute path. */
  readonly path: string;
  /** The configured endpoints; null until they are known. */
  readonly endpoints: readonly IEndpoint[] | null;
  /** The selected entries, in the order in which they were selected; none until all are here. */
  readonly selected: readonly IEntry[];
  /** How many entries are shown as selected, also while they are still on their way. */
  readonly selectedCount: number;
  /**
   * Resolves when `selected` is all that is shown as selected; false if that was given up meanwhile,
   * so that nothing is left to act on.
   */
  readonly selecting: Promise<boolean>;
  /** Emitted when `endpoint` or `path` changed. */
  readonly changed: ISignal<IDCache, void>;
  /** Emitted when anything of this changed, also what is selected. */
  readonly stateChanged: ISignal<IDCache, void>;
  /** Show a folder. */
  open(endpoint: string, path: string): Promise<void>;
  /** Endpoints were described or changed: ask for them again, and for the folder shown. */
  reloadEndpoints(): Promise<void>;
  /** Absolute paths of folders that complete a path as it is typed; never rejects. */
  complete(
    endpoint: string,
    typed: string,
    signal: AbortSignal
  ): Promise<readonly string[]>;
}

export const IDCache = new Token<IDCache>(
  'jupyterlab-rsdat:IDCache',
  'The dCache panel.'
);

/** What was dropped on the dCache panel, and into which folder. */
export interface IDropped {
  /** To be read at once: it is empty when the event is over. */
  data: DataTransfer;
  endpoint: string;
  /** Literal absolute path of a folder. */
  path: string;
}

/** The left panel of dCache. */
export interface IDCacheSidebar {
  /** Add a section below those that are there. */
  addSection(section: Widget): void;
  /** Bring the panel to the front. */
  reveal(): void;
  /** Whether it is in view. */
  readonly isVisible: boolean;
  /** The panel's element. */
  readonly node: HTMLElement;
  /** Something was dropped on the folder shown. */
  drop(dropped: IDropped): void;
  /** Emitted, in the drop's own event, when something was dropped. */
  readonly dropped: ISignal<IDCacheSidebar, IDropped>;
}

export const IDCacheSidebar = new Token<IDCacheSidebar>(
  'jupyterlab-rsdat:IDCacheSidebar',
  'The dCache side panel, to which features add sections.'
);

/** A file of the user's computer on its way to dCache. */
export interface IUploadFile {
  /** Relative to the destination, with `/` between folders. */
  path: string;
  file: File;
}

/** The movements of bytes that the companion knows. */
export interface ITransfers {
  /** The latest first; replaced, never edited in place. */
  readonly transfers: readonly ITransfer[];
  /** Emitted when `transfers` changed. */
  readonly changed: ISignal<ITransfers, void>;
  /** Upload files into a folder of dCache; asks where a name is taken. False when it was cancelled. */
  upload(
    files: readonly IUploadFile[],
    destination: { endpoint: string; path: string }
  ): Promise<boolean>;
}

export const ITransfers = new Token<ITransfers>(
  'jupyterlab-rsdat:ITransfers',
  'Uploads, downloads and copies.'
);
