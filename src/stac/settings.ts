/** What the user chose: opening catalogs by a double click, and tiles below the map. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IMapSettings } from './components/context';
import { PluginIDs } from './ids';
import type { IMapView, ITiles } from './map/interface';

export class StacSettings implements IMapSettings {
  /** Emitted when tiles or theme changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get tiles(): ITiles {
    return this._tiles;
  }

  /** Whether JSON files that are catalogs are opened as such. */
  get opensCatalogs(): boolean {
    return this._opensCatalogs;
  }

  /** The map's library is loaded by the first map. */
  async makeMap(node: HTMLElement): Promise<IMapView> {
    return (await import('./map/olmap')).makeMap(node);
  }

  /** Follow what is in the registry; without it the defaults hold. Settles in any case. */
  async follow(registry: ISettingRegistry | null): Promise<void> {
    try {
      const loaded = await registry?.load(PluginIDs.stac);
      if (loaded) {
        this._read(loaded);
        loaded.changed.connect(this._read, this);
      }
    } catch {
      // Lab tells what is wrong with settings.
    }
  }

  /** The theme has changed. */
  redraw(): void {
    this._changed.emit();
  }

  private _read(loaded: ISettingRegistry.ISettings): void {
    const { openCatalogs, tileAttribution, tileUrl } = loaded.composite;
    this._opensCatalogs = openCatalogs !== false;
    const url = String(tileUrl ?? '').trim();
    this._tiles = {
      url: /^(https?:)?\//.test(url) ? url : '',
      attribution: String(tileAttribution ?? '')
    };
    this._changed.emit();
  }

  private _opensCatalogs = true;
  private _tiles: ITiles = { url: '', attribution: '' };
  private _changed = new Signal<this, void>(this);
}
