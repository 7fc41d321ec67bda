/** What the user chose about clusters: warnings, the status bar, how often the panel asks. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';
import { followSettings } from '../common/settings';

export class ClusterSettings {
  /** Emitted when any of them changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether a notification warns before something ends. */
  get warns(): boolean {
    return this._warns;
  }

  /** Whether the clusters stand in the status bar. */
  get isInStatusBar(): boolean {
    return this._isInStatusBar;
  }

  /** Seconds between two looks while the panel is in view and nothing is on its way. */
  get refresh_s(): number {
    return this._refresh_s;
  }

  /** Follow what is in the registry. Settles in any case. */
  follow(registry: ISettingRegistry | null): Promise<void> {
    return followSettings(registry, 'jupyterlab-rsdat:clusters', settings => {
      this._warns = settings.warnings !== false;
      this._isInStatusBar = settings.statusBar !== false;
      if (typeof settings.refreshInterval === 'number') {
        this._refresh_s = settings.refreshInterval;
      }
      this._changed.emit();
    });
  }

  private _warns = true;
  private _isInStatusBar = true;
  private _refresh_s = 30;
  private _changed = new Signal<this, void>(this);
}
