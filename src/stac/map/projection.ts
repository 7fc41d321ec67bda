/** Projections of the map, by their names of OpenLayers. */

/** Longitude and latitude, in degrees. */
export const GEOGRAPHIC = 'EPSG:4326';
export const MERCATOR = 'EPSG:3857';
/** The projection of common map tiles ends here. */
export const MOST_LATITUDE = 85.05;
