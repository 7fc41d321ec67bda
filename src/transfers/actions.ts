/** What the commands do: ask, begin, tell what fails. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell } from '../common/notice';
import { ApiError } from '../common/request';
import type { IEntry, ITransferAnswer } from '../common/types';
import type { IDropped, IUploadFile } from '../tokens';
import type { ConflictChoice } from './api';
import type { TransfersModel } from './model';
import { matching } from './upload/matching';
import {
  MAX_FILES,
  ReadingCancelled,
  TooMany,
  entriesOf,
  readEntries
} from './upload/read';
import type { Reading } from './upload/reading';

/** A folder or file of dCache (endpoint named) or of the workspace (null), and paths there. */
export interface IPlaces {
  endpoint: string | null;
  paths: readonly string[];
}

/** A folder of dCache or of the workspace. */
export interface IFolder {
  endpoint: string | null;
  path: string;
}

/** The companion takes no more paths in one transfer (docs/api.yaml, Side). */
const MOST_PATHS = 20_000;

/** Names told before it is said how many more there are. */
const MAX_NAMES = 5;

/** None of its methods throws unless it says so. */
export class TransferActions {
  constructor(options: TransferActions.IOptions) {
    this._options = options;
  }

  /** Upload chosen files into a folder of dCache; false when that failed or was cancelled. */
  async upload(
    files: readonly IUploadFile[],
    folder: { endpoint: string; path: string }
  ): Promise<boolean> {
    const { model, trans } = this._options;
    if (files.length === 0) {
      return true;
    }
    const title = trans.__('Can’t upload');
    if (files.length > MAX_FILES) {
      this._tell(title, new TooMany());
      return false;
    }
    this._options.unfold();
    try {
      return await model.upload(files, folder, this._options.conflict());
    } catch (reason) {
      this._tell(title, reason);
      return false;
    }
  }

  /** Upload what was dropped; to be called in the drop's event. */
  async uploadDropped({ data, endpoint, path }: IDropped): Promise<void> {
    const { model, reading, trans } = this._options;
    const entries = entriesOf(data);
    this._options.unfold();
    try {
      const { files, empty } = await reading.run((onCount, signal) =>
        readEntries(entries, onCount, signal)
      );
      const folder = { endpoint, path };
      if ((await this.upload(files, folder)) && empty.length > 0) {
        await this._try(trans.__('Can’t make an empty folder'), () =>
          model.makeFolders(empty, folder)
        );
      }
    } catch (reason) {
      if (!(reason instanceof ReadingCancelled)) {
        this._tell(trans.__('Can’t read what was dropped'), reason);
      }
    }
  }

  /** Let the browser save a file as it is, or several things as one archive. */
  async download(
    endpoint: string,
    entries: readonly IEntry[],
    format: 'file' | 'zip' | 'tar'
  ): Promise<void> {
    const { follow, model, trans } = this._options;
    const paths = entries.map(({ path }) => path);
    try {
      const transfer = await model.start({
        kind: 'download',
        source: { endpoint, paths },
        format,
        conflict: 'ask'
      });
      follow(transfer);
    } catch (reason) {
      this._offerStage(endpoint, paths, trans.__('Can’t download'), reason);
    }
  }

  /** Begin to copy files and folders; a copy into their own folder gets another name. @throws ApiError */
  async begin(source: IPlaces, folder: IFolder): Promise<void> {
    const isSame =
      source.endpoint === folder.endpoint &&
      source.paths.every(path => folderOf(path) === trimmed(folder.path));
    this._options.unfold();
    // More than the companion takes at once become several transfers.
    for (let at = 0; at < source.paths.length; at += MOST_PATHS) {
      const paths = source.paths.slice(at, at + MOST_PATHS);
      await this._options.model.start({
        kind: 'copy',
        source: { endpoint: source.endpoint, paths },
        destination: { endpoint: folder.endpoint, paths: [folder.path] },
        conflict: isSame ? 'keep-both' : this._options.conflict()
      });
    }
  }

  /** As `begin`; what fails is told. */
  async copy(source: IPlaces, folder: IFolder): Promise<void> {
    try {
      await this.begin(source, folder);
    } catch (reason) {
      const title = this._options.trans.__('Can’t copy');
      if (source.endpoint === null) {
        this._tell(title, reason);
      } else {
        this._offerStage(source.endpoint, source.paths, title, reason);
      }
    }
  }

  /** End one. */
  async cancel(id: string): Promise<void> {
    const { model, trans } = this._options;
    await this._try(trans.__('Can’t cancel'), () => model.cancel(id));
  }

