/** One named region of a side panel, whose React part loads when it is first shown. */
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import { keepFocus } from './keepfocus';

/** A section: an ARIA region with its own name. */
export class Section extends ReactWidget {
  constructor(options: Section.IOptions) {
    super();
    this.id = options.id;
    this.title.label = options.label;
    this._label = options.label;
    this.addClass('jp-rsdat-Section');
    // A chunk is gone when the extension was upgraded while the page was open.
    const onFailure = (): React.ComponentType => () => (
      <p className="jp-rsdat-Empty" role="alert">
        {options.failure}
      </p>
    );
    // Cards, rows and their buttons come and go.
    this._letFocus = keepFocus(this.node);
    this._body = React.lazy(async () => ({
      default: await options.load().catch(onFailure)
    }));
  }

  /** Emitted when the section is shown or hidden, with its `isVisible`. */
  get visibleChanged(): ISignal<this, boolean> {
    return this._visibleChanged;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._letFocus();
    super.dispose();
    Signal.clearData(this);
  }

  protected render(): JSX.Element {
    const Body = this._body;
    return (
      <React.Suspense fallback={null}>
        <Body />
      </React.Suspense>
    );
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    // An accordion calls the region "<label> Section", after its title.
    this.node.setAttribute('role', 'region');
    this.node.removeAttribute('aria-labelledby');
    this.node.setAttribute('aria-label', this._label);
    this._visibleChanged.emit(this.isVisible);
  }

  protected onBeforeDetach(msg: Message): void {
    this._visibleChanged.emit(false);
    super.onBeforeDetach(msg);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._visibleChanged.emit(true);
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._visibleChanged.emit(false);
  }

  private _body: React.LazyExoticComponent<React.ComponentType>;
  private _label: string;
  private _letFocus: () => void;
  private _visibleChanged = new Signal<this, boolean>(this);
}

export namespace Section {
  export interface IOptions {
    id: string;
    /** Title and accessible name. */
    label: string;
    /** What to say when the component can't be loaded. */
    failure?: string;
    /** Loads the React component. */
    load: () => Promise<React.ComponentType>;
  }
}
