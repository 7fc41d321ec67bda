/** What the commands do: ask, call the companion, show the result. */
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell, tellFailure } from '../common/notice';
import { ApiError } from '../common/request';
import type { IEntry } from '../common/types';
import type { IDCacheApi } from './api';
import { deleteEntries } from './deleting';
import {
  askDestination,
  askLarge,
  askName,
  askStage,
  type LargeChoice
} from './dialogs';
import { isOnTape } from './format';
import { whileAsking, type ILateWords } from './lasting';
import type { ILostOptions } from './lostdeletions';
import type { DCacheModel } from './model';
import {
  folderOf,
  inFolder,
  isHidden,
  nameOf,
  toLabPath,
  typedPath,
  type IPlace
} from './paths';

/** Failures told one by one when several entries are moved. */
const MAX_PROBLEMS = 3;

/** How long it is told that what was named is hidden. */
const HIDDEN_MS = 10_000;

export namespace DCacheActions {
  export interface IOptions {
    api: IDCacheApi;
    model: DCacheModel;
    /** Lab's contents, so that open documents follow what is renamed or deleted here. */
    contents: Contents.IManager;
    trans: TranslationBundle;
    /** Tell of a deletion whose answer was lost. */
    followDeletion: ILostOptions['follow'];
    /** Order a file from tape. */
    stage: (place: IPlace) => void;
    /** Larger files are not given to editors, in bytes. */
    openLimit_bytes: () => number;
    /** Do something else with a file that is too large to open. */
    insteadOfOpening: (choice: LargeChoice, place: IPlace) => void;
    /** Open a file in Lab's own editor or viewer. */
    openDocument: (labPath: string) => Promise<unknown>;
  }
}

/** The panel's actions. None of them throws: what fails is told to the user. */
export class DCacheActions {
  constructor(options: DCacheActions.IOptions) {
    this._options = options;
  }

  /** Show a folder, or open a file; a file on tape is offered to be staged. */
  async open(place: IPlace, known?: IEntry): Promise<void> {
    const { model, trans } = this._options;
    await this._try(
      trans.__('Can’t open “%1”', nameOf(place.path)),
      async () => {
        // What a listing says of tape may be old: the file may have been staged meanwhile.
        const isSure = known && known.type !== 'link' && !isOnTape(known);
        const entry = isSure ? known : await this._info(place);
        if (entry.type === 'directory') {
          await model.open(place.endpoint, place.path);
        } else if (isOnTape(entry)) {
          if (await askStage(entry.name, trans)) {
            this._options.stage(place);
          }
        } else {
          await this._openFile(place, entry);
        }
      }
    );
  }

  private async _openFile(place: IPlace, entry: IEntry): Promise<void> {
    const { insteadOfOpening, openDocument, trans } = this._options;
    const limit_bytes = this._options.openLimit_bytes();
    if ((entry.size ?? 0) <= limit_bytes) {
      await openDocument(toLabPath(place));
      return;
    }
    const choice = await askLarge(entry, limit_bytes, trans);
    if (choice !== null) {
      insteadOfOpening(choice, place);
    }
  }

  /** Ask for a name and make a folder of it. */
  async newFolder(folder: IPlace, given?: string): Promise<void> {
    const { api, trans } = this._options;
    const make = async (name: string, signal?: AbortSignal): Promise<void> => {
      const path = inFolder(folder.path, name);
      await api.makeFolder({ ...folder, path });
      await this._showNew(name, signal);
    };
    const title = (name: string): string =>
      trans.__('Can’t make the folder “%1”', name);
    if (given !== undefined) {
      await this._try(title(given), () => make(given));
      return;
    }
    const words: ILateWords = {
      failed: title,
      goesOn: name =>
        trans.__('Too late to cancel: dCache is making the folder “%1”.', name),
      done: name => trans.__('The folder “%1” was made.', name)
    };
    await whileAsking(make, words, trans, attempt =>
      askName(
        {
          title: trans.__('New folder'),
          label: trans.__('Name'),
          name: '',
          accept: trans.__('Create'),
          attempt
        },
        trans
      )
    );
  }

  /** Ask for another name and give it to an entry. */
  async rename(place: IPlace, given?: string): Promise<void> {
    const { trans } = this._options;
    const old = nameOf(place.path);
    const rename = async (
      name: string,
      signal?: AbortSignal
    ): Promise<void> => {
      if (name !== old) {
        await this._move(place, inFolder(folderOf(place.path), name));
        await this._showNew(name, signal);
      }
    };
    const title = trans.__('Can’t rename “%1”', old);
    if (given !== undefined) {
      await this._try(title, () => rename(given));
      return;
    }
    const words: ILateWords = {
      failed: () => title,
      goesOn: () =>
        trans.__('Too late to cancel: dCache is renaming “%1”.', old),
      done: name => trans.__('“%1” was renamed to “%2”.', old, name)
    };
    await whileAsking(rename, words, trans, attempt =>
      askName(
        {
          title: trans.__('Rename “%1”', old),
          label: trans.__('New name'),
          name: old,
          accept: trans.__('Rename'),
          attempt
        },
        trans
      )
    );
  }

