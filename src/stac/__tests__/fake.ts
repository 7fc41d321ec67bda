/** A companion with one catalog of two collections, and an API to search; waits where it is told to. */
import { Signal } from '@lumino/signaling';
import type { ChangeStream, IChange } from '../../common/events';
import { ApiError } from '../../common/request';
import type {
  IStacApi as IStacService,
  IStacAssets,
  IStacCopy,
  IStacEstimate,
  IStacItem,
  IStacNode,
  IStacRow,
  IStacSearch,
  IStacSearchRequest,
  IStacSummary,
  ITransfer
} from '../../common/types';
import type { IItemsRequest, IStacApi } from '../api';
import { parseBox, parseInterval, type IFilter } from '../filter';
import type { ISource } from '../hrefs';
import { ItemsModel } from '../model';

export const CATALOG = 'dcache:///data/catalog.json';
export const COLLECTION = 'dcache:///data/stack/collection.json';

const DAY_MS = 86_400_000;

/** Item `index`, one a day from 2024 on, each a degree further east. */
export function aRow(index: number, part: Partial<IStacRow> = {}): IStacRow {
  const west = (index % 300) - 150;
  return {
    id: `item-${String(index).padStart(5, '0')}`,
    href: `dcache:///data/stack/${index}.json`,
    collection: 'stack',
    datetime: new Date(Date.UTC(2024, 0, 1) + index * DAY_MS).toISOString(),
    end: null,
    bbox: [west, 50, west + 1, 51],
    cloud_cover: index % 100,
    assets: ['red', 'thumbnail'],
    thumbnail: null,
    ...part
  };
}

export function aNode(part: Partial<IStacNode> = {}): IStacNode {
  return {
    href: CATALOG,
    endpoint: null,
    kind: 'catalog',
    id: 'catalog',
    title: 'The catalog',
    description: null,
    stac_version: '1.0.0',
    bbox: null,
    interval: null,
    license: null,
    keywords: [],
    providers: [],
    parent: null,
    children: [],
    items: 0,
    problems: [],
    ...part
  };
}

export const ESTIMATE: IStacEstimate = {
  items: 3,
  files: 3,
  bytes: 3 * 2 ** 20,
  unknown: 0,
  there: 0,
  on_tape: 0,
  missing: 0,
  seconds: 12,
  by_doors: 0,
  free: null,
  sampled: false
};

export class FakeApi implements IStacApi {
  rows = Array.from({ length: 8 }, (_, index) => aRow(index));
  nodes = new Map<string, IStacNode>([
    [
      CATALOG,
      aNode({
        children: [
          { href: COLLECTION, title: 'The stack', kind: 'collection' },
          { href: 'dcache:///data/gone.json', title: 'gone', kind: 'unknown' }
        ]
      })
    ],
    [
      COLLECTION,
      aNode({
        href: COLLECTION,
        kind: 'collection',
        id: 'stack',
        title: 'The stack',
        description: '<img src=x onerror=alert(1)>'
      })
    ]
  ]);
  isComplete = true;
  problems: IStacSummary['problems'] = [];
  details: Partial<IStacItem> = {};
  apiList: IStacService[] = [];
  estimated: IStacCopy[] = [];
  estimateAnswer: IStacEstimate | ApiError = ESTIMATE;
  copied: IStacCopy[] = [];
  filesAsked: IStacAssets[] = [];
  searches: IStacSearchRequest[] = [];
  ended: string[] = [];
  state: Partial<IStacSearch> = {};
  failure: ApiError | null = null;
  asked: string[] = [];

  async node({ href }: ISource): Promise<IStacNode> {
    this._ask(`node ${href}`);
    const node = this.nodes.get(href);
    if (!node) {
      throw new ApiError({ message: `no ${href}`, code: 'not_found' });
    }
    return node;
  }

  async items(request: IItemsRequest) {
    const { filter, limit, offset, sort } = request;
    this._ask(`items ${sort} ${offset} ${JSON.stringify(filter)}`);
    const rows = this._passing(filter);
    const key = sort.replace('-', '') as 'datetime';
    rows.sort((one, other) =>
      String(one[key]).localeCompare(String(other[key]), 'en', {
        numeric: true
      })
    );
    if (sort.startsWith('-')) {
      rows.reverse();
    }
    return {
      total: rows.length,
      complete: this.isComplete,
      read: this.rows.length,
      offset,
      entries: rows.slice(offset, offset + limit)
    };
  }

