/** A companion for tests: orders for tape in memory. */
import { Signal } from '@lumino/signaling';
import type { IChange } from '../../../common/events';
import { type ApiError } from '../../../common/request';
import type { ITapeOrder, ITapeRequest } from '../../../common/types';
import { TARGETS, type Activity, type ITapeApi, type ITarget } from '../api';
import { TapeModel } from '../model';

export function anOrder(part: Partial<ITapeRequest> = {}): ITapeRequest {
  return {
    id: 'o1',
    endpoint: 'here',
    activity: 'stage',
    state: 'running',
    paths: ['/data/scene.tif'],
    keep: 604_800,
    created: '2026-01-02T03:04:05Z',
    ended: null,
    files: { total: 4, done: 1, failed: 0 },
    bytes: 2048,
    ready_estimate: null,
    problem: null,
    seen: false,
    ...part
  };
}

export class FakeTapeApi implements ITapeApi {
  orders: ITapeRequest[] = [];
  given: [string, Activity, ITapeOrder][] = [];
  removed: string[] = [];
  seen: string[] = [];
  /** All targets of every order. */
  all: ITarget[] = [];
  asked: [string, number][] = [];
  nextFailure: ApiError | null = null;

  async list(): Promise<readonly ITapeRequest[]> {
    return [...this.orders];
  }

  async order(
    endpoint: string,
    activity: Activity,
    order: ITapeOrder
  ): Promise<ITapeRequest> {
    this._maybeFail();
    this.given.push([endpoint, activity, order]);
    const request = anOrder({
      id: `o${this.given.length}`,
      activity,
      paths: order.paths,
      keep: order.keep
    });
    this.orders = [request, ...this.orders];
    return request;
  }

  async targets(id: string, offset: number): Promise<readonly ITarget[]> {
    this._maybeFail();
    this.asked.push([id, offset]);
    return this.all.slice(offset, offset + TARGETS);
  }

  async remove(id: string): Promise<void> {
    this._maybeFail();
    this.removed.push(id);
    this.orders = this.orders.filter(order => order.id !== id);
  }

  async see(id: string): Promise<void> {
    this.seen.push(id);
  }

  private _maybeFail(): void {
    const reason = this.nextFailure;
    this.nextFailure = null;
    if (reason) {
      throw reason;
    }
  }
}

export function setup(orders: ITapeRequest[] = []) {
  const api = new FakeTapeApi();
  api.orders = orders;
  const changes = { changed: new Signal<never, IChange>({} as never) };
  const model = new TapeModel({ api, changes: changes as never });
  return { api, model };
}
