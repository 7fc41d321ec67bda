/** Our files as a drive of Lab's contents manager, so that Lab's editors open and save them. */
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { type Contents, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../common/request';
import type { IEntry } from '../common/types';
import { formatBytes } from '../common/units';
import { isNameTaken, type IDCacheApi, type IWriteCondition } from './api';
import { decode, encode, UnreadableContent, type IContent } from './content';
import { isOnTape } from './format';
import {
  DRIVE,
  fromDrivePath,
  inFolder,
  nameOf,
  numberedName,
  toDrivePath,
  type IPlace
} from './paths';
import { SeenFiles } from './seen';

/** An editor holds the file several times over; beyond this a tab gets slow or dies. A setting. */
export const OPEN_LIMIT_BYTES = 50 * 2 ** 20;

/** Entries that a folder may have for Lab's own dialogs, which draw every one. */
const MAX_FOLDER_ENTRIES = 5000;

const LIST_ROWS = 1000;

/** Names tried for a copy or a new file before giving up. */
const MAX_NUMBER = 100;

/**
 * The drive `dcache`. Its paths are `<endpoint>/<path in dCache without its first slash>`.
 *
 * Written from the bare interface: Lab's own `Drive` brings a registry of content providers, which
 * real-time collaboration then asks for a provider that isn't there (services 7.6).
 */
export class DCacheDrive implements Contents.IDrive {
  constructor(options: DCacheDrive.IOptions) {
    this._api = options.api;
    this._trans = options.trans;
    this._fileTypes = options.fileTypes;
    this.serverSettings = options.serverSettings;
  }

  /** Larger files are not given to editors. */
  openLimit_bytes = OPEN_LIMIT_BYTES;

  readonly name = DRIVE;
  readonly serverSettings: ServerConnection.ISettings;

  /** Emitted after a file was saved, renamed, deleted or made through this drive. */
  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  /** Emitted when a file could not be opened because it is on tape only. */
  get onTape(): ISignal<this, IPlace> {
    return this._onTape;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  /**
   * A file or folder, with its content unless `options.content` is false.
   *
   * @throws ServerConnection.ResponseError with the companion's status; ApiError without an answer.
   */
  async get(
    drivePath: string,
    options: Contents.IFetchOptions = {}
  ): Promise<Contents.IModel> {
    const place = fromDrivePath(drivePath);
    if (place === null) {
      return this._root();
    }
    const entry = place.path === '/' ? rootEntry() : await this._look(place);
    const withContent = options.content !== false;
    if (entry.type === 'directory') {
      const content = withContent ? await this._folder(place) : null;
      return { ...this._model(place, entry), content };
    }
    if (!withContent) {
      this._seen.look(toDrivePath(place), entry.modified);
      return this._model(place, entry);
    }
    this._checkOpenable(place, entry);
    const bytes = await this._ask(() => this._api.read(place), place);
    this._seen.set(toDrivePath(place), entry.modified);
    return {
      ...this._model(place, entry),
      ...this._decode(entry, bytes, options)
    };
  }

  /** Address from which the browser loads the file itself, e.g. an image in a notebook's text. */
  async getDownloadUrl(drivePath: string): Promise<string> {
    return this._api.fileUrl(this._file(drivePath));
  }

  /** Make a folder, or an empty file or notebook, under a name that isn't taken. */
  async newUntitled(
    options: Contents.ICreateOptions = {}
  ): Promise<Contents.IModel> {
    const folder = this._file(options.path ?? '');
    const { type } = options;
    const name =
      type === 'directory'
        ? 'Untitled Folder'
        : type === 'notebook'
          ? 'Untitled.ipynb'
          : `untitled${options.ext ?? '.txt'}`;
    const { place, entry } = await this._numbered(folder, name, place =>
      type === 'directory'
        ? this._api.makeFolder(place)
        : this._api.write(place, encode({ type }), { replace: false })
    );
    return this._announce('new', null, this._model(place, entry));
  }

  /** Delete a file, or a folder with all in it: Lab has asked the user. */
  async delete(drivePath: string): Promise<void> {
    const place = this._file(drivePath);
    await this._ask(() => this._api.remove(place, true));
    this._seen.forget(toDrivePath(place));
    this._fileChanged.emit({
      type: 'delete',
      oldValue: { path: toDrivePath(place) },
      newValue: null
    });
  }

  /** Rename or move; never replaces what has the new name. */
  async rename(oldPath: string, newPath: string): Promise<Contents.IModel> {
    const place = this._file(oldPath);
    const target = this._file(newPath);
    if (place.endpoint !== target.endpoint) {
      throw new Error(
        this._trans.__('A file can only be moved within one dCache endpoint.')
      );
    }
    const entry = await this._ask(() => this._api.move(place, target.path));
    this._seen.forget(toDrivePath(place));
    this._seen.set(toDrivePath(target), entry.modified);
    return this._announce(
      'rename',
      { path: toDrivePath(place) },
      this._model(target, entry)
    );
  }

  /**
   * Write what an editor holds.
   *
   * A file that this drive has shown is only replaced if it hasn't changed since; another writer's
   * work is never lost unseen.
   */
  async save(
    drivePath: string,
    options: Partial<Contents.IModel> = {}
  ): Promise<Contents.IModel> {
    const place = this._file(drivePath);
    if (options.type === 'directory') {
      const folder = await this._ask(() => this._api.makeFolder(place));
      return this._announce('new', null, this._model(place, folder));
    }
    const seen = this._seen.get(toDrivePath(place));
    const condition: IWriteCondition = seen
      ? { replace: true, unchangedSince: seen }
      : { replace: false };
    const entry = await this._ask(() =>
      this._api.write(place, encode(options), condition)
    );
    this._seen.set(toDrivePath(place), entry.modified);
    return this._announce('save', null, this._model(place, entry));
  }

  /** Copy a file into a folder under a name that isn't taken; through the browser. */
  async copy(drivePath: string, toFolder: string): Promise<Contents.IModel> {
    const source = this._file(drivePath);
    const entry = await this._ask(() => this._api.info(source));
    if (entry.type === 'directory') {
      throw new Error(this._trans.__('Folders in dCache can’t be copied.'));
    }
    this._checkOpenable(source, entry);
    const bytes = await this._ask(() => this._api.read(source), source);
    const copied = await this._numbered(
      this._file(toFolder),
      entry.name,
      place => this._api.write(place, new Blob([bytes]), { replace: false })
    );
    return this._announce('new', null, this._model(copied.place, copied.entry));
  }

  /** dCache has no checkpoints; Lab's editors ask for one at every opening and saving. */
  async createCheckpoint(): Promise<Contents.ICheckpointModel> {
    return { id: 'none', last_modified: new Date().toISOString() };
  }

  async listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return [];
  }

  async restoreCheckpoint(): Promise<void> {
    throw new Error(this._trans.__('Files in dCache have no checkpoints.'));
  }

  async deleteCheckpoint(): Promise<void> {
    // There is none to delete.
  }

  /** The drive's own root: the endpoints as folders. */
  private async _root(): Promise<Contents.IModel> {
    const endpoints = await this._ask(() => this._api.endpoints());
    const content = endpoints.map(({ name }) =>
      this._model({ endpoint: name, path: '/' }, rootEntry())
    );
    return { ...folderModel('', ''), content };
  }

  private async _folder(place: IPlace): Promise<Contents.IModel[]> {
    const models: Contents.IModel[] = [];
    let total = Infinity;
    while (models.length < total) {
      const listing = await this._ask(() =>
        this._api.list({
          ...place,
          offset: models.length,
          limit: LIST_ROWS,
          sort: 'name',
          filter: ''
        })
      );
      total = listing.total;
      if (total > MAX_FOLDER_ENTRIES) {
        throw new Error(
          this._trans.__(
            'This folder has %1 entries, too many for this dialog. Use the dCache panel.',
            total
          )
        );
      }
      if (listing.entries.length === 0) {
        break;
      }
      models.push(
        ...listing.entries.map(entry =>
          this._model({ ...place, path: entry.path }, entry)
        )
      );
    }
    return models;
  }

  /** What is there; what isn't there any more was never seen: it may be saved as a new file. */
  private _look(place: IPlace): Promise<IEntry> {
    return this._ask(async () => {
      try {
        return await this._api.info(place);
      } catch (reason) {
        if (reason instanceof ApiError && reason.code === 'not_found') {
          this._seen.forget(toDrivePath(place));
        }
        throw reason;
      }
    });
  }

  private _checkOpenable(place: IPlace, entry: IEntry): void {
    if (isOnTape(entry)) {
      this._onTape.emit(place);
      throw new Error(
        this._trans.__(
          '“%1” is on tape. Stage it and open it again when it is on disk.',
          entry.name
        )
      );
    }
    if ((entry.size ?? 0) > this.openLimit_bytes) {
      throw new Error(
        this._trans.__(
          '“%1” has %2, more than the %3 that an editor can hold. Download it, or read it in a notebook: “Insert code” in the dCache panel.',
          entry.name,
          formatBytes(entry.size ?? 0),
          formatBytes(this.openLimit_bytes)
        )
      );
    }
  }

  private _decode(
    entry: IEntry,
    bytes: ArrayBuffer,
    options: Contents.IFetchOptions
  ): IContent {
    const isNotebook =
      options.type === 'notebook' ||
      (!options.type && this._isNotebook(entry.name));
    const type = isNotebook ? 'notebook' : 'file';
    const format = options.format ?? this._formatOf(entry.name);
    try {
      return decode(bytes, { type, format });
    } catch (reason) {
      if (reason instanceof UnreadableContent) {
        throw new Error(this._unreadable(entry.name, reason));
      }
      throw reason;
    }
  }

  private _unreadable(name: string, { reason }: UnreadableContent): string {
    switch (reason) {
      case 'not-text':
        return this._trans.__(
          '“%1” is no text in UTF-8, so no editor can show it. Download it, or read it in a notebook.',
          name
        );
      case 'not-json':
        return this._trans.__(
          '“%1” is not valid JSON. Open it with the text editor.',
          name
        );
      case 'not-notebook':
        return this._trans.__(
          '“%1” is no notebook. Open it with the text editor.',
          name
        );
      case 'old-notebook':
        return this._trans.__(
          '“%1” is a notebook of an old format. Convert it with “jupyter nbconvert --to notebook” first.',
          name
        );
    }
  }

  private _isNotebook(name: string): boolean {
    return this._fileTypes(name).some(type => type.contentType === 'notebook');
  }

  private _formatOf(name: string): IContent['format'] {
    return this._fileTypes(name)[0]?.fileFormat ?? 'text';
  }

  private _model(place: IPlace, entry: IEntry): Contents.IModel {
    const drivePath = toDrivePath(place);
    const name = place.path === '/' ? place.endpoint : nameOf(place.path);
    if (entry.type === 'directory') {
      return {
        ...folderModel(name, drivePath),
        created: entry.created ?? EPOCH,
        last_modified: entry.modified ?? EPOCH
      };
    }
    return {
      name,
      path: drivePath,
      type: this._isNotebook(name) ? 'notebook' : 'file',
      writable: true,
      created: entry.created ?? EPOCH,
      last_modified: entry.modified ?? EPOCH,
      mimetype: entry.mime ?? this._fileTypes(name)[0]?.mimeTypes[0] ?? '',
      size: entry.size ?? undefined,
      content: null,
      // Lab's type says a format is always there; its own drive gives null without content.
      format: null as unknown as Contents.FileFormat
    };
  }

  /** The place of a path that must lie in an endpoint. */
  private _file(drivePath: string): IPlace {
    const place = fromDrivePath(drivePath);
    if (place === null) {
      throw new Error(
        this._trans.__('This needs a folder of a dCache endpoint.')
      );
    }
    return place;
  }

  /** Do something under a name, and under the next numbered one as long as the name is taken. */
  private async _numbered(
    folder: IPlace,
    name: string,
    make: (place: IPlace) => Promise<IEntry>
  ): Promise<{ place: IPlace; entry: IEntry }> {
    for (let number = 1; ; number++) {
      const free = number === 1 ? name : numberedName(name, number);
      const place = { ...folder, path: inFolder(folder.path, free) };
      try {
        return { place, entry: await make(place) };
      } catch (reason) {
        if (!isNameTaken(reason) || number === MAX_NUMBER) {
          throw this._asLabError(reason);
        }
      }
    }
  }

  private async _ask<T>(request: () => Promise<T>, read?: IPlace): Promise<T> {
    try {
      return await request();
    } catch (reason) {
      if (read && reason instanceof ApiError && reason.code === 'on_tape') {
        this._onTape.emit(read);
      }
      throw this._asLabError(reason);
    }
  }

  /** Lab tells "there is no such file" by the reply's status (docregistry 4.6, `Context`). */
  private _asLabError(reason: unknown): unknown {
    if (reason instanceof ApiError && reason.status >= 400) {
      const response = new Response(null, { status: reason.status });
      const error = new ServerConnection.ResponseError(response, reason.text);
      // For `ApiError.from`: ours decide by its code.
      error.cause = reason;
      return error;
    }
    return reason instanceof ApiError ? new Error(reason.text) : reason;
  }

  private _announce(
    type: 'new' | 'rename' | 'save',
    oldValue: Partial<Contents.IModel> | null,
    newValue: Contents.IModel
  ): Contents.IModel {
    this._fileChanged.emit({ type, oldValue, newValue });
    return newValue;
  }

  private _api: IDCacheApi;
  private _trans: TranslationBundle;
  private _fileTypes: DCacheDrive.FileTypes;
  private _seen = new SeenFiles();
  private _fileChanged = new Signal<this, Contents.IChangedArgs>(this);
  private _onTape = new Signal<this, IPlace>(this);
  private _isDisposed = false;
}

export namespace DCacheDrive {
  /** Lab's file types for a name, the best first. */
  export type FileTypes = (
    name: string
  ) => readonly Readonly<DocumentRegistry.IFileType>[];

  export interface IOptions {
    api: IDCacheApi;
    trans: TranslationBundle;
    fileTypes: FileTypes;
    serverSettings: ServerConnection.ISettings;
  }
}

const EPOCH = new Date(0).toISOString();

function folderModel(name: string, path: string): Contents.IModel {
  return {
    name,
    path,
    type: 'directory',
    writable: true,
    created: EPOCH,
    last_modified: EPOCH,
    mimetype: '',
    content: null,
    format: 'json'
  };
}

/** The root of an endpoint, which dCache needn't let us ask about. */
function rootEntry(): IEntry {
  return {
    name: '',
    path: '/',
    type: 'directory',
    size: null,
    modified: null,
    created: null,
    locality: null,
    mime: null
  };
}
