/** What the commands do: ask, call the companion, show the result. */
import { Notification } from '@jupyterlab/apputils';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IEntry } from '../common/types';
import type { IDCacheApi } from './api';
import {
  askConflict,
  askDelete,
  askDestination,
  askName,
  askStage,
  tellFailure,
  tellFolders,
  type IDoomed
} from './dialogs';
import { isOnTape } from './format';
import type { DCacheModel } from './model';
import {
  folderOf,
  inFolder,
  nameOf,
  toLabPath,
  typedPath,
  type IPlace
} from './paths';
import { upload } from './upload';
import { uploadAll, type IUploadOutcome } from './uploads';

/** Folders looked into before a deletion; of more it is only said that all below goes. */
const MAX_LOOKED_INTO = 20;

/** How often a notification's progress is drawn, at most. */
const PROGRESS_MS = 250;

/** How long the result of an upload stays. */
const RESULT_MS = 4000;

export namespace DCacheActions {
  export interface IOptions {
    api: IDCacheApi;
    model: DCacheModel;
    /** Lab's contents, so that open documents follow what is renamed or deleted here. */
    contents: Contents.IManager;
    settings: ServerConnection.ISettings;
    trans: TranslationBundle;
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
        } else if (!isOnTape(entry)) {
          await this._options.openDocument(toLabPath(place));
        } else if (await askStage(entry.name, trans)) {
          await this._stage(place.endpoint, [place.path]);
        }
      }
    );
  }

  /** Ask for a name and make a folder of it. */
  async newFolder(folder: IPlace, given?: string): Promise<void> {
    const { api, model, trans } = this._options;
    const name =
      given ??
      (await askName(
        {
          title: trans.__('New folder'),
          label: trans.__('Name'),
          name: '',
          accept: trans.__('Create')
        },
        trans
      ));
    if (name === null) {
      return;
    }
    await this._try(trans.__('Can’t make the folder “%1”', name), async () => {
      const path = inFolder(folder.path, name);
      await api.makeFolder({ ...folder, path });
      await model.refresh(false);
      model.selectName(name);
    });
  }

  /** Ask for another name and give it to an entry. */
  async rename(place: IPlace, given?: string): Promise<void> {
    const { model, trans } = this._options;
    const old = nameOf(place.path);
    const name =
      given ??
      (await askName(
        {
          title: trans.__('Rename “%1”', old),
          label: trans.__('New name'),
          name: old,
          accept: trans.__('Rename')
        },
        trans
      ));
    if (name === null || name === old) {
      return;
    }
    await this._try(trans.__('Can’t rename “%1”', old), async () => {
      await this._move(place, inFolder(folderOf(place.path), name));
      await model.refresh(false);
      model.selectName(name);
    });
  }

  /** Ask for a folder and move entries there. */
  async move(
    endpoint: string,
    entries: readonly IEntry[],
    given?: string
  ): Promise<void> {
    const { model, trans } = this._options;
    const typed = given ?? (await askDestination(entries, model.path, trans));
    if (typed === null) {
      return;
    }
    const folder = typedPath(typed, model.path);
    for (const { path, name } of entries) {
      if (folderOf(path) !== folder) {
        await this._try(trans.__('Can’t move “%1” to %2', name, folder), () =>
          this._move({ endpoint, path }, inFolder(folder, name))
        );
      }
    }
    model.clearSelection();
    await model.refresh(false);
  }

  /** Ask, naming what goes, and delete. */
  async remove(endpoint: string, entries: readonly IEntry[]): Promise<void> {
    const { api, contents, model, trans } = this._options;
    let doomed: IDoomed[];
    try {
      doomed = await this._lookInto(endpoint, entries);
    } catch (reason) {
      tellFailure(trans.__('Can’t delete'), reason, trans);
      return;
    }
    if (!(await askDelete(doomed, trans))) {
      return;
    }
    for (const { entry, inside } of doomed) {
      const place = { endpoint, path: entry.path };
      await this._try(trans.__('Can’t delete “%1”', entry.name), () =>
        // The drive deletes recursively. A folder that was said to be empty must be so.
        inside === 0
          ? api.remove(place, false)
          : contents.delete(toLabPath(place))
      );
    }
    model.clearSelection();
    await model.refresh(false);
  }

  /** Order files from tape. */
  async stage(endpoint: string, entries: readonly IEntry[]): Promise<void> {
    const { trans } = this._options;
    await this._try(trans.__('Can’t stage'), () =>
      this._stage(
        endpoint,
        entries.map(({ path }) => path)
      )
    );
  }

  /** End the pins of files, so that dCache may take their copies off the disk. */
  async release(endpoint: string, entries: readonly IEntry[]): Promise<void> {
    const { api, model, trans } = this._options;
    await this._try(trans.__('Can’t release'), async () => {
      await api.release(
        endpoint,
        entries.map(({ path }) => path)
      );
      Notification.success(
        trans._n(
          'dCache releases %1 file: it takes it off the disk when it needs the room. Its copy on tape stays.',
          'dCache releases %1 files: it takes them off the disk when it needs the room. Their copies on tape stay.',
          entries.length
        ),
        { autoClose: 5000 }
      );
      await model.refresh(true);
    });
  }

  /** Let the browser save files. */
  async download(endpoint: string, entries: readonly IEntry[]): Promise<void> {
    const { trans } = this._options;
    for (const { name, path } of entries) {
      await this._try(trans.__('Can’t download “%1”', name), async () => {
        // Asked first: what fails in a link the browser tells nobody, or saves as the file.
        const entry = await this._info({ endpoint, path });
        if (!isOnTape(entry)) {
          this._followLink({ endpoint, path });
        } else if (await askStage(name, trans)) {
          await this._stage(endpoint, [path]);
        }
      });
    }
  }

  /**
   * Upload files into a folder; asks where a name is taken.
   *
   * @param folders - Names of folders that were dropped too, which can't be uploaded.
   */
  async upload(
    files: readonly File[],
    folder: IPlace,
    folders: readonly string[] = []
  ): Promise<void> {
    const { api, model, settings, trans } = this._options;
    tellFolders(folders, trans);
    if (files.length === 0) {
      return;
    }
    const control = new AbortController();
    const note = new UploadNote(trans, () => control.abort());
    const outcome = await uploadAll(files, folder, {
      api,
      send: (url, file, condition, onProgress) =>
        upload({
          settings,
          url,
          file,
          condition,
          signal: control.signal,
          onProgress
        }),
      askConflict: (name, others) => askConflict(name, others, trans),
      onProgress: progress => note.progress(progress)
    });
    note.end(outcome);
    await model.refresh(false);
    if (outcome.done.length === 1 && model.path === folder.path) {
      model.selectName(outcome.done[0]);
    }
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
    Notification.warning(trans.__('“%1” is on tape.', name), {
      autoClose: false,
      actions: [
        {
          label: trans.__('Stage'),
          callback: () =>
            void this._try(trans.__('Can’t stage “%1”', name), () =>
              this._stage(place.endpoint, [place.path])
            )
        }
      ]
    });
  }

  private async _stage(
    endpoint: string,
    paths: readonly string[]
  ): Promise<void> {
    const { api, model, trans } = this._options;
    await api.stage(endpoint, paths);
    Notification.success(
      trans._n(
        'dCache brings %1 file to disk. Refresh to see whether it is there.',
        'dCache brings %1 files to disk. Refresh to see whether they are there.',
        paths.length
      ),
      { autoClose: 5000 }
    );
    await model.refresh(true);
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

  private async _lookInto(
    endpoint: string,
    entries: readonly IEntry[]
  ): Promise<IDoomed[]> {
    const doomed: IDoomed[] = [];
    let folders = 0;
    for (const entry of entries) {
      if (entry.type !== 'directory') {
        doomed.push({ entry, inside: null });
      } else if (++folders > MAX_LOOKED_INTO) {
        doomed.push({ entry, inside: 'unknown' });
      } else {
        const { total } = await this._options.api.list({
          endpoint,
          path: entry.path,
          offset: 0,
          limit: 1,
          sort: 'name',
          filter: '',
          refresh: true
        });
        doomed.push({ entry, inside: total });
      }
    }
    return doomed;
  }

  private _followLink(place: IPlace): void {
    const link = document.createElement('a');
    // Nothing secret in it: addresses end in histories and logs. The cookie suffices for a GET.
    link.href = this._options.api.fileUrl(place, { download: true });
    link.download = nameOf(place.path);
    document.body.append(link);
    link.click();
    link.remove();
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

/** The notification that goes with an upload. */
class UploadNote {
  constructor(
    private _trans: TranslationBundle,
    cancel: () => void
  ) {
    this._id = Notification.emit(_trans.__('Uploading'), 'in-progress', {
      autoClose: false,
      progress: 0,
      actions: [
        {
          label: _trans.__('Cancel'),
          callback: event => {
            // Without this Lab would close the notification before the upload has ended.
            event.preventDefault();
            cancel();
          }
        }
      ]
    });
  }

  progress(progress: {
    name: string;
    number: number;
    count: number;
    sent_bytes: number;
    total_bytes: number;
  }): void {
    const { name, number, count, sent_bytes, total_bytes } = progress;
    const now = Date.now();
    if (now - this._drawn < PROGRESS_MS && number === this._number) {
      return;
    }
    this._drawn = now;
    this._number = number;
    const trans = this._trans;
    const part = total_bytes > 0 ? sent_bytes / total_bytes : 0;
    const percent = Math.floor(part * 100);
    Notification.update({
      id: this._id,
      message:
        count === 1
          ? trans.__('Uploading “%1”: %2 %', name, percent)
          : trans.__(
              'Uploading “%1” (%2 of %3): %4 %',
              name,
              number,
              count,
              percent
            ),
      // Lab closes a notification whose progress is complete; this one has an ending of its own.
      progress: Math.min(part, 0.99)
    });
  }

  end(outcome: IUploadOutcome): void {
    const { failed, isCancelled, done } = outcome;
    const trans = this._trans;
    for (const { name, error } of failed) {
      tellFailure(trans.__('“%1” was not uploaded', name), error, trans);
    }
    // The same notification turns into the result: one that is updated and dismissed at once
    // comes back (apputils 4.7, whose toasts are drawn a moment later).
    Notification.update({
      id: this._id,
      message: this._result(outcome),
      type: isCancelled || done.length === 0 ? 'info' : 'success',
      actions: [],
      autoClose: RESULT_MS,
      progress: undefined
    });
  }

  private _result({ done, skipped, isCancelled }: IUploadOutcome): string {
    const trans = this._trans;
    if (isCancelled) {
      return done.length === 0
        ? trans.__('The upload was cancelled.')
        : trans._n(
            'The upload was cancelled after %1 file.',
            'The upload was cancelled after %1 files.',
            done.length
          );
    }
    if (done.length === 1 && skipped.length === 0) {
      return trans.__('Uploaded “%1”.', done[0]);
    }
    return done.length === 0
      ? trans.__('Nothing was uploaded.')
      : trans._n('Uploaded %1 file.', 'Uploaded %1 files.', done.length);
  }

  private _id: string;
  private _drawn = 0;
  private _number = 0;
}
