/** Opens JSON files of Lab's file browser and of dCache as STAC, by "Open With". */
import {
  ABCWidgetFactory,
  DocumentWidget,
  type DocumentRegistry
} from '@jupyterlab/docregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import { sourceOfLabPath, type ISource } from './hrefs';
import { stacIcon } from './icons';
import { LazyView } from './lazy';
import type { StacView } from './view';

/** The factory's name: settings and layouts keep it. */
export const FACTORY = 'STAC';

export type StacDocument = DocumentWidget<LazyView>;

interface IFactoryOptions {
  makeView: (source: ISource) => Promise<StacView>;
  /** Add the buttons above it. */
  fillToolbar: (document: StacDocument, view: StacView) => void;
  trans: TranslationBundle;
}

export class StacFactory extends ABCWidgetFactory<StacDocument> {
  constructor(options: IFactoryOptions) {
    super({
      name: FACTORY,
      label: options.trans.__('STAC Catalog'),
      fileTypes: ['json', 'geojson'],
      readOnly: true
    });
    this._makeView = options.makeView;
    this._fillToolbar = options.fillToolbar;
  }

  protected createNewWidget(context: DocumentRegistry.Context): StacDocument {
    const source = sourceOfLabPath(context.path) ?? {
      href: `workspace:/${context.localPath}`,
      endpoint: null
    };
    const content = new LazyView(() => this._makeView(source));
    const widget = new DocumentWidget({ content, context });
    widget.title.icon = stacIcon;
    void content.ready.then(view => {
      if (view) {
        this._fillToolbar(widget, view);
      }
    });
    return widget;
  }

  private _makeView: IFactoryOptions['makeView'];
  private _fillToolbar: IFactoryOptions['fillToolbar'];
}