  async summary(_: ISource, filter: IFilter): Promise<IStacSummary> {
    this._ask(`summary ${JSON.stringify(filter)}`);
    const rows = this._passing(filter);
    const start = Date.UTC(2024, 0, 1);
    return {
      total: rows.length,
      complete: this.isComplete,
      read: this.rows.length,
      bbox: [-150, 50, -140, 51],
      interval: ['2024-01-01T00:00:00Z', '2024-01-09T00:00:00Z'],
      histogram: Array.from({ length: 8 }, (_, index) => ({
        start: new Date(start + index * DAY_MS).toISOString(),
        end: new Date(start + (index + 1) * DAY_MS).toISOString(),
        count: 1
      })),
      collections: [{ id: 'stack', count: rows.length }],
      assets: [
        {
          key: 'red',
          count: rows.length,
          title: 'Red',
          type: 'image/tiff; application=geotiff',
          roles: ['data']
        },
        {
          key: 'thumbnail',
          count: rows.length,
          title: null,
          type: 'image/png',
          roles: ['thumbnail']
        }
      ],
      problems: this.problems,
      problems_total: this.problems.length
    };
  }

  async footprints(_: ISource, filter: IFilter) {
    this._ask(`footprints ${JSON.stringify(filter)}`);
    const rows = this._passing(filter);
    return {
      total: rows.length,
      complete: this.isComplete,
      footprints: rows.map(({ href, id }) => ({ href, id, rings: [] }))
    };
  }

  async item({ href }: ISource, item: string | null): Promise<IStacItem> {
    this._ask(`item ${href} ${item ?? ''}`);
    return {
      href,
      item: {
        id: 'item',
        properties: {
          datetime: '2024-01-01T00:00:00Z',
          'eo:cloud_cover': 12,
          description: '<b>bold</b>'
        }
        // The contract says no more than that it is an object.
      } as unknown as IStacItem['item'],
      assets: [],
      ...this.details
    };
  }

  async files(request: IStacAssets) {
    this.filesAsked.push(request);
    return {
      items: 1,
      places: [{ endpoint: 'here', paths: ['/data/red.tif'] }],
      elsewhere: ['https://example.org/a.tif']
    };
  }

  async copy(request: IStacCopy): Promise<ITransfer> {
    this._ask('copy');
    this.copied.push(request);
    return { id: 't1' } as ITransfer;
  }

  async estimate(request: IStacCopy): Promise<IStacEstimate> {
    this.estimated.push(request);
    if (this.estimateAnswer instanceof ApiError) {
      throw this.estimateAnswer;
    }
    return this.estimateAnswer;
  }

  async endpoints() {
    return [{ name: 'here' }, { name: 'there' }];
  }

  async apis() {
    this._ask('apis');
    return this.apiList;
  }

  async saveApi(name: string, url: string): Promise<IStacService> {
    this._ask(`save ${name} ${url}`);
    const added = { name, url, title: name, own: true };
    this.apiList = [...this.apiList, added];
    return added;
  }

  async removeApi(name: string): Promise<void> {
    this.apiList = this.apiList.filter(api => api.name !== name);
  }

  async collections(url: string) {
    this._ask(`collections ${url}`);
    return {
      title: 'An API',
      collections: [
        {
          id: 's2',
          title: 'Sentinel-2',
          description: null,
          bbox: null,
          interval: null
        }
      ],
      can: ['filter' as const]
    };
  }

  async search(request: IStacSearchRequest): Promise<IStacSearch> {
    this._ask('search');
    this.searches.push(request);
    return this._search();
  }

  async searchState(): Promise<IStacSearch> {
    this._ask('state');
    return this._search();
  }

  async stopSearch(id: string): Promise<IStacSearch> {
    this._ask(`stop ${id}`);
    this.state = { ...this.state, state: 'cancelled' };
    return this._search();
  }

  async endSearch(id: string): Promise<void> {
    this.ended.push(id);
  }

  async preview(): Promise<ArrayBuffer> {
    this._ask('preview');
    return new ArrayBuffer(8);
  }

  private _search(): IStacSearch {
    return {
      id: 'one',
      href: 'search:one',
      state: 'running',
      found: 2,
      matched: 8,
      problem: null,
      ...this.state
    };
  }

  private _ask(what: string): void {
    this.asked.push(what);
    if (this.failure) {
      throw this.failure;
    }
  }

  private _passing({ bbox, datetime, text }: IFilter): IStacRow[] {
    const box = parseBox(bbox ?? '');
    const [start, end] = parseInterval(datetime);
    return this.rows.filter(row => {
      const time = new Date(row.datetime!);
      return (
        (!text || row.id.includes(text)) &&
        (!start || time >= start) &&
        (!end || time <= end) &&
        (!box || (row.bbox![0] < box[2] && row.bbox![2] > box[0]))
      );
    });
  }
}

export function setup() {
  const api = new FakeApi();
  // Whose signal it is, is nobody's concern.
  const changes = new Signal<ChangeStream, IChange>({} as ChangeStream);
  const items = new ItemsModel({ api, changes });
  return { api, changes, items, source: { href: COLLECTION, endpoint: null } };
}

/** Wait until a test of the page or a model holds. */
export async function until(test: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!test()) {
    if (Date.now() > end) {
      throw new Error('it never became true');
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
