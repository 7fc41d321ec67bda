/** The rows of a folder as the companion gives them. */
import type { IDCacheApi, IListRequest } from './api';
import { Listing, PAGE_ROWS } from './listing';

/** Which rows, in which order. */
export type IFolderRows = Pick<
  IListRequest,
  'endpoint' | 'path' | 'sort' | 'filter' | 'hidden'
>;

/** A listing whose pages, long ranges and searches are all of the same rows. */
export function listFolder(
  api: Pick<IDCacheApi, 'list'>,
  rows: IFolderRows,
  options: Pick<Listing.IOptions, 'settle_ms' | 'isIdle'>
): Listing {
  return new Listing({
    ...options,
    fetchPage: ({ page, count = 1, anew, signal }) => {
      const [offset, limit] = [page * PAGE_ROWS, count * PAGE_ROWS];
      return api.list({ ...rows, offset, limit, refresh: anew }, signal);
    },
    find: (find, offset, signal) =>
      api.list({ ...rows, offset, limit: 1, find }, signal)
  });
}
