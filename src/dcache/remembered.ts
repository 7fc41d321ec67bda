/** What of the panel outlives a reload: place and looks in Lab's state, bookmarks and limits in its settings. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IStateDB } from '@jupyterlab/statedb';
import type {
  PartialJSONValue,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import type { Bookmarks } from './bookmarks';
import type { ColumnsModel, IColumnChoice } from './columns';
import type { DetailsModel } from './details';
import { PluginIDs } from './ids';
import type { DCacheModel, IRemembered } from './model';

/** Dragging an edge changes a width at every move. */
const SAVE_MS = 500;

/** What Lab's state holds. */
interface ISaved extends IRemembered {
  columns: IColumnChoice;
  details: { isOpen: boolean; height: number };
}

export interface IRememberOptions {
  model: DCacheModel;
  columns: ColumnsModel;
  details: DetailsModel;
  state: IStateDB | null;
  /** The settings, which say where to begin, and whether hidden files are shown. */
  registry: ISettingRegistry | null;
}

/**
 * Take up the last visit's place and looks, and remember them from now on.
 *
 * Once this is done the first folder can be listed: it is as the user wants it.
 */
export async function remember(options: IRememberOptions): Promise<void> {
  const { columns, details, model, registry, state } = options;
  const habits = await habitsIn(registry);
  model.showsHidden = habits.showHiddenFiles === true;
  if (state === null) {
    return;
  }
  try {
    const saved = (await state.fetch(
      PluginIDs.panel
    )) as Partial<ISaved> | null;
    if (saved) {
      const { sort } = saved;
      model.restore(habits.startFolder === 'home' ? { sort } : saved);
      columns.restore(saved.columns ?? {});
      details.isOpen = saved.details?.isOpen === true;
      const height = saved.details?.height;
      if (typeof height === 'number' && Number.isFinite(height)) {
        details.height = height;
      }
    }
  } finally {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const save = (): void => {
      const saved: ISaved = {
        ...model.remembered,
        columns: columns.choice,
        details: { isOpen: details.isOpen, height: details.height }
      };
      void state.save(
        PluginIDs.panel,
        saved as unknown as ReadonlyPartialJSONObject
      );
    };
    const onChange = (): void => {
      clearTimeout(timer);
      timer = setTimeout(save, SAVE_MS);
    };
    model.changed.connect(onChange);
    columns.changed.connect(onChange);
    details.looksChanged.connect(onChange);
  }
}

/** The settings as they are when the panel begins; nothing where there are none. */
async function habitsIn(
  registry: ISettingRegistry | null
): Promise<ReadonlyPartialJSONObject> {
  try {
    return (await registry?.load(PluginIDs.panel))?.composite ?? {};
  } catch {
    // Lab tells what is wrong with settings.
    return {};
  }
}

export interface ISettingOptions {
  registry: ISettingRegistry | null;
  bookmarks: Bookmarks;
  model: DCacheModel;
  /** Of a file that an editor is given, in bytes. */
  setOpenLimit: (limit_bytes: number) => void;
  /** Bookmarks, or whether hidden files are shown, could not be kept. */
  onFailure: (reason: unknown) => void;
}

/** Follow the settings, and keep in them what is the user's and not the workspace's. */
export async function followHabits(options: ISettingOptions): Promise<void> {
  const { bookmarks, model, onFailure, registry, setOpenLimit } = options;
  if (registry === null) {
    return;
  }
  let settings: ISettingRegistry.ISettings;
  try {
    settings = await registry.load(PluginIDs.panel);
  } catch {
    // Lab tells what is wrong with settings.
    return;
  }
  const read = (): void => {
    bookmarks.restore(settings.get('bookmarks').composite);
    model.showsHidden = settings.get('showHiddenFiles').composite === true;
    const limit_MiB = settings.get('openLimit').composite;
    if (typeof limit_MiB === 'number') {
      setOpenLimit(limit_MiB * 2 ** 20);
    }
  };
  read();
  settings.changed.connect(read);
  model.changed.connect(() => {
    const { showsHidden } = model;
    if (showsHidden !== settings.get('showHiddenFiles').composite) {
      settings.set('showHiddenFiles', showsHidden).catch(onFailure);
    }
  });
  bookmarks.changed.connect(() => {
    const places = bookmarks.places as unknown as PartialJSONValue;
    const saved = settings.get('bookmarks').composite;
    if (JSON.stringify(places) !== JSON.stringify(saved)) {
      settings.set('bookmarks', places).catch(onFailure);
    }
  });
}
