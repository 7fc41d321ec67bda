/** The left panel of dCache: the files, and below them the sections that features add. */
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Panel, type Widget } from '@lumino/widgets';
import type { IDCacheSidebar, IDropped } from '../tokens';
import { dcacheIcon } from './icons';

export class DCacheSidebar extends Panel implements IDCacheSidebar {
  constructor(options: DCacheSidebar.IOptions) {
    super();
    this.id = 'jp-rsdat-dcache';
    this.addClass('jp-rsdat-DCacheSide');
    this.title.icon = dcacheIcon;
    this.title.caption = options.caption;
    this._activate = options.activate;
  }

  /** Emitted, in the drop's own event, when something was dropped on the folder shown. */
  get dropped(): ISignal<this, IDropped> {
    return this._dropped;
  }

  /** Something was dropped on the folder shown. */
  drop(dropped: IDropped): void {
    this._dropped.emit(dropped);
  }

  addSection(section: Widget): void {
    this.addWidget(section);
  }

  reveal(): void {
    this._activate();
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    super.dispose();
    Signal.clearData(this);
  }

  private _activate: () => void;
  private _dropped = new Signal<this, IDropped>(this);
}

export namespace DCacheSidebar {
  export interface IOptions {
    /** What the icon says. */
    caption: string;
    /** Bring the panel to the front. */
    activate: () => void;
  }
}