  /** Ask for a folder and move entries there. */
  async move(
    endpoint: string,
    entries: readonly IEntry[],
    given?: string
  ): Promise<void> {
    const { model, trans } = this._options;
    // What was moved at the first try isn't at the second.
    const left = new Set(entries);
    let current = '';
    const move = async (typed: string, signal?: AbortSignal): Promise<void> => {
      const folder = typedPath(typed, model.path);
      const problems: string[] = [];
      for (const entry of [...left]) {
        const { path, name } = entry;
        if (signal?.aborted) {
          break;
        }
        current = name;
        try {
          if (folderOf(path) !== folder) {
            await this._move({ endpoint, path }, inFolder(folder, name));
          }
          left.delete(entry);
        } catch (reason) {
          const { text } = ApiError.from(reason);
          problems.push(
            entries.length === 1 ? text : trans.__('“%1”: %2', name, text)
          );
        }
      }
      if (left.size < entries.length) {
        if (!signal?.aborted) {
          model.clearSelection();
        }
        await model.refresh(false);
      }
      if (problems.length > 0) {
        const more = problems.length - MAX_PROBLEMS;
        throw new Error(
          [
            ...problems.slice(0, MAX_PROBLEMS),
            ...(more > 0 ? [trans._n('and %1 more', 'and %1 more', more)] : [])
          ].join(' ')
        );
      }
    };
    const title = (): string =>
      entries.length === 1
        ? trans.__('Can’t move “%1”', entries[0].name)
        : trans.__('Can’t move all');
    if (given !== undefined) {
      await this._try(title(), () => move(given));
      return;
    }
    const words: ILateWords = {
      failed: title,
      goesOn: () =>
        entries.length === 1
          ? trans.__('Too late to cancel: dCache is moving “%1”.', current)
          : trans.__(
              'Cancelled. Only “%1” is still moved: dCache was asked already.',
              current
            ),
      done: () =>
        entries.length === 1
          ? trans.__('“%1” was moved.', current)
          : trans._n(
              '%2 of %1 entry was moved before it was cancelled.',
              '%2 of %1 entries were moved before it was cancelled.',
              entries.length,
              (entries.length - left.size).toLocaleString()
            )
    };
    await whileAsking(move, words, trans, attempt =>
      askDestination(
        {
          entries,
          folder: model.path,
          complete: (typed, signal) => model.complete(endpoint, typed, signal),
          attempt
        },
        trans
      )
    );
  }

  /** Ask, naming what goes, and delete. */
  async remove(endpoint: string, entries: readonly IEntry[]): Promise<void> {
    const { api, contents, followDeletion, model, trans } = this._options;
    const { selection } = model;
    const isBegun = await deleteEntries({
      api,
      contents,
      endpoint,
      entries,
      follow: followDeletion,
      trans
    });
    if (!isBegun) {
      return;
    }
    if (model.selection === selection) {
      model.clearSelection();
    }
    await model.refresh(false);
  }

  /** The entries of paths, asked for. Tells what fails and gives the others. */
  async entriesOf(
    endpoint: string,
    paths: readonly string[]
  ): Promise<IEntry[]> {
    const { trans } = this._options;
    const entries: IEntry[] = [];
    for (const path of paths) {
      await this._try(trans.__('Can’t find “%1”', path), async () => {
        entries.push(await this._info({ endpoint, path }));
      });
    }
    return entries;
  }

  /** Offer to stage a file that an editor could not open. */
  offerStage(place: IPlace): void {
    const { trans } = this._options;
    const name = nameOf(place.path);
    tell(trans.__('“%1” is on tape.', name), 'warning', {
      autoClose: false,
      actions: [
        {
          label: trans.__('Stage'),
          callback: () => this._options.stage(place)
        }
      ]
    });
  }

  /** Read the folder again and select what has a new name in it; where that is hidden, say so. */
  private async _showNew(name: string, signal?: AbortSignal): Promise<void> {
    const { model, trans } = this._options;
    await model.refresh(false);
    if (signal?.aborted) {
      // Somebody who went on meanwhile shall keep what he has selected since.
      return;
    }
    model.selectName(name);
    if (isHidden(name) && !model.showsHidden) {
      const words = trans.__('“%1” begins with a dot and is hidden.', name);
      tell(words, 'info', {
        autoClose: HIDDEN_MS,
        actions: [
          {
            label: trans.__('Show Hidden Files'),
            callback: () => {
              model.showsHidden = true;
            }
          }
        ]
      });
    }
  }

  private _move(place: IPlace, destination: string): Promise<unknown> {
    return this._options.contents.rename(
      toLabPath(place),
      toLabPath({ ...place, path: destination })
    );
  }

  private _info(place: IPlace): Promise<IEntry> {
    return this._options.api.info(place);
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

  private _options: DCacheActions.IOptions;
}
