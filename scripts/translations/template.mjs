// The catalog template (.pot): what gettext's tools and Lab's language packs begin from.

function quoted(text) {
  return JSON.stringify(text);
}

/** Order of entries: by the first file that has them, then as they stand there. */
function merged(all) {
  const entries = new Map();
  for (const { file, context, text, plural } of all) {
    // What has the same text and context is one entry, whether it is counted or not.
    const key = JSON.stringify([context ?? null, text]);
    const entry = entries.get(key) ?? { context, text, files: [] };
    entry.plural ??= plural;
    if (!entry.files.includes(file)) {
      entry.files.push(file);
    }
    entries.set(key, entry);
  }
  return entries.values();
}

/**
 * The template's text.
 *
 * References name files without lines, so that only a change of words changes it.
 *
 * @param all Messages `{file, context, text, plural}` in the order of their files.
 */
export function template(all, { domain }) {
  const parts = [
    [
      `# Texts of ${domain} to translate. Written by npm run translations.`,
      'msgid ""',
      'msgstr ""',
      `"Project-Id-Version: ${domain}\\n"`,
      '"MIME-Version: 1.0\\n"',
      '"Content-Type: text/plain; charset=UTF-8\\n"',
      '"Content-Transfer-Encoding: 8bit\\n"'
    ]
  ];
  for (const { context, text, plural, files } of merged(all)) {
    parts.push([
      ...files.map(file => `#: ${file}`),
      ...(context === undefined ? [] : [`msgctxt ${quoted(context)}`]),
      `msgid ${quoted(text)}`,
      ...(plural === undefined
        ? ['msgstr ""']
        : [`msgid_plural ${quoted(plural)}`, 'msgstr[0] ""', 'msgstr[1] ""'])
    ]);
  }
  return parts.map(lines => `${lines.join('\n')}\n`).join('\n');
}
