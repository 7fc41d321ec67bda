/** The Python code that reads what is selected. Pure; tests/examples/test_inserted_code.py runs it. */
import type { IEntry } from '../common/types';
import { readingOf, suffixOf, type Reading } from './filetypes';
import { folderOf, nameOf } from './paths';

/** What of an entry decides its code. */
export type ICodeEntry = Pick<IEntry, 'path' | 'type'> &
  Partial<Pick<IEntry, 'size'>>;

/** More paths would make a cell that nobody reads: the code lists their folder instead. */
const MAX_PATHS = 200;

/** Beyond this a kernel had better not hold a file as it is. */
const WHOLE_BYTES = 256 * 2 ** 20;

/**
 * Code for a notebook cell: opens one file by its kind, goes through several, or lists a folder.
 *
 * @param endpoint - Name to put into the code; null for the default endpoint, which needs none.
 */
export function readCode(
  entries: readonly ICodeEntry[],
  endpoint: string | null
): string {
  const readings = new Set(entries.map(readingOf));
  if (entries.length === 1) {
    return codeOfOne(entries[0], readingOf(entries[0]), endpoint);
  }
  const [reading] = readings;
  return codeOfSeveral(
    entries,
    readings.size === 1 ? reading : readings.has('folder') ? null : 'bytes',
    endpoint
  );
}

/** The URL by which fsspec knows a path; nothing in it is encoded. */
export function urlOf(path: string): string {
  return `dcache://${path}`;
}

function codeOfOne(
  entry: ICodeEntry,
  reading: Reading,
  endpoint: string | null
): string {
  const { path } = entry;
  // fsspec reads "::" in a URL as a chain of file systems (fsspec 2026.9, `core._un_chain`).
  const isPlain = !path.includes('::');
  const opened = isPlain
    ? `fsspec.open(${literal(urlOf(path))}${keyword(endpoint)})`
    : `dcache.open(${literal(path)})`;
  // What `fsspec.open` gives is opened by `with`, or by hand.
  const file = isPlain ? `${opened}.open()` : opened;
  // rasterio reads an open file whole; what it opens by itself it reads in ranges.
  const lazy = isPlain ? opened : `${literal(path)}, opener=dcache`;
  const withFile = (...lines: string[]): string[] => [
    `with ${opened} as file:`,
    ...lines.map(line => `    ${line}`)
  ];
  const make = isPlain ? [] : [filesystem(endpoint)];
  const code = (imports: readonly string[], lines: readonly string[]): string =>
    cell(['fsspec', ...imports], [...make, ...lines]);

  switch (reading) {
    case 'folder':
      return cell(
        ['fsspec'],
        [
          filesystem(endpoint),
          `for path in dcache.ls(${literal(path)}, detail=False):`,
          '    print(path)'
        ]
      );
    case 'raster':
      return code(
        ['rasterio'],
        [`image = rasterio.open(${lazy})`, 'image.profile']
      );
    case 'zarr':
      return isPlain
        ? cell(
            ['xarray'],
            [
              `dataset = xarray.open_zarr(${literal(urlOf(path))}${storage(endpoint)})`,
              'dataset'
            ]
          )
        : code(
            ['xarray'],
            [
              `dataset = xarray.open_zarr(dcache.get_mapper(${literal(path)}))`,
              'dataset'
            ]
          );
    case 'netcdf':
    case 'hdf5':
      return code(
        ['xarray'],
        [`dataset = ${openDataset(reading, file)}`, 'dataset']
      );
    case 'csv':
    case 'parquet':
      return needsNoGlob(path)
        ? cell(
            ['dask.dataframe'],
            [
              `table = ${readTable(reading, path, literal(urlOf(path)), storage(endpoint))}`,
              'table.head()'
            ]
          )
        : cell(
            ['fsspec', 'pandas'],
            [
              filesystem(endpoint),
              `table = ${readPandas(reading, path, `dcache.open(${literal(path)})`)}`,
              'table.head()'
            ]
          );
    case 'json':
      return code(['json'], withFile('data = json.load(file)'));
    case 'numpy':
      return code(['numpy'], withFile(`array = ${loadNumpy(path)}`));
    case 'text':
      return code([], withFile('text = file.read().decode()'));
    case 'bytes':
      return code(
        [],
        (entry.size ?? 0) > WHOLE_BYTES
          ? withFile(
              '# The first MiB: all of it would fill the memory.',
              'data = file.read(2**20)'
            )
          : withFile('data = file.read()')
      );
  }
}

