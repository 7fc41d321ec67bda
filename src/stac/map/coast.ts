/** The coastline as features of OpenLayers. */
import Feature from 'ol/Feature';
import TopoJSON from 'ol/format/TopoJSON';
import { MultiPolygon, Polygon } from 'ol/geom';
import { GEOGRAPHIC, MERCATOR, MOST_LATITUDE } from './projection';
import { unwrapRing } from './rings';

/** What was read of a file: all maps of a page have the same one. */
const read = new WeakMap<object, readonly Polygon[]>();

/**
 * The land of a TopoJSON file on the map, an outline a feature. The file's object is used up: what
 * else reads it gets other coordinates.
 */
export function coastOf(land: object): Feature[] {
  // OpenLayers writes coordinates into the object that it reads (ol/format/TopoJSON,
  // `transformArcs`): for a second map they would be scaled once more.
  let outlines = read.get(land);
  if (outlines === undefined) {
    outlines = outlinesOf(land);
    read.set(land, outlines);
  }
  return outlines.map(outline => new Feature(outline.clone()));
}

function outlinesOf(land: object): Polygon[] {
  return new TopoJSON().readFeatures(land).flatMap(feature => {
    const geometry = feature.getGeometry();
    const polygons =
      geometry instanceof MultiPolygon
        ? geometry.getPolygons()
        : geometry instanceof Polygon
          ? [geometry]
          : [];
    return polygons.map(polygon => {
      const rings = polygon
        .getCoordinates()
        .map(ring => unwrapRing(ring, MOST_LATITUDE));
      return new Polygon(rings).transform(GEOGRAPHIC, MERCATOR) as Polygon;
    });
  });
}
