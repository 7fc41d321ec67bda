/** What a file is, by its name: decides how code reads it and whether there is a picture of it. Pure. */
import type { IEntry } from '../common/types';

/** How Python reads a file or folder. */
export type Reading =
  | 'folder'
  | 'raster'
  | 'zarr'
  | 'netcdf'
  | 'hdf5'
  | 'csv'
  | 'parquet'
  | 'json'
  | 'numpy'
  | 'text'
  | 'bytes';

const SUFFIXES: Readonly<Record<string, Reading>> = {
  tif: 'raster',
  tiff: 'raster',
  gtiff: 'raster',
  jp2: 'raster',
  j2k: 'raster',
  zarr: 'zarr',
  nc: 'netcdf',
  nc4: 'netcdf',
  h5: 'hdf5',
  hdf5: 'hdf5',
  he5: 'hdf5',
  csv: 'csv',
  tsv: 'csv',
  parquet: 'parquet',
  pq: 'parquet',
  json: 'json',
  geojson: 'json',
  ipynb: 'json',
  npy: 'numpy',
  npz: 'numpy',
  txt: 'text',
  md: 'text',
  log: 'text',
  py: 'text',
  xml: 'text',
  yaml: 'text',
  yml: 'text',
  ini: 'text',
  cfg: 'text',
  toml: 'text'
};

/** The part after the last dot, in lower case; empty for none and for hidden files. */
export function suffixOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
}

/** How Python reads an entry. */
export function readingOf(entry: {
  path: string;
  type: IEntry['type'];
}): Reading {
  const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
  const reading = SUFFIXES[suffixOf(name)];
  if (entry.type === 'directory') {
    // A zarr store and a partitioned Parquet data set are folders.
    return reading === 'zarr' || reading === 'parquet' ? reading : 'folder';
  }
  // A zarr store in one file would be a zip, which has another suffix.
  return reading === undefined || reading === 'zarr' ? 'bytes' : reading;
}

/** What the companion makes a picture of. */
const PICTURES = new Set([
  'png',
  'jpg',
  'jpeg',
  'gif',
  'webp',
  'bmp',
  'tif',
  'tiff',
  'gtiff',
  'jp2',
  'j2k'
]);

/** Whether to ask for a picture of an entry. */
export function hasPreview(entry: Pick<IEntry, 'type' | 'name'>): boolean {
  return entry.type !== 'directory' && PICTURES.has(suffixOf(entry.name));
}
