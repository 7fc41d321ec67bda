/** Following a plugin's settings; without them the defaults hold. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

/**
 * Hand the settings to `read`, now and whenever they change. Settles in any case.
 *
 * @param id - Of the plugin; the part after the colon is the schema file's name.
 */
export async function followSettings(
  registry: ISettingRegistry | null,
  id: string,
  read: (settings: ReadonlyPartialJSONObject) => void
): Promise<void> {
  try {
    const loaded = await registry?.load(id);
    if (loaded) {
      read(loaded.composite);
      loaded.changed.connect(() => read(loaded.composite));
    }
  } catch {
    // Lab tells what is wrong with settings.
  }
}
