/** Tells once how each transfer ended, and what one asks while its section is not seen. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { tell } from '../common/notice';
import type { ConflictChoice } from './api';
import { CommandIDs } from './ids';
import type { TransfersModel } from './model';
import { endWords, isMoving, type IShownTransfer } from './view';

/** How long the word that something is done stays. */
const DONE_MS = 6_000;

export class Notices {
  /** Notices of the model's transfers, as long as the model lives. */
  constructor(options: Notices.IOptions) {
    this._options = options;
    options.model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  /** The section came into view or left it. */
  look(): void {
    this._onChanged();
  }

  private _onChanged(): void {
    const { isPageSeen, isSectionSeen, model } = this._options;
    if (!isPageSeen()) {
      // Told when somebody is there: a word that passes would be gone by then.
      return;
    }
    for (const transfer of model.transfers) {
      if (isMoving(transfer)) {
        this._told.delete(transfer.id);
      } else if (!transfer.seen && !this._told.has(transfer.id)) {
        this._told.add(transfer.id);
        this._tellEnd(transfer, isSectionSeen());
        void model.see(transfer.id);
      }
    }
    this._askOpen(isSectionSeen());
  }

  private _tellEnd(transfer: IShownTransfer, isSeen: boolean): void {
    const { commands, trans } = this._options;
    const words = endWords(transfer, trans);
    const show = {
      label: trans.__('Show'),
      callback: () => void commands.execute(CommandIDs.show)
    };
    switch (transfer.state) {
      case 'done':
        // The browser shows its downloads itself.
        if (
          !isSeen &&
          transfer.kind !== 'download' &&
          this._options.tellsDone()
        ) {
          tell(words, 'success', { autoClose: DONE_MS, actions: [show] });
        }
        return;
      case 'failed':
      case 'interrupted': {
        const retry = {
          label: trans.__('Retry'),
          callback: () =>
            void commands.execute(CommandIDs.retry, { transfer: transfer.id })
        };
        const actions = transfer.can.includes('retry') ? [retry, show] : [show];
        tell(words, 'error', { autoClose: false, actions });
        return;
      }
      default:
        // Who cancelled it knows.
        return;
    }
  }

  /** One notification per open question, gone when it is answered or seen. */
  private _askOpen(isSeen: boolean): void {
    const open = new Map<string, IShownTransfer>();
    for (const transfer of this._options.model.transfers) {
      if (transfer.question && !isSeen) {
        open.set(`${transfer.id}:${transfer.question.path}`, transfer);
      }
    }
    for (const [key, id] of this._asked) {
      if (!open.has(key)) {
        Notification.dismiss(id);
        this._asked.delete(key);
      }
    }
    for (const [key, transfer] of open) {
      if (!this._asked.has(key)) {
        this._asked.set(key, this._ask(transfer));
      }
    }
  }

  private _ask({ id, question }: IShownTransfer): string {
    const { commands, trans } = this._options;
    const path = question?.path ?? '';
    const action = (
      label: string,
      choice: ConflictChoice
    ): Notification.IAction => ({
      label,
      callback: () =>
        void commands.execute(CommandIDs.answer, { transfer: id, path, choice })
    });
    return tell(trans.__('“%1” exists already.', path), 'warning', {
      autoClose: false,
      actions: [
        action(trans.__('Replace'), 'replace'),
        action(trans.__('Keep both'), 'keep-both'),
        action(trans.__('Skip'), 'skip'),
        {
          label: trans.__('Show'),
          callback: () => void commands.execute(CommandIDs.show)
        }
      ]
    });
  }

  private _options: Notices.IOptions;
  /** Ended transfers that were told, until they move again. */
  private _told = new Set<string>();
  /** Notifications of open questions. */
  private _asked = new Map<string, string>();
}

export namespace Notices {
  export interface IOptions {
    model: TransfersModel;
    commands: CommandRegistry;
    trans: TranslationBundle;
    /** Whether the user wants to be told of what is done. */
    tellsDone: () => boolean;
    /** Whether the page is in front. */
    isPageSeen: () => boolean;
    /** Whether the section is in view and unfolded. */
    isSectionSeen: () => boolean;
  }
}
