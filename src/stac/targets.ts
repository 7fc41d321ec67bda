/** On what a command acts: what it was given, or what is selected in the tab in front. */
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import type { IStacSearchRequest, IStacSummary } from '../common/types';
import type { IFilter } from './filter';
import { isSearch, type ISource } from './hrefs';
import type { ISelected } from './selection';
import type { TabState } from './state';

/** Arguments by which a command is told what to act on. */
export const TARGET = {
  href: {
    type: 'string',
    description:
      'Address of a catalog or collection; what is selected in the STAC tab in front if left out.'
  },
  endpoint: {
    type: 'string',
    description:
      'Endpoint of dCache that its addresses mean; the default one if left out.'
  },
  items: {
    type: 'array',
    items: { type: 'string' },
    maxItems: 10000,
    description: 'Addresses of items; all that pass the filter if left out.'
  },
  bbox: {
    type: 'string',
    description: 'West, south, east, north in degrees, separated by commas.'
  },
  datetime: {
    type: 'string',
    description: 'An interval, such as 2024-01-01T00:00:00Z/..'
  },
  text: { type: 'string', description: 'Part of the ids.' },
  assets: {
    type: 'array',
    items: { type: 'string' },
    description: 'Keys of assets; those that are data if left out.'
  }
};

/** The arguments of a command, for its `describedBy`. */
export function schema(
  properties: ReadonlyJSONObject,
  required: readonly string[] = []
): { args: ReadonlyJSONObject } {
  return { args: { type: 'object', properties, required: [...required] } };
}

export interface ITarget {
  source: ISource;
  /** What was asked for, where the source is a search. */
  search: IStacSearchRequest | null;
  filter: IFilter;
  /** Null: all that pass the filter. */
  items: readonly ISelected[] | null;
  /** Null: those that are data. */
  assets: readonly string[] | null;
  /** Of the tab in front. */
  summary: IStacSummary | null;
}

/** What the arguments name, else what the tab shows; null: nothing. */
export function targetOf(
  args: ReadonlyPartialJSONObject,
  state: TabState | null
): ITarget | null {
  const given = args.assets as string[] | undefined;
  if (typeof args.href === 'string') {
    const filter: Record<string, string> = {};
    for (const key of ['bbox', 'datetime', 'text'] as const) {
      if (typeof args[key] === 'string') {
        filter[key] = args[key];
      }
    }
    return {
      source: {
        href: args.href,
        endpoint: (args.endpoint as string | undefined) ?? null
      },
      search: null,
      filter,
      items: (args.items as string[] | undefined)?.map(itemOf) ?? null,
      assets: given ?? null,
      summary: null
    };
  }
  const items = state?.items;
  if (!state || !items?.source || !items.rows?.isLoaded || items.count === 0) {
    return null;
  }
  const { selection } = items;
  return {
    source: items.source,
    search: isSearch(items.source.href) ? state.request : null,
    filter: items.filter,
    items: selection.items.size > 0 ? [...selection.items.values()] : null,
    assets: given ?? items.assets,
    summary: items.summary
  };
}

/** The id of an item is not known by its address alone: the name of its file is most often the same. */
function itemOf(href: string): ISelected {
  const name = href.slice(href.lastIndexOf('/') + 1);
  return { href, id: name.replace(/\.(geo)?json$/i, '') };
}
