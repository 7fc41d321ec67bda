/** A companion for tests: folders in memory, answers held back and faults on demand. */
import { ApiError } from '../../common/request';
import type {
  IAttributesRequest,
  IDeletion,
  IDetails,
  IEndpoint,
  IEntry,
  IListing,
  IQuotaList
} from '../../common/types';
import type { IDCacheApi, IListRequest, IWriteCondition } from '../api';
import { folderOf, nameOf, type IPlace } from '../paths';

export function makeEntry(
  path: string,
  overrides: Partial<IEntry> = {}
): IEntry {
  return {
    name: nameOf(path),
    path,
    type: 'file',
    size: 1,
    modified: '2026-01-02T03:04:05Z',
    created: '2026-01-02T03:04:05Z',
    locality: 'ONLINE',
    mime: 'text/plain',
    ...overrides
  };
}

export function makeEndpoint(name: string, home = '/'): IEndpoint {
  return {
    name,
    api_url: 'https://api',
    webdav_url: 'https://dav',
    home,
    own: true,
    credential: 'a token file'
  };
}

export function makeDetails(
  entry: IEntry,
  overrides: Partial<IDetails> = {}
): IDetails {
  return {
    entry,
    pnfs_id: '0000ABCD',
    mode: 0o640,
    owner: 1000,
    group: 100,
    owner_name: null,
    changed: '2026-01-02T03:04:05Z',
    accessed: null,
    checksums: [{ type: 'ADLER32', value: '0a1b2c3d' }],
    labels: [],
    xattrs: {},
    qos: 'disk',
    target_qos: null,
    access_latency: 'ONLINE',
    retention_policy: 'REPLICA',
    links: 1,
    pinned: null,
    ...overrides
  };
}

/** A file or folder that the fake holds. */
interface IHeld {
  entry: IEntry;
  bytes: Uint8Array<ArrayBuffer>;
}

interface IHeldRequest {
  request: IListRequest;
  release: () => void;
  fail: (reason: unknown) => void;
}

/** Jsdom's Blob has no `arrayBuffer`; its File is Node's, which has. */
export async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof blob.arrayBuffer === 'function') {
    return new Uint8Array(await blob.arrayBuffer());
  }
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(new Uint8Array(reader.result as ArrayBuffer));
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(blob);
  });
}

export function failure(
  code: string,
  status: number,
  details: Record<string, unknown> = {}
): ApiError {
  return new ApiError({ message: `failed: ${code}`, code, status, details });
}

export class FakeApi implements IDCacheApi {
  /** Endpoints to answer with. */
  configured: IEndpoint[] = [makeEndpoint('here', '/home')];
  /** Every listing asked for. */
  listed: IListRequest[] = [];
  /** Every file written, with its condition. */
  writes: { place: IPlace; condition: IWriteCondition }[] = [];
  /** Whether listings are of a folder that dCache has told to its end. */
  isComplete = true;
  /** Whether dCache tells changes. */
  isLive = true;
  watched: string[] = [];
  /** Paths whose details were asked for. */
  asked: string[] = [];
  attributes = new Map<string, Partial<IDetails>>();
  quotas: IQuotaList = { quotas: [], message: 'No quota here.' };
  removed: { path: string; recursive: boolean }[] = [];
  /** Folders whose deletion was to end, or ids of deletions. */
  stopped: string[] = [];
  /** Deletions to answer with. */
  deleting: IDeletion[] = [];
  /** Deletions whose end was told. */
  seen: string[] = [];
  /** Listings wait until the test releases them. */
  holds = false;
  held: IHeldRequest[] = [];
  /** Thrown by the next request of any kind. */
  nextFailure: ApiError | null = null;
  /** Listings whose caller gave up. */
  aborted = 0;

  add(path: string, overrides: Partial<IEntry> = {}, text = ''): IEntry {
    const bytes = new Uint8Array(new TextEncoder().encode(text));
    const size = overrides.type === 'directory' ? 0 : bytes.length;
    const entry = makeEntry(path, { size, ...overrides });
    this._files.set(path, { entry, bytes });
    return entry;
  }

  addMany(folder: string, count: number): void {
    for (let number = 0; number < count; number++) {
      this.add(`${folder}/f${String(number).padStart(6, '0')}`);
    }
  }

  delete(path: string): void {
    this._files.delete(path);
  }

  textOf(path: string): string | null {
    const held = this._files.get(path);
    return held ? new TextDecoder().decode(held.bytes) : null;
  }

  async endpoints(): Promise<readonly IEndpoint[]> {
    this._maybeFail();
    return this.configured;
  }

