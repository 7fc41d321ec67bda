/** A view whose code is loaded when it is first shown: Lab makes documents at once. */
import { StackedPanel } from '@lumino/widgets';
import type { StacView } from './view';

export class LazyView extends StackedPanel {
  /** @param load - Makes the view. */
  constructor(load: () => Promise<StacView>) {
    super();
    this.addClass('jp-rsdat-Stac-lazy');
    this.ready = load().then(view => {
      if (this.isDisposed) {
        view.dispose();
        return null;
      }
      this._view = view;
      this.addWidget(view);
      return view;
    });
  }

  /** The view once it is there; null where this was closed before. */
  readonly ready: Promise<StacView | null>;

  get view(): StacView | null {
    return this._view;
  }

  private _view: StacView | null = null;
}
