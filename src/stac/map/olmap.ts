/** The map, by OpenLayers. This file and all it imports is a chunk of its own. */
import { Signal, type ISignal } from '@lumino/signaling';
import Feature from 'ol/Feature';
import { MultiPolygon, Polygon } from 'ol/geom';
import { defaults as defaultInteractions, DragBox } from 'ol/interaction';
import TileLayer from 'ol/layer/Tile';
import VectorLayer from 'ol/layer/Vector';
import OlMap from 'ol/Map';
import type MapBrowserEvent from 'ol/MapBrowserEvent';
import { fromLonLat, transformExtent } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import XYZ from 'ol/source/XYZ';
import { Fill, Stroke, Style } from 'ol/style';
import View from 'ol/View';
import { wrapBox, type Box } from '../filter';
import { coastOf } from './coast';
import type {
  Footprint,
  IMapColors,
  IMapView,
  IPicked,
  ITiles
} from './interface';
import { GEOGRAPHIC, MERCATOR, MOST_LATITUDE } from './projection';

const MOST_ZOOM = 18;
/** Nearer, no coast would tell where it is; and a point has no extent to fit. */
const FIT_ZOOM = 8;
/** Around what is shown whole, in CSS pixels. */
const MARGIN = 24;
/** The world at zoom 0, in CSS pixels. */
const WORLD = 256;

/** Make a map; the coastline is another chunk, and the map does without if it does not come. */
export async function makeMap(node: HTMLElement): Promise<IMapView> {
  const land = await import('world-atlas/land-110m.json').then(
    module => module.default,
    () => null
  );
  return new OlMapView(node, land);
}

class OlMapView implements IMapView {
  constructor(node: HTMLElement, land: object | null) {
    this._node = node;
    if (land !== null) {
      this._coast.addFeatures(coastOf(land));
    }
    const isStill = window.matchMedia?.(
      '(prefers-reduced-motion: reduce)'
    ).matches;
    this._map = new OlMap({
      target: node,
      controls: [],
      // Pan and zoom by keyboard are among them; they need the focus.
      interactions: defaultInteractions({
        altShiftDragRotate: false,
        pinchRotate: false,
        ...(isStill ? { zoomDuration: 0 } : {})
      }),
      layers: [
        this._tileLayer,
        new VectorLayer({
          source: this._coast,
          style: () => this._styles.coast
        }),
        // All outlines are drawn as one picture, which is moved with the map.
        this._footprintLayer,
        new VectorLayer({
          source: this._marked,
          style: () => this._styles.selected
        }),
        new VectorLayer({ source: this._area, style: () => this._styles.area })
      ],
      view: new View({
        center: [0, 0],
        zoom: 0,
        maxZoom: MOST_ZOOM,
        multiWorld: true,
        showFullExtent: true
      })
    });
    this._map.on('singleclick', event => this._onClick(event));
    this._box.on('boxend', () => {
      const extent = this._box.getGeometry().getExtent();
      const [west, south, east, north] = transformExtent(
        extent,
        MERCATOR,
        GEOGRAPHIC
      );
      this._drawn.emit(wrapBox([west, south, east, north]));
    });
  }

  get picked(): ISignal<this, IPicked> {
    return this._picked;
  }

  get drawn(): ISignal<this, Box> {
    return this._drawn;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  setFootprints(footprints: readonly Footprint[]): void {
    this._features = new Map(
      footprints.map(footprint => [footprint.href, featureOf(footprint)])
    );
    this._footprints.clear(true);
    this._footprints.addFeatures([...this._features.values()]);
    this._mark();
  }

  setSelected(hrefs: ReadonlySet<string> | null): void {
    this._selected = hrefs;
    this._mark();
  }

  setArea(area: Box | null): void {
    this._area.clear(true);
    if (area) {
      this._area.addFeature(new Feature(polygonsOf([ringOf(area)])));
    }
  }

  setDrawing(isDrawing: boolean): void {
    this._map.removeInteraction(this._box);
    if (isDrawing) {
      this._map.addInteraction(this._box);
    }
    this._node.classList.toggle('jp-mod-drawing', isDrawing);
  }

  setColors(colors: IMapColors): void {
    this._styles = stylesOf(colors);
    this._node.style.backgroundColor = colors.sea;
    this._footprintLayer.setStyle(this._styles.footprint);
    for (const source of [this._coast, this._marked, this._area]) {
      source.changed();
    }
  }

  setTiles({ url }: ITiles): void {
    this._tileLayer.setSource(
      url === '' ? null : new XYZ({ url, maxZoom: MOST_ZOOM })
    );
  }

  fit(area: Box | null): void {
    const [west, south, east, north] = area ?? [-180, -60, 180, 75];
    const extent = transformExtent(
      [
        west,
        clampLatitude(south),
        east < west ? east + 360 : east,
        clampLatitude(north)
      ],
      GEOGRAPHIC,
      MERCATOR
    );
    this._wanted = extent;
    this._shown = '';
    this._fitWanted();
  }

  zoom(steps: number): void {
    const view = this._map.getView();
    view.setZoom((view.getZoom() ?? 0) + steps);
  }

  resize(): void {
    this._fitWanted();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._map.setTarget(undefined);
      this._map.dispose();
      Signal.clearData(this);
    }
  }