/** Null: files and folders of all kinds. */
function codeOfSeveral(
  entries: readonly ICodeEntry[],
  reading: Reading | null,
  endpoint: string | null
): string {
  const [{ path: first }] = entries;
  const paths =
    entries.length > MAX_PATHS
      ? [
          `# ${entries.length} entries were selected; these are all of their folder.`,
          `paths = dcache.ls(${literal(folderOf(first))}, detail=False)`
        ]
      : [
          'paths = [',
          ...entries.map(({ path }) => `    ${literal(path)},`),
          ']'
        ];
  const code = (imports: readonly string[], ...lines: string[]): string =>
    cell(['fsspec', ...imports], [filesystem(endpoint), ...paths, ...lines]);
  switch (reading) {
    case null:
      return code([], 'infos = [dcache.info(path) for path in paths]');
    case 'folder':
      return code(
        [],
        'files = [file for path in paths for file in dcache.ls(path, detail=False)]'
      );
    case 'raster':
      return code(
        ['rasterio'],
        'images = [rasterio.open(path, opener=dcache) for path in paths]'
      );
    case 'zarr':
      return code(
        ['xarray'],
        'datasets = [xarray.open_zarr(dcache.get_mapper(path)) for path in paths]'
      );
    case 'netcdf':
    case 'hdf5':
      return code(
        ['xarray'],
        `datasets = [${openDataset(reading, 'dcache.open(path)')} for path in paths]`
      );
    case 'csv':
    case 'parquet':
      return entries.every(({ path }) => needsNoGlob(path))
        ? cell(
            [
              'dask.dataframe',
              ...(entries.length > MAX_PATHS ? ['fsspec'] : [])
            ],
            [
              ...(entries.length > MAX_PATHS ? [filesystem(endpoint)] : []),
              ...paths,
              'tables = [',
              `    ${readTable(reading, first, '"dcache://" + path', storage(endpoint))}`,
              '    for path in paths',
              ']'
            ]
          )
        : code(
            ['pandas'],
            `tables = [${readPandas(reading, first, 'dcache.open(path)')} for path in paths]`
          );
    case 'json':
      return code(
        ['json'],
        'data = [json.loads(dcache.cat_file(path)) for path in paths]'
      );
    case 'numpy':
      return code(
        ['numpy'],
        'arrays = []',
        'for path in paths:',
        '    with dcache.open(path) as file:',
        `        arrays.append(${loadNumpy(first)})`
      );
    case 'text':
      return code(
        [],
        'texts = [dcache.cat_file(path).decode() for path in paths]'
      );
    case 'bytes':
      return code(
        [],
        'for path in paths:',
        '    with dcache.open(path) as file:',
        '        data = file.read(2**20)'
      );
  }
}

function openDataset(reading: 'netcdf' | 'hdf5', file: string): string {
  // Without a name for a dimension HDF5 files are no data sets (h5netcdf 1.6, `phony_dims`).
  const options =
    reading === 'hdf5' ? ', engine="h5netcdf", phony_dims="sort"' : '';
  return `xarray.open_dataset(${file}, chunks={}${options})`;
}

function readTable(
  reading: 'csv' | 'parquet',
  path: string,
  url: string,
  options: string
): string {
  return reading === 'csv'
    ? `dask.dataframe.read_csv(${url}${separator(path)}${options})`
    : `dask.dataframe.read_parquet(${url}${options})`;
}

function readPandas(
  reading: 'csv' | 'parquet',
  path: string,
  file: string
): string {
  return reading === 'csv'
    ? `pandas.read_csv(${file}${separator(path)})`
    : `pandas.read_parquet(${file})`;
}

function separator(path: string): string {
  return suffixOf(nameOf(path)) === 'tsv' ? ', sep="\\t"' : '';
}

/** An archive of arrays is read when one of them is asked for: then its file would be closed. */
function loadNumpy(path: string): string {
  return suffixOf(nameOf(path)) === 'npz'
    ? 'dict(numpy.load(file))'
    : 'numpy.load(file)';
}

/** Dask takes these for patterns, also in lists, and has no way to escape them. */
function needsNoGlob(path: string): boolean {
  return !/[*?[\]]|::/.test(path);
}

function cell(modules: readonly string[], lines: readonly string[]): string {
  // As ruff sorts them: all of these are one block.
  const imports = [...new Set(modules)]
    .sort((one, other) => (one < other ? -1 : 1))
    .map(module => `import ${module}`);
  const standard = imports.filter(line => line === 'import json');
  const others = imports.filter(line => line !== 'import json');
  const blocks = [standard, others, lines].filter(block => block.length > 0);
  return blocks.map(block => block.join('\n')).join('\n\n');
}

function filesystem(endpoint: string | null): string {
  return `dcache = fsspec.filesystem("dcache"${keyword(endpoint)})`;
}

function keyword(endpoint: string | null): string {
  return endpoint === null ? '' : `, endpoint=${literal(endpoint)}`;
}

function storage(endpoint: string | null): string {
  return endpoint === null
    ? ''
    : `, storage_options={"endpoint": ${literal(endpoint)}}`;
}

/** JSON's string literals are Python's as well: the same escapes, and no others. */
function literal(text: string): string {
  return JSON.stringify(text);
}
