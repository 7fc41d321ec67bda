/** What the user chose about tokens: warnings, and when they stand in the status bar. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';
import { followSettings } from '../../common/settings';
import { PluginIDs } from '../ids';

export type TokenPlace = 'ending' | 'always' | 'never';

export class TokenSettings {
  /** Emitted when any of them changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** When a token stands in the status bar. */
  get statusBar(): TokenPlace {
    return this._statusBar;
  }

  /** Whether notifications warn before one ends. */
  get warns(): boolean {
    return this._warns;
  }

  /** Follow what is in the registry. Settles in any case. */
  follow(registry: ISettingRegistry | null): Promise<void> {
    return followSettings(registry, PluginIDs.access, settings => {
      this._statusBar = (settings.statusBar ?? 'ending') as TokenPlace;
      this._warns = settings.warnings !== false;
      this._changed.emit();
    });
  }

  private _statusBar: TokenPlace = 'ending';
  private _warns = true;
  private _changed = new Signal<this, void>(this);
}
