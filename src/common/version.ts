/** The version of this page's part; a test holds it against package.json. */
export const VERSION = '0.1.0';

/** A version of npm as Python writes it (PEP 440), the one form in which both are compared: `0.2.0-rc.1` is `0.2.0rc1`. */
export function asPython(version: string): string {
  return version
    .replace(/[-.]?(?:alpha|a)\.?(?=\d)/, 'a')
    .replace(/[-.]?(?:beta|b)\.?(?=\d)/, 'b')
    .replace(/[-.]?rc\.?(?=\d)/, 'rc');
}
