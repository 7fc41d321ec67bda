/** Paths of dCache in addresses of the companion. */
import { ApiError, messageLanguage } from './request';

/**
 * The path itself, if an address can hold it.
 *
 * The companion's lists have lone surrogates for bytes of a name that are no UTF-8. In a query they
 * would become U+FFFD, which is another name, and nowhere else in an address can they be.
 *
 * @throws ApiError for such a path (`bad_path`, as the companion says it).
 */
export function asked(path: string): string {
  const bad = path.split('/').find(name => /\p{Surrogate}/u.test(name));
  if (bad !== undefined) {
    const trans = messageLanguage();
    throw new ApiError({
      message: trans.__(
        'The name “%1” is no UTF-8: dCache’s HTTP doors can’t be asked for it.',
        bad
      ),
      hint: trans.__('Rename it where it was made, such as over NFS.'),
      code: 'bad_path'
    });
  }
  return path;
}