  async list(request: IListRequest, signal?: AbortSignal): Promise<IListing> {
    this.listed.push(request);
    this._maybeFail();
    if (this.holds) {
      await new Promise<void>((release, fail) => {
        this.held.push({ request, release, fail });
        signal?.addEventListener('abort', () => {
          this.aborted++;
          fail(new ApiError({ message: 'aborted', code: 'network' }));
        });
      });
    }
    const passing = [...this._files.values()]
      .map(({ entry }) => entry)
      .filter(entry => folderOf(entry.path) === request.path)
      .filter(({ name }) => name.includes(request.filter));
    const all = passing.filter(
      ({ name }) => request.hidden !== false || !name.startsWith('.')
    );
    const hidden = passing.length - all.length;
    if (request.sort.startsWith('-')) {
      all.reverse();
    }
    const { find, offset } = request;
    if (find) {
      const places = [...all.keys()];
      const row = [...places.slice(offset), ...places.slice(0, offset)].find(
        at => all[at].name.toLowerCase().startsWith(find.toLowerCase())
      );
      return {
        path: request.path,
        total: all.length,
        hidden,
        complete: this.isComplete,
        offset: row ?? all.length,
        entries: row === undefined ? [] : [all[row]],
        listed: '2026-01-02T03:04:05Z'
      };
    }
    return {
      path: request.path,
      total: all.length,
      hidden,
      complete: this.isComplete,
      offset: request.offset,
      entries: all.slice(request.offset, request.offset + request.limit),
      listed: '2026-01-02T03:04:05Z'
    };
  }

  async info(place: IPlace): Promise<IEntry> {
    this._maybeFail();
    return this._held(place).entry;
  }

  async watch(place: IPlace): Promise<boolean> {
    this.watched.push(place.path);
    this._maybeFail();
    return this.isLive;
  }

  async details(place: IPlace, signal?: AbortSignal): Promise<IDetails> {
    this.asked.push(place.path);
    this._maybeFail();
    const { entry } = this._held(place);
    await Promise.resolve();
    if (signal?.aborted) {
      throw failure('network', 0);
    }
    return makeDetails(entry, this.attributes.get(place.path));
  }

  async changeAttributes(
    _: string,
    change: IAttributesRequest
  ): Promise<IDetails> {
    this._maybeFail();
    const { path } = change;
    const { entry } = this._held({ endpoint: '', path });
    const old = makeDetails(entry, this.attributes.get(path));
    const labels = new Set([...old.labels, ...(change.add_labels ?? [])]);
    (change.remove_labels ?? []).forEach(label => labels.delete(label));
    const xattrs = { ...old.xattrs, ...change.set_xattrs };
    (change.remove_xattrs ?? []).forEach(name => delete xattrs[name]);
    this.attributes.set(path, { labels: [...labels], xattrs });
    return makeDetails(entry, this.attributes.get(path));
  }

  async quota(): Promise<IQuotaList> {
    this._maybeFail();
    return this.quotas;
  }

  async preview(): Promise<ArrayBuffer> {
    this._maybeFail();
    return new ArrayBuffer(8);
  }

  async makeFolder(place: IPlace): Promise<IEntry> {
    this._maybeFail();
    if (this._files.has(place.path)) {
      throw failure('exists', 409);
    }
    return this.add(place.path, { type: 'directory' });
  }

  async move(place: IPlace, destination: string): Promise<IEntry> {
    this._maybeFail();
    if (this._files.has(destination)) {
      throw failure('exists', 409);
    }
    const { entry, bytes } = this._held(place);
    this._files.delete(place.path);
    const moved = { ...entry, path: destination, name: nameOf(destination) };
    this._files.set(destination, { entry: moved, bytes });
    return moved;
  }

  async remove(place: IPlace, recursive: boolean): Promise<void> {
    this._maybeFail();
    this.removed.push({ path: place.path, recursive });
    this._files.delete(place.path);
  }

  async stopRemoving(place: IPlace): Promise<void> {
    this._maybeFail();
    this.stopped.push(place.path);
  }

  async deletions(): Promise<readonly IDeletion[]> {
    this._maybeFail();
    return this.deleting;
  }

  async stopDeletion(id: string): Promise<void> {
    this._maybeFail();
    this.stopped.push(id);
  }

  async seeDeletion(id: string): Promise<void> {
    this._maybeFail();
    this.seen.push(id);
  }

  async read(place: IPlace): Promise<ArrayBuffer> {
    this._maybeFail();
    return this._held(place).bytes.buffer;
  }

  async write(
    place: IPlace,
    blob: Blob,
    condition: IWriteCondition
  ): Promise<IEntry> {
    this._maybeFail();
    this.writes.push({ place, condition });
    const old = this._files.get(place.path);
    if (old && !condition.replace) {
      throw failure('exists', 409);
    }
    const { unchangedSince } = condition;
    if (unchangedSince && old?.entry.modified !== unchangedSince) {
      throw failure('changed_since', 409);
    }
    const bytes = await bytesOf(blob);
    const modified = new Date(
      Date.UTC(2026, 5, 1) + ++this._clock
    ).toISOString();
    const entry = makeEntry(place.path, { size: bytes.length, modified });
    this._files.set(place.path, { entry, bytes });
    return entry;
  }

  fileUrl(place: IPlace, options: { download?: boolean } = {}): string {
    const query = options.download ? '?download=1' : '';
    return `/rsdat/files/${place.endpoint}${encodeURI(place.path)}${query}`;
  }

  private _held(place: IPlace): IHeld {
    const held = this._files.get(place.path);
    if (!held) {
      throw failure('not_found', 404);
    }
    return held;
  }

  private _maybeFail(): void {
    const reason = this.nextFailure;
    this.nextFailure = null;
    if (reason) {
      throw reason;
    }
  }

  private _files = new Map<string, IHeld>();
  private _clock = 0;
}

/** Let everything that is already settled take its course. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await Promise.resolve();
  }
}