  /**
   * A map that is made before its tab has a size shows what is wanted once it has one, and again
   * in a new size, until somebody moves it.
   */
  private _fitWanted(): void {
    this._map.updateSize();
    const [width, height] = this._map.getSize() ?? [0, 0];
    if (this._shown !== '' && this._shown !== this._place()) {
      this._wanted = null;
    }
    if (width > 0) {
      // The world is as wide as the map at least: one world, and the whole of it in a narrow map.
      this._map.getView().setMinZoom(Math.log2(width / WORLD));
    }
    if (this._wanted && width > 0 && height > 0) {
      // Of a small one the margins would leave little.
      const margin = Math.min(MARGIN, width / 8, height / 8);
      const padding = [margin, margin, margin, margin];
      this._map.getView().fit(this._wanted, { padding, maxZoom: FIT_ZOOM });
      this._shown = this._place();
    }
  }

  /** What the map shows, to tell whether it was moved. */
  private _place(): string {
    const view = this._map.getView();
    return [...(view.getCenter() ?? []), view.getResolution()].join();
  }

  /** What is selected is drawn once more above the others. */
  private _mark(): void {
    this._marked.clear(true);
    const hrefs = this._selected;
    const marked =
      hrefs === null
        ? [...this._features.values()]
        : [...hrefs].flatMap(href => this._features.get(href) ?? []);
    this._marked.addFeatures(marked);
  }

  private _onClick(event: MapBrowserEvent): void {
    const hits: Footprint[] = [];
    this._map.forEachFeatureAtPixel(
      event.pixel,
      feature => void hits.push(feature.get('footprint') as Footprint),
      {
        layerFilter: layer => layer === this._footprintLayer,
        hitTolerance: 4
      }
    );
    if (hits.length === 0) {
      return;
    }
    const original = event.originalEvent as MouseEvent;
    const isAdded = original.ctrlKey || original.metaKey || original.shiftKey;
    // Pressed again, what lies below is reached.
    const last = hits.findIndex(({ href }) => href === this._last);
    const footprint = hits[(last + 1) % hits.length];
    this._last = footprint.href;
    this._picked.emit({ footprint, isAdded });
  }

  private _node: HTMLElement;
  private _map: OlMap;
  private _features = new Map<string, Feature>();
  private _selected: ReadonlySet<string> | null = new Set();
  private _last = '';
  private _coast = new VectorSource();
  private _footprints = new VectorSource();
  private _marked = new VectorSource();
  private _area = new VectorSource();
  private _tileLayer = new TileLayer<XYZ>();
  private _footprintLayer = new VectorLayer({ source: this._footprints });
  private _box = new DragBox({ className: 'jp-rsdat-StacMap-box' });
  private _styles = stylesOf({
    sea: '',
    land: 'gray',
    coast: 'gray',
    footprint: 'gray',
    footprintFill: 'transparent',
    selected: 'gray',
    selectedFill: 'transparent',
    area: 'gray'
  });
  private _picked = new Signal<this, IPicked>(this);
  private _drawn = new Signal<this, Box>(this);
  private _wanted: number[] | null = null;
  private _shown = '';
  private _isDisposed = false;
}

type Ring = readonly (readonly number[])[];

function featureOf(footprint: Footprint): Feature {
  const feature = new Feature(polygonsOf(footprint.rings));
  feature.set('footprint', footprint, true);
  return feature;
}

function polygonsOf(rings: readonly Ring[]): Polygon | MultiPolygon {
  const projected = rings.map(ring => [
    ring.map(([longitude, latitude]) =>
      fromLonLat([longitude, clampLatitude(latitude)])
    )
  ]);
  return projected.length === 1
    ? new Polygon(projected[0])
    : new MultiPolygon(projected);
}

function ringOf([west, south, east, north]: Box): Ring {
  const right = east < west ? east + 360 : east;
  return [
    [west, south],
    [right, south],
    [right, north],
    [west, north],
    [west, south]
  ];
}

function clampLatitude(latitude: number): number {
  return Math.max(-MOST_LATITUDE, Math.min(MOST_LATITUDE, latitude));
}

function stylesOf(colors: IMapColors): Record<string, Style> {
  const style = (fill: string, stroke: string, width: number): Style =>
    new Style({
      fill: new Fill({ color: fill }),
      stroke: new Stroke({ color: stroke, width })
    });
  return {
    coast: style(colors.land, colors.coast, 0.5),
    footprint: style(colors.footprintFill, colors.footprint, 1.2),
    // The width tells it from the others without colours.
    selected: style(colors.selectedFill, colors.selected, 3),
    area: new Style({
      stroke: new Stroke({ color: colors.area, width: 2, lineDash: [6, 4] })
    })
  };
}
