/** Rings of the coastline as a flat map needs them. */

/** Longitude and latitude in degrees; a ring's last is its first again. */
export type Ring = number[][];

/**
 * A ring that crosses the antimeridian goes on beyond 180°, instead of back across the whole map; one round a pole
 * is led along the map's edge. Latitudes end where the map does.
 *
 * world-atlas joins what Natural Earth cuts at the antimeridian (its README, "stitched").
 */
export function unwrapRing(ring: Ring, most_latitude: number): Ring {
  let shift = 0;
  const flat = ring.map(([longitude, latitude], index) => {
    const step = index > 0 ? longitude - ring[index - 1][0] : 0;
    if (step > 180) {
      shift -= 360;
    } else if (step < -180) {
      shift += 360;
    }
    const kept = Math.max(-most_latitude, Math.min(most_latitude, latitude));
    return [longitude + shift, kept];
  });
  if (shift === 0 || flat.length === 0) {
    return flat;
  }
  const [first, last] = [flat[0], flat[flat.length - 1]];
  const pole = last[1] < 0 ? -most_latitude : most_latitude;
  return [...flat, [last[0], pole], [first[0], pole], first];
}
