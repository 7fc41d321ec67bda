/** Tells once how each order for tape ended, also one that ended while the page was closed. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell } from '../../common/notice';
import type { ITapeRequest } from '../../common/types';
import type { TapeModel } from './model';
import { endWords } from './words';

/** How long the word that something was released or pinned stays. */
const DONE_MS = 6_000;

export class TapeNotices {
  /** Notices of the model's orders, as long as the model lives. */
  constructor(options: TapeNotices.IOptions) {
    this._options = options;
    options.model.changed.connect(this.look, this);
    this.look();
  }

  /** Tell what was not told; also when the page came to the front. */
  look(): void {
    const { isPageSeen, model } = this._options;
    if (!isPageSeen()) {
      return;
    }
    for (const order of model.orders) {
      if (order.state === 'running' || order.seen || this._told.has(order.id)) {
        continue;
      }
      this._told.add(order.id);
      if (order.state !== 'cancelled') {
        this._tell(order);
      }
      void model.see(order.id);
    }
  }

  private _tell(order: ITapeRequest): void {
    const { reveal, show, trans } = this._options;
    const words = endWords(order, trans);
    if (order.state === 'failed') {
      tell(words, 'error', {
        autoClose: false,
        actions: [{ label: trans.__('Show'), callback: () => show() }]
      });
      return;
    }
    const actions = [
      { label: trans.__('Show'), callback: () => reveal(order) }
    ];
    // Files from tape were waited for, maybe for days: that stays until it is read.
    const autoClose = order.activity === 'stage' ? false : DONE_MS;
    tell(words, 'success', { autoClose, actions });
  }

  private _options: TapeNotices.IOptions;
  private _told = new Set<string>();
}

export namespace TapeNotices {
  export interface IOptions {
    model: TapeModel;
    trans: TranslationBundle;
    /** Whether the page is in front. */
    isPageSeen: () => boolean;
    /** Show in the panel what an order is about. */
    reveal: (order: ITapeRequest) => void;
    /** Show the list of orders. */
    show: () => void;
  }
}
