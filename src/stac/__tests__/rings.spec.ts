/** Rings across the antimeridian and round a pole; the real coastline. */
import land from 'world-atlas/land-110m.json';
import { unwrapRing, type Ring } from '../map/rings';

const LATITUDE = 85;

/** All rings of the coastline, in degrees (TopoJSON 1.0: arcs are differences, `~index` is an arc turned round). */
function coastline(): Ring[] {
  const { arcs, objects, transform } = land as unknown as {
    arcs: number[][][];
    objects: { land: { geometries: { type: string; arcs: unknown }[] } };
    transform: { scale: number[]; translate: number[] };
  };
  const lines = arcs.map(arc => {
    let [x, y] = [0, 0];
    return arc.map(([dx, dy]) => {
      [x, y] = [x + dx, y + dy];
      return [x, y].map(
        (value, axis) =>
          value * transform.scale[axis] + transform.translate[axis]
      );
    });
  });
  const ringOf = (indices: number[]): Ring =>
    indices.flatMap((index, at) => {
      const line = index < 0 ? [...lines[~index]].reverse() : lines[index];
      return at > 0 ? line.slice(1) : line;
    });
  return objects.land.geometries.flatMap(({ type, arcs }) =>
    (type === 'Polygon' ? [arcs] : (arcs as unknown[])).flatMap(polygon =>
      (polygon as number[][]).map(ringOf)
    )
  );
}

/** Strokes across half the world or more that are not on the map's edge. */
const strokes = (ring: Ring): number =>
  ring
    .slice(1)
    .filter(
      ([x, y], index) =>
        Math.abs(x - ring[index][0]) > 180 && Math.abs(y) < LATITUDE
    ).length;

describe('unwrapRing', () => {
  it('leaves others as they are, but for latitudes beyond the map', () => {
    expect(
      unwrapRing(
        [
          [0, 0],
          [10, 0],
          [10, 89],
          [0, 0]
        ],
        85
      )
    ).toEqual([
      [0, 0],
      [10, 0],
      [10, 85],
      [0, 0]
    ]);
  });

  it('goes on beyond 180 degrees, either way', () => {
    expect(
      unwrapRing(
        [
          [170, 0],
          [-170, 0],
          [-170, 5],
          [170, 5],
          [170, 0]
        ],
        85
      )
    ).toEqual([
      [170, 0],
      [190, 0],
      [190, 5],
      [170, 5],
      [170, 0]
    ]);
    expect(
      unwrapRing(
        [
          [-170, 0],
          [170, 0],
          [170, 5],
          [-170, 5],
          [-170, 0]
        ],
        85
      )
    ).toEqual([
      [-170, 0],
      [-190, 0],
      [-190, 5],
      [-170, 5],
      [-170, 0]
    ]);
  });

  it('closes a ring round the south pole along the edge', () => {
    const ring = [
      [-180, -70],
      [-60, -72],
      [60, -72],
      [180, -70],
      [-180, -70]
    ];
    const closed = unwrapRing(ring, 85);
    expect(closed.slice(-3)).toEqual([
      [180, -85],
      [-180, -85],
      [-180, -70]
    ]);
  });

  it('leaves no stroke across the map in the coastline that is shipped', () => {
    const rings = coastline();
    expect(rings.filter(ring => strokes(ring) > 0).length).toBeGreaterThan(2);
    const flat = rings.map(ring => unwrapRing(ring, LATITUDE));
    expect(flat.filter(ring => strokes(ring) > 0)).toEqual([]);
  });
});
