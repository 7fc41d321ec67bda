/** The body of a tab: tree or form, items, map and details, in panels that can be resized. */
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { SplitPanel, type Widget } from '@lumino/widgets';
import React from 'react';
import { SearchForm } from './components/searchform';
import { SearchHint } from './components/searchhint';
import { TreeHint, TreePane } from './components/tree';
import { keepFocus } from '../common/keepfocus';
import type { IStacContext } from './components/context';
import { ItemDetails } from './components/details';
import { ItemsPane } from './components/items';
import { MapPane, SearchMap } from './components/mappane';
import type { TabState } from './state';

/** Widths of the tab in CSS pixels from which there are three columns, and two. */
const WIDE = 900;
const MIDDLE = 560;

type Arrangement = 'wide' | 'middle' | 'narrow';

/** The parts that can be hidden. */
export type Part = 'side' | 'map' | 'details';

export class StacView extends SplitPanel {
  constructor(options: Omit<IStacContext, 'items'> & { state: TabState }) {
    super({ orientation: 'horizontal', spacing: 5 });
    const { state, trans } = options;
    const context: IStacContext = { ...options, items: state.items };
    this.state = state;
    this.addClass('jp-rsdat-Stac');
    this._parts = {
      side: part(
        'jp-rsdat-Stac-side',
        state.search
          ? React.createElement(SearchForm, { search: state.search, trans })
          : React.createElement(TreePane, { tree: state.tree!, trans })
      ),
      map: part(
        'jp-rsdat-Stac-map',
        state.search
          ? React.createElement(SearchMap, { ...context, search: state.search })
          : React.createElement(MapPane, context)
      ),
      details: part(
        'jp-rsdat-Stac-details',
        React.createElement(ItemDetails, {
          ...context,
          model: state.items.item
        })
      )
    };
    this._list = part(
      'jp-rsdat-Stac-list',
      React.createElement(ItemsPane, {
        ...context,
        hint: state.search
          ? React.createElement(SearchHint, { search: state.search, trans })
          : React.createElement(TreeHint, { tree: state.tree!, trans })
      })
    );
    this._center.addClass('jp-rsdat-Stac-center');
    this._center.addWidget(this._list);
    this._arrange('wide');
  }

  readonly state: TabState;

  /** Show or hide a part. */
  toggle(name: Part): void {
    const widget = this._parts[name];
    widget.setHidden(widget.isVisible || !widget.isHidden);
  }

  isShown(name: Part): boolean {
    return !this._parts[name].isHidden;
  }

  dispose(): void {
    if (!this.isDisposed) {
      cancelAnimationFrame(this._frame);
      super.dispose();
      this.state.dispose();
    }
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._see(true);
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._see(false);
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._see(this.isVisible);
  }

  protected onBeforeDetach(msg: Message): void {
    this._see(false);
    super.onBeforeDetach(msg);
  }

  protected onResize(msg: Widget.ResizeMessage): void {
    super.onResize(msg);
    const width = msg.width < 0 ? this.node.offsetWidth : msg.width;
    if (width <= 0) {
      return;
    }
    const wanted =
      width >= WIDE ? 'wide' : width >= MIDDLE ? 'middle' : 'narrow';
    if (wanted !== this._arrangement) {
      // Not while the layout tells its widgets their sizes.
      cancelAnimationFrame(this._frame);
      this._frame = requestAnimationFrame(() => {
        if (!this.isDisposed) {
          this._arrange(wanted);
        }
      });
    }
  }

  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    // The first thing to work with: the tree's root, or the form.
    this._parts.side.node
      .querySelector<HTMLElement>('[tabindex="0"], select, input')
      ?.focus();
  }

  private _see(isSeen: boolean): void {
    this.state.items.isSeen = isSeen;
    if (isSeen && !this._isStarted) {
      this._isStarted = true;
      void this.state.start();
    }
  }

  private _arrange(arrangement: Arrangement): void {
    this._arrangement = arrangement;
    const { details, map, side } = this._parts;
    this.node.dataset.arrangement = arrangement;
    this.orientation = arrangement === 'narrow' ? 'vertical' : 'horizontal';
    this.insertWidget(0, side);
    this.insertWidget(1, this._center);
    this._center.insertWidget(0, this._list);
    this._center.insertWidget(1, map);
    if (arrangement === 'wide') {
      this.insertWidget(2, details);
      this.setRelativeSizes([0.21, 0.49, 0.3]);
      this._center.setRelativeSizes([0.55, 0.45]);
    } else {
      this._center.insertWidget(2, details);
      // Below each other the filter takes much of the list's height.
      const isMiddle = arrangement === 'middle';
      const side = isMiddle ? 0.3 : this.state.search ? 0.38 : 0.15;
      this.setRelativeSizes([side, 1 - side]);
      this._center.setRelativeSizes(
        isMiddle ? [0.45, 0.27, 0.28] : [0.44, 0.33, 0.23]
      );
    }
  }

  private _parts: Readonly<Record<Part, ReactWidget>>;
  private _list: ReactWidget;
  private _center = new SplitPanel({ orientation: 'vertical', spacing: 5 });
  private _arrangement: Arrangement = 'wide';
  private _frame = 0;
  private _isStarted = false;
}

function part(className: string, element: React.ReactElement): ReactWidget {
  const widget = ReactWidget.create(element);
  widget.addClass(className);
  widget.disposed.connect(keepFocus(widget.node));
  return widget;
}
