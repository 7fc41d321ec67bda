/** What one tab shows: a catalog with its tree, or a search. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ChangeStream } from '../common/events';
import type { IStacNode, IStacSearchRequest } from '../common/types';
import type { IStacApi } from './api';
import type { ISource } from './hrefs';
import { ItemsModel } from './model';
import { SearchModel, type ISearchFields } from './search';
import { TreeModel } from './tree';

/** What a tab is opened with. */
export type ITabSource =
  { catalog: ISource } | { search: Partial<ISearchFields> };

export class TabState implements IDisposable {
  constructor(options: {
    api: IStacApi;
    changes: ChangeStream['changed'];
    source: ITabSource;
  }) {
    const { api, changes, source } = options;
    this.items = new ItemsModel({ api, changes });
    if ('catalog' in source) {
      this.tree = new TreeModel({ api, root: source.catalog });
      this.search = null;
      this.tree.chosen.connect((_, node) => this._onNode(node));
      this.tree.changed.connect(() => this._changed.emit());
    } else {
      this.tree = null;
      this.search = new SearchModel({ api, changes });
      this.search.began.connect((_, href) =>
        this.items.show(href === null ? null : { href, endpoint: null })
      );
      this.search.changed.connect(() => this._changed.emit());
      this.search.set(source.search);
    }
  }

  readonly items: ItemsModel;
  readonly tree: TreeModel | null;
  readonly search: SearchModel | null;

  /** Emitted when what the tab is about changed, e.g. its title. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when a STAC API was opened as if it were a catalog: with its address. */
  get foundApi(): ISignal<this, string> {
    return this._foundApi;
  }

  /** What was asked for, where the items were found by a search. */
  get request(): IStacSearchRequest | null {
    return this.search?.request ?? null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask for what is shown first; settles in any case. */
  async start(): Promise<void> {
    await (this.tree?.start() ?? this.search?.loadApis());
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.tree?.dispose();
      this.search?.dispose();
      this.items.dispose();
      Signal.clearData(this);
    }
  }

  private _onNode(node: IStacNode): void {
    const endpoint = this.tree!.root.endpoint;
    const source = { href: node.href, endpoint };
    if (node.kind === 'api') {
      this.items.show(null);
      this._foundApi.emit(node.href);
    } else if (node.kind === 'item') {
      // An item by itself has no neighbors: its details are all there is.
      this.items.show(null);
      void this.items.item.show(source, { href: node.href, id: node.id }, 0);
    } else {
      this.items.show(source);
    }
  }

  private _changed = new Signal<this, void>(this);
  private _foundApi = new Signal<this, string>(this);
  private _isDisposed = false;
}
