/** The Python code that opens a selection as a stack. Pure; tests/examples/test_stac_code.py runs it. */
import type { IStacSearchRequest } from '../common/types';
import type { IFilter } from './filter';
import { workspacePath, type ISource } from './hrefs';

/** More ids would make a cell of hundreds of lines: the code filters instead, and says so. */
export const MOST_IDS = 500;

/** Of a search: an API that takes only GET has them in its address, of which servers take 8 kB. */
export const MOST_ASKED = 100;

/** Columns of a line, as ruff has them. */
const WIDTH = 88;

export interface ICodeRequest {
  source: ISource;
  /** What was asked for, where the source is a search. */
  search: IStacSearchRequest | null;
  /** Of the selected items; null: all that pass the filter. */
  ids: readonly string[] | null;
  /** Of the selected items, where others of these ids may be in further ones; null: not to be named. */
  collection: string | null;
  filter: IFilter;
  /** Keys of the assets to open; null: those that are data. */
  assets: readonly string[] | null;
  /** Name of a cluster that runs; null: none. */
  cluster: string | null;
  /** Folder that Jupyter shows, for files of the workspace. */
  root: string;
}

/** Code for a notebook cell. */
export function stackCode(request: ICodeRequest): string {
  const { assets, cluster, ids, search } = request;
  const isMany = ids !== null && ids.length > (search ? MOST_ASKED : MOST_IDS);
  const chosen = ids !== null && !isMany ? ids : null;
  // What was found is filtered as in the tab: asked anew with the filter, the API would find others.
  const narrowing =
    search && chosen === null ? filterArguments(request.filter) : [];
  const names = [
    'open_stack',
    ...(search ? ['search'] : []),
    ...(search === null || narrowing.length > 0 ? ['items'] : [])
  ];
  return [
    ...(cluster === null ? [] : ['import rsdat']),
    // As ruff sorts them.
    `from rsdat.stac import ${names.sort().join(', ')}`,
    '',
    ...(cluster === null
      ? []
      : [`client = rsdat.connect(${literal(cluster)})`]),
    ...(isMany
      ? [
          `# ${ids.length} items were selected; these are all that pass the filter.`
        ]
      : []),
    call(
      search ? 'found = search' : 'found = items',
      search
        ? searchArguments(request, search, chosen)
        : catalogArguments(request, chosen)
    ),
    ...(narrowing.length > 0
      ? [call('found = items', ['found', ...narrowing])]
      : []),
    call('stack = open_stack', ['found', ...(assets ? [list(assets)] : [])]),
    'stack'
  ].join('\n');
}

function catalogArguments(
  { collection, filter, root, source }: ICodeRequest,
  ids: readonly string[] | null
): string[] {
  const local = workspacePath(source.href);
  const address =
    local === null ? source.href : `${root.replace(/\/+$/, '')}/${local}`;
  return [
    literal(address),
    ...(ids === null
      ? filterArguments(filter)
      : [
          idsArgument(ids),
          ...(collection === null ? [] : [`collection=${literal(collection)}`])
        ]),
    ...(source.endpoint === null
      ? []
      : [`storage_options={"endpoint": ${literal(source.endpoint)}}`])
  ];
}

function searchArguments(
  { collection }: ICodeRequest,
  search: IStacSearchRequest,
  ids: readonly string[] | null
): string[] {
  const { bbox, datetime, limit, query } = search;
  const collections =
    ids !== null && collection !== null ? [collection] : search.collections;
  return [
    literal(search.url),
    ...(collections ? [`collections=${list(collections)}`] : []),
    ...(ids === null
      ? [
          ...filterArguments({ bbox: bbox?.join(','), datetime }),
          ...(query ? [`query=${list(query)}`] : []),
          ...(limit === undefined ? [] : [`max_items=${limit}`])
        ]
      : [idsArgument(ids)])
  ];
}

function filterArguments({ bbox, datetime, text }: IFilter): string[] {
  return [
    ...(bbox === undefined ? [] : [`bbox=[${bbox.split(',').join(', ')}]`]),
    ...(datetime === undefined ? [] : [`datetime=${literal(datetime)}`]),
    ...(text === undefined ? [] : [`text=${literal(text)}`])
  ];
}

/** As many ids a line as there is room for. */
function idsArgument(ids: readonly string[]): string {
  const line = `ids=${list(ids)}`;
  if (line.length + 5 <= WIDTH) {
    return line;
  }
  const rows: string[] = [];
  for (const id of ids.map(literal)) {
    const row = rows[rows.length - 1] as string | undefined;
    if (row !== undefined && 8 + row.length + 2 + id.length + 1 <= WIDTH) {
      rows[rows.length - 1] = `${row}, ${id}`;
    } else {
      rows.push(id);
    }
  }
  return `ids=[\n${rows.map(row => `        ${row},`).join('\n')}\n    ]`;
}

/** One line where it is short, else a line for each argument. */
function call(start: string, parts: readonly string[]): string {
  const line = `${start}(${parts.join(', ')})`;
  return line.length <= WIDTH && !line.includes('\n')
    ? line
    : `${start}(\n${parts.map(part => `    ${part},`).join('\n')}\n)`;
}

function list(values: readonly string[]): string {
  return `[${values.map(literal).join(', ')}]`;
}

/** JSON's string literals are Python's as well: the same escapes, and no others. */
function literal(text: string): string {
  return JSON.stringify(text);
}
