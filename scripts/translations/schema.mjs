// What the schemas of settings say to the user: Lab's server translates exactly these.

/** Where Lab's settings name the catalog that translates them. */
const INTERNATIONALIZATION = 'jupyter.lab.internationalization';

/**
 * Paths in a schema, and the context of what stands there.
 *
 * Source: jupyterlab_server 2.28 translation_utils.py, `DEFAULT_SCHEMA_SELECTORS`; the first that
 * fits counts.
 */
const SELECTORS = [
  ['properties/.*/title', 'settings'],
  ['properties/.*/description', 'settings'],
  ['definitions/.*/properties/.*/title', 'settings'],
  ['definitions/.*/properties/.*/description', 'settings'],
  ['title', 'schema'],
  ['description', 'schema'],
  ['jupyter\\.lab\\.setting-icon-label', 'settings'],
  ['jupyter\\.lab\\.menus/.*/label', 'menu'],
  ['jupyter\\.lab\\.toolbars/.*/label', 'toolbar']
].map(([path, context]) => [new RegExp(`^/${path}$`), context]);

function* strings(value, path) {
  for (const [key, each] of Object.entries(value)) {
    const here = `${path}/${key}`;
    if (typeof each === 'string') {
      const selector = SELECTORS.find(([pattern]) => pattern.test(here));
      if (selector) {
        yield { context: selector[1], text: each };
      }
    } else if (Array.isArray(each)) {
      for (const [index, element] of each.entries()) {
        if (element !== null && typeof element === 'object') {
          yield* strings(element, `${here}[${index}]`);
        }
      }
    } else if (each !== null && typeof each === 'object') {
      yield* strings(each, here);
    }
  }
}

/** As `messages` of source.mjs: a schema must say which catalog is its own, and its choices in words. */
export function schemaMessages(name, schema, domain) {
  const problems = [];
  if (schema[INTERNATIONALIZATION]?.domain !== domain) {
    problems.push(`${name}: "${INTERNATIONALIZATION}" names no domain`);
  }
  for (const [key, each] of Object.entries(schema.properties ?? {})) {
    if (each.enum) {
      problems.push(
        `${name}: the choices of ${key} can't be translated: oneOf with const and title`
      );
    }
  }
  return { found: [...strings(schema, '')], problems };
}
