/** A catalog as a tree, whose branches are asked for when they are opened. Knows no DOM. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../common/request';
import type { IStacNode } from '../common/types';
import type { IStacApi } from './api';
import { nameOfHref, type ISource } from './hrefs';

/** One line of the tree. */
export interface IBranch {
  readonly href: string;
  readonly title: string;
  /** What its parent says; `unknown` where it does not. */
  readonly kind: IStacNode['kind'] | 'unknown';
  /** From 1. */
  readonly level: number;
  /** Its place among those beside it, from 1, and how many they are. */
  readonly place: number;
  readonly siblings: number;
  readonly isOpen: boolean;
  readonly isLoading: boolean;
  /** Whether something is below it, or may be. */
  readonly canOpen: boolean;
  readonly node: IStacNode | null;
  readonly problem: ApiError | null;
  /** Address of the branch that holds it. */
  readonly parent: string | null;
}

interface IState {
  node: IStacNode | null;
  problem: ApiError | null;
  isOpen: boolean;
  isLoading: boolean;
}

export class TreeModel implements IDisposable {
  constructor(options: { api: IStacApi; root: ISource }) {
    this._api = options.api;
    this.root = options.root;
  }

  readonly root: ISource;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when a node was chosen, with all that is known of it. */
  get chosen(): ISignal<this, IStacNode> {
    return this._chosen;
  }

  /** The lines from top to bottom; replaced at every change. */
  get branches(): readonly IBranch[] {
    return this._branches;
  }

  /** Address of the branch that is chosen. */
  get selected(): string {
    return this._selected;
  }

  get rootNode(): IStacNode | null {
    return this._states.get(this.root.href)?.node ?? null;
  }

  get rootProblem(): ApiError | null {
    return this._states.get(this.root.href)?.problem ?? null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask for the root and choose it; settles in any case. */
  async start(): Promise<void> {
    this._stateOf(this.root.href).isOpen = true;
    await this.select(this.root.href);
  }

  /** Choose a branch; settles in any case. */
  async select(href: string): Promise<void> {
    this._selected = href;
    this._emit();
    const node = await this._load(href);
    if (node && this._selected === href) {
      this._chosen.emit(node);
    }
  }

  /** Show what is below a branch; settles in any case. */
  async open(href: string): Promise<void> {
    this._stateOf(href).isOpen = true;
    this._emit();
    await this._load(href);
  }

  close(href: string): void {
    this._stateOf(href).isOpen = false;
    this._emit();
  }

  /** Ask anew for all that is open; settles in any case. */
  async refresh(): Promise<void> {
    const open = [...this._states].filter(
      ([href, state]) => state.isOpen || href === this._selected
    );
    const href = this._selected;
    const wasThere = Boolean(this._states.get(href)?.node);
    await Promise.all(open.map(([each]) => this._load(each, true)));
    const node = this._states.get(href)?.node;
    // What could not be read before can be shown now.
    if (node && !wasThere && this._selected === href) {
      this._chosen.emit(node);
    }
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._control.abort();
      Signal.clearData(this);
    }
  }

  private async _load(href: string, isAnew = false): Promise<IStacNode | null> {
    const state = this._stateOf(href);
    if (state.node && !isAnew) {
      return state.node;
    }
    state.isLoading = true;
    state.problem = null;
    this._emit();
    try {
      state.node = await this._api.node(
        { href, endpoint: this.root.endpoint },
        this._control.signal
      );
    } catch (reason) {
      state.problem = ApiError.from(reason);
    }
    state.isLoading = false;
    this._emit();
    return state.node;
  }

  private _stateOf(href: string): IState {
    let state = this._states.get(href);
    if (state === undefined) {
      state = { node: null, problem: null, isOpen: false, isLoading: false };
      this._states.set(href, state);
    }
    return state;
  }

  private _emit(): void {
    if (this._isDisposed) {
      return;
    }
    const branches: IBranch[] = [];
    const seen = new Set<string>();
    const add = (
      line: Pick<
        IBranch,
        'href' | 'title' | 'kind' | 'level' | 'place' | 'siblings' | 'parent'
      >
    ): void => {
      const state = this._stateOf(line.href);
      const { node } = state;
      // A catalog that links a catalog above it would never end.
      const isLoop = seen.has(line.href);
      branches.push({
        ...line,
        ...state,
        title: node?.title || line.title,
        kind: node?.kind ?? line.kind,
        canOpen: !isLoop && (node === null || node.children.length > 0),
        isOpen: state.isOpen && !isLoop
      });
      if (isLoop || !state.isOpen || !node) {
        return;
      }
      seen.add(line.href);
      node.children.forEach((child, index) =>
        add({
          ...child,
          level: line.level + 1,
          place: index + 1,
          siblings: node.children.length,
          parent: line.href
        })
      );
      seen.delete(line.href);
    };
    add({
      href: this.root.href,
      title: nameOfHref(this.root.href),
      kind: 'unknown',
      level: 1,
      place: 1,
      siblings: 1,
      parent: null
    });
    this._branches = branches;
    this._changed.emit();
  }

  private _api: IStacApi;
  private _states = new Map<string, IState>();
  private _branches: readonly IBranch[] = [];
  private _selected = '';
  private _control = new AbortController();
  private _changed = new Signal<this, void>(this);
  private _chosen = new Signal<this, IStacNode>(this);
  private _isDisposed = false;
}
