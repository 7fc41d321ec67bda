// The page to review the gallery by: a row a state, a picture a theme and width; choose what is shown.
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as HTML. */
function escape(text) {
  return text.replace(/[&<>"]/g, sign => ESCAPES[sign]);
}

/** A name for addresses and classes. */
function slug(text) {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** Group by what `key` gives, in order of appearance. */
function groups(all, key) {
  const found = new Map();
  for (const one of all) {
    found.set(key(one), [...(found.get(key(one)) ?? []), one]);
  }
  return [...found];
}

/**
 * @param pictures `{walk, state, theme, width, file}` each, as ui-tests/tests/gallery.ts notes them.
 * @returns The page, to be read from the folder of the pictures; it needs no script.
 */
export function galleryIndex(pictures) {
  const kinds = ['theme', 'width'].flatMap(key =>
    [...new Set(pictures.map(picture => picture[key]))].sort()
  );
  const figure = ({ file, theme, width }) =>
    `<figure class="${slug(theme)} ${slug(width)}">` +
    `<figcaption>${escape(theme)}, ${escape(width)}</figcaption>` +
    `<a href="${file}"><img src="${file}" loading="lazy" alt=""></a></figure>`;
  const walks = groups(pictures, ({ walk }) => walk);
  const sections = walks.map(([walk, ofWalk]) => {
    const rows = groups(ofWalk, ({ state }) => state).map(
      ([state, all]) =>
        `<h3>${escape(state)}</h3><div class="row">${all.map(figure).join('')}</div>`
    );
    return `<h2 id="${slug(walk)}">${escape(walk)}</h2>${rows.join('\n')}`;
  });
  const count = new Set(pictures.map(({ walk, state }) => `${walk}: ${state}`));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>rsdat: every state</title>
<style>
  body { font: 14px system-ui; margin: 0 1rem 1rem; background: #bbb; }
  header { position: sticky; top: 0; padding: 0.5rem 0; background: #bbb; }
  nav, .kinds { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
  h2, h3 { scroll-margin-top: 6rem; }
  .row { display: flex; gap: 0.5rem; overflow-x: auto; align-items: start; }
  figure { flex: 0 0 auto; margin: 0; }
  img { max-height: 80vh; display: block; }
${kinds
  .map(
    kind =>
      `  body:has(#show-${slug(kind)}:not(:checked)) figure.${slug(kind)} { display: none; }`
  )
  .join('\n')}
</style>
<header>
<strong>${pictures.length} pictures of ${count.size} states</strong>
<div class="kinds">${kinds
    .map(
      kind =>
        `<label><input type="checkbox" id="show-${slug(kind)}" checked> ${escape(kind)}</label>`
    )
    .join('')}</div>
<nav>${walks
    .map(([walk]) => `<a href="#${slug(walk)}">${escape(walk)}</a>`)
    .join('')}</nav>
</header>
${sections.join('\n')}
</html>
`;
}