  /** Take up what failed; asks for the files of an upload that this page has not. */
  async retry(id: string): Promise<void> {
    const { chooseAgain, follow, model, trans } = this._options;
    const title = trans.__('Can’t try again');
    await this._try(title, async () => {
      const isMissing = await model.retry(id);
      const transfer = model.transfer(id);
      if (!isMissing) {
        if (transfer?.kind === 'download') {
          follow(transfer);
        }
        return;
      }
      const chosen = await chooseAgain(transfer?.title ?? '');
      if (chosen.length === 0) {
        return;
      }
      const missing = await model.missing(id);
      const { files, without, changed } = matching(chosen, missing);
      this._tellWithout(without);
      this._tellChanged(changed);
      if (files.length > 0) {
        await model.resume(id, files);
      }
    });
  }

  /** Take one off the list. */
  async forget(id: string): Promise<void> {
    const { model, trans } = this._options;
    await this._try(trans.__('Can’t forget'), () => model.forget(id));
  }

  /** Take all that have ended off the list. */
  async clearFinished(): Promise<void> {
    const { model, trans } = this._options;
    await this._try(trans.__('Can’t clear the list'), () =>
      model.clearFinished()
    );
  }

  /** Say what becomes of a file whose name is taken. */
  async answer(id: string, answer: ITransferAnswer): Promise<void> {
    const { model, trans } = this._options;
    await this._try(trans.__('Can’t answer'), () => model.answer(id, answer));
  }

  private async _try(
    title: string,
    action: () => Promise<unknown>
  ): Promise<void> {
    try {
      await action();
    } catch (reason) {
      this._tell(title, reason);
    }
  }

  private _tell(title: string, reason: unknown): void {
    const { trans } = this._options;
    const text =
      reason instanceof TooMany
        ? trans.__(
            'One upload takes at most %1 files. Upload the folders one after the other, or pack them into an archive first.',
            MAX_FILES.toLocaleString()
          )
        : ApiError.from(reason).text;
    tell(trans.__('%1: %2', title, text), 'error', { autoClose: false });
  }

  /** A file whose only copy is on tape can be staged; all else is told. */
  private _offerStage(
    endpoint: string,
    paths: readonly string[],
    title: string,
    reason: unknown
  ): void {
    const { stage, trans } = this._options;
    const error = ApiError.from(reason);
    if (error.code !== 'on_tape') {
      this._tell(title, error);
      return;
    }
    tell(trans.__('%1: %2', title, error.text), 'warning', {
      autoClose: false,
      actions: [
        {
          label: trans.__('Stage'),
          callback: () => stage(endpoint, paths)
        }
      ]
    });
  }

  private _tellWithout(without: readonly string[]): void {
    const { trans } = this._options;
    if (without.length > 0) {
      tell(
        trans._n(
          '%2 was not among the chosen files.',
          'These were not among the chosen files: %2',
          without.length,
          someNames(without, trans)
        ),
        'warning',
        { autoClose: false }
      );
    }
  }

  private _tellChanged(changed: readonly string[]): void {
    const { trans } = this._options;
    if (changed.length > 0) {
      tell(
        trans._n(
          '%2 has another size than when the upload began: it has changed since, or is another file. Upload it anew.',
          'These have other sizes than when the upload began: %2. They have changed since, or are other files. Upload them anew.',
          changed.length,
          someNames(changed, trans)
        ),
        'warning',
        { autoClose: false }
      );
    }
  }

  private _options: TransferActions.IOptions;
}

export namespace TransferActions {
  export interface IOptions {
    model: TransfersModel;
    reading: Reading;
    trans: TranslationBundle;
    /** What is done where a name is taken. */
    conflict: () => 'ask' | ConflictChoice;
    /** Unfold the section, so that what begins is seen. */
    unfold: () => void;
    /** Let the browser fetch a download's content. */
    follow: (transfer: { id: string; content: string | null }) => void;
    /** Ask for the files of an upload again; none when cancelled. */
    chooseAgain: (title: string) => Promise<readonly IUploadFile[]>;
    /** Order files from tape. */
    stage: (endpoint: string, paths: readonly string[]) => void;
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

function someNames(names: readonly string[], trans: TranslationBundle): string {
  const more = names.length - MAX_NAMES;
  const shown = names.slice(0, MAX_NAMES).map(name => trans.__('“%1”', name));
  return more > 0
    ? trans._n('%2 and %1 more', '%2 and %1 more', more, shown.join(', '))
    : shown.join(', ');
}
