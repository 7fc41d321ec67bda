/** What the user chose for notebooks. Without Lab's settings the defaults hold. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';
import { PLUGIN_ID } from './ids';

/** Whether a notebook keeps in its metadata which cluster it works with. */
export type Remember = 'off' | 'ask' | 'on';

export class NotebookSettings {
  /** Emitted when one of them is another. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get remember(): Remember {
    return this._remember;
  }

  /** Whether the code that connects is run, and not only inserted. */
  get runsCode(): boolean {
    return this._runsCode;
  }

  /** Whether versions of kernel and cluster are compared. */
  get checksVersions(): boolean {
    return this._checksVersions;
  }

  /** Choose it for good. Settles in any case. */
  async setRemember(value: Remember): Promise<void> {
    this._remember = value;
    this._changed.emit();
    try {
      await this._loaded?.set('remember', value);
    } catch {
      // It holds until the page is reloaded.
    }
  }

  /** Follow what is in the registry. Settles in any case. */
  async follow(registry: ISettingRegistry | null): Promise<void> {
    try {
      const loaded = await registry?.load(PLUGIN_ID);
      if (loaded) {
        this._loaded = loaded;
        this._read(loaded);
        loaded.changed.connect(this._read, this);
      }
    } catch {
      // Lab tells what is wrong with settings.
    }
  }

  private _read(loaded: ISettingRegistry.ISettings): void {
    const { checkVersions, remember, runCode } = loaded.composite;
    this._remember = remember === 'off' || remember === 'on' ? remember : 'ask';
    this._runsCode = runCode !== false;
    this._checksVersions = checkVersions !== false;
    this._changed.emit();
  }

  private _loaded: ISettingRegistry.ISettings | null = null;
  private _remember: Remember = 'ask';
  private _runsCode = true;
  private _checksVersions = true;
  private _changed = new Signal<this, void>(this);
}
