/** What the commands do: code, copies, staging, downloads. None of them rejects: failures are told. */
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell, tellFailure } from '../common/notice';
import type { IStacFiles } from '../common/types';
import type { IDCache } from '../tokens';
import type { IStacApi } from './api';
import { assetsOf, countAssets, dataAssets } from './assets';
import { stackCode } from './code';
import type { IAssetCount } from './copydialog';
import type { ISource } from './hrefs';
import { OtherCommandIDs } from './ids';
import { commonCollection } from './selection';
import type { ITarget } from './targets';

/** The companion takes no more paths in one order for tape, and in one archive. */
const MOST_PATHS = 20_000;

export class StacActions {
  constructor(options: StacActions.IOptions) {
    this._options = options;
  }

  /** Whether the companion can read it as a catalog, a collection or an item. */
  async isStac(source: ISource): Promise<boolean> {
    try {
      const { kind } = await this._options.api.node(source);
      return kind !== 'api';
    } catch {
      // Whoever opens it instead will tell what is wrong with it.
      return false;
    }
  }

  code(target: ITarget): string {
    const { assets, filter, items, search, source, summary } = target;
    return stackCode({
      source: {
        ...source,
        // The default endpoint needs no name.
        endpoint: this._options.isDefaultEndpoint(source.endpoint)
          ? null
          : source.endpoint
      },
      search,
      ids: items?.map(({ id }) => id) ?? null,
      collection:
        items && summary?.collections.length !== 1
          ? commonCollection(items)
          : null,
      filter,
      assets,
      cluster: this._options.cluster(),
      root: this._options.root
    });
  }

  /** Look which clusters run, for the code; settles in any case. */
  prepare(): Promise<void> {
    return this._options.lookAtClusters().catch(() => undefined);
  }

  async insertCode(target: ITarget): Promise<void> {
    const { trans } = this._options;
    await this.prepare();
    const code = this.code(target);
    if (!this._options.insertCode(code)) {
      Clipboard.copyToSystem(code);
      tell(
        trans.__(
          'No notebook is open that takes code. The code is on the clipboard instead.'
        ),
        'info'
      );
    }
  }

  async copyAssets(target: ITarget): Promise<void> {
    const { trans } = this._options;
    await this._try(trans.__('Can’t copy'), async () => {
      const assets = await this._assetCounts(target);
      const keys = new Set(assets.map(({ key }) => key));
      const chosen = (target.assets ?? [...keys]).filter(key => keys.has(key));
      await this._ask(target, assets, chosen);
    });
  }

  async saveCatalog(target: ITarget): Promise<void> {
    const { trans } = this._options;
    await this._try(trans.__('Can’t save the catalog'), () =>
      this._ask(target, null, [])
    );
  }

  async stage(target: ITarget): Promise<void> {
    const { execute, trans } = this._options;
    await this._try(trans.__('Can’t stage'), async () => {
      const files = await this._options.api.files(assetsOf(target));
      const places = inDCache(files);
      if (places.length === 0) {
        tell(
          trans.__(
            'None of these files is in dCache: there is nothing to stage.'
          ),
          'info'
        );
      }
      for (const { endpoint, paths } of places) {
        for (let at = 0; at < paths.length; at += MOST_PATHS) {
          await execute(OtherCommandIDs.stageFiles, {
            endpoint,
            paths: paths.slice(at, at + MOST_PATHS)
          });
        }
      }
    });
  }

  async download(target: ITarget): Promise<void> {
    const { execute, trans } = this._options;
    await this._try(trans.__('Can’t download'), async () => {
      const files = await this._options.api.files(assetsOf(target));
      const places = inDCache(files);
      const others = files.elsewhere.length;
      if (places.length === 0 || others > 0) {
        tell(
          places.length === 0
            ? trans.__(
                'None of these files is in dCache. Copy them there first: “Copy Assets…”.'
              )
            : trans._n(
                '%1 file is not in dCache and is left out.',
                '%1 files are not in dCache and are left out.',
                others
              ),
          'info',
          { autoClose: 8000 }
        );
      }
      for (const { endpoint, paths } of places) {
        await execute(OtherCommandIDs.downloadFiles, { endpoint, paths });
      }
    });
  }

  /** How many of the items have which assets; asked for where the page does not know it. */
  private async _assetCounts(target: ITarget): Promise<IAssetCount[]> {
    const known = countAssets(target.items);
    if (known !== null) {
      return known;
    }
    // Of all that pass the filter where items were named: the estimate tells what there really is.
    const summary = await this._options.api.summary(
      target.source,
      target.items === null ? target.filter : {}
    );
    target.assets ??= dataAssets(summary);
    return summary.assets.map(({ count, key }) => ({ key, count }));
  }

  private async _ask(
    target: ITarget,
    assets: readonly IAssetCount[] | null,
    chosen: readonly string[]
  ): Promise<void> {
    const { api, dcache, execute, trans } = this._options;
    const { askCopy } = await import('./copydialog');
    // Null where the panel was never in view.
    const endpoints = dcache.endpoints ?? (await api.endpoints());
    const folder = dcache.path === '/' ? '' : dcache.path;
    await askCopy({
      api,
      request: assetsOf(target),
      assets,
      chosen,
      endpoints: endpoints.map(({ name }) => name),
      place: {
        endpoint: dcache.endpoint ?? endpoints[0]?.name ?? '',
        path: `${folder}/${trans.__('catalog')}`
      },
      complete: (...typed) => dcache.complete(...typed),
      trans,
      attempt: async copy => {
        await api.copy(copy);
        tell(
          copy.assets?.length === 0
            ? trans.__('The catalog is being written to %1.', copy.to.path)
            : trans.__('The copy to %1 has begun.', copy.to.path),
          'info',
          {
            autoClose: 5000,
            actions: [
              {
                label: trans.__('Show'),
                callback: () => void execute(OtherCommandIDs.showTransfers, {})
              }
            ]
          }
        );
      }
    });
  }

  private async _try(
    title: string,
    action: () => Promise<unknown>
  ): Promise<void> {
    try {
      await action();
    } catch (reason) {
      tellFailure(title, reason, this._options.trans);
    }
  }

  private _options: StacActions.IOptions;
}

export namespace StacActions {
  export interface IOptions {
    api: IStacApi;
    dcache: Pick<IDCache, 'endpoint' | 'path' | 'endpoints' | 'complete'>;
    trans: TranslationBundle;
    isDefaultEndpoint: (endpoint: string | null) => boolean;
    /** Name of a cluster that runs and is selected; null: none. */
    cluster: () => string | null;
    /** Ask which clusters there are. */
    lookAtClusters: () => Promise<void>;
    /** Folder that Jupyter shows. */
    root: string;
    /** Put code into the open notebook; false when none takes it. */
    insertCode: (code: string) => boolean;
    /** Run a command of another feature. */
    execute: (
      command: string,
      args: Record<string, string | string[]>
    ) => Promise<unknown>;
  }
}

function inDCache(files: IStacFiles): { endpoint: string; paths: string[] }[] {
  return files.places.flatMap(({ endpoint, paths }) =>
    endpoint === null ? [] : [{ endpoint, paths }]
  );
}
