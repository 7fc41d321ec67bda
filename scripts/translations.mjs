// npm run translations: collects all that rsdat says into the template that translators begin from.
//
//   npm run translations       writes rsdat/locale/jupyterlab_rsdat.pot, which the wheel has in it
//     --check                  only compares, and finds what nobody could translate
//     --root DIR               of another checkout
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CODE, TEXTS } from './translations/allowed.mjs';
import { schemaMessages } from './translations/schema.mjs';
import { messages, parse, untranslated } from './translations/source.mjs';
import { template } from './translations/template.mjs';

/** Under this name the page asks Lab for its language: `translator.load`. */
const DOMAIN = 'jupyterlab_rsdat';
const TARGET = `rsdat/locale/${DOMAIN}.pot`;
/** Made by a program, or nobody's to read. */
const SKIPPED = /(^|\/)__tests__\/|\.d\.ts$|^src\/common\/schema\.ts$/;

/** All files below a folder, sorted; as names from `root`, with slashes. */
function files(root, folder, pattern) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map(name => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter(name => pattern.test(name) && !SKIPPED.test(name))
    .sort();
}

/** Texts that are counted here and not there: Lab takes a catalog's entry for one of both only. */
function* ambiguous(all) {
  const plurals = new Map();
  for (const { file, context, text, plural } of all) {
    const key = JSON.stringify([context ?? null, text]);
    if (!plurals.has(key)) {
      plurals.set(key, plural);
    } else if (plurals.get(key) !== plural) {
      yield `${file}: “${text}” has another plural elsewhere, or none`;
    }
  }
}

/** The template of a checkout, and what is wrong with its texts. */
export function collect(root) {
  const all = [];
  const problems = [];
  const add = (file, { found, problems: wrong }) => {
    all.push(...found.map(message => ({ file, ...message })));
    problems.push(...wrong);
  };
  for (const file of files(root, 'src', /\.tsx?$/)) {
    const source = parse(file, readFileSync(join(root, file), 'utf8'));
    add(file, messages(source));
    if (!CODE.includes(file)) {
      problems.push(
        ...untranslated(source, text => TEXTS[file]?.includes(text.trim())).map(
          each => `${each} (not translated)`
        )
      );
    }
  }
  for (const file of files(root, 'schema', /\.json$/)) {
    const schema = JSON.parse(readFileSync(join(root, file), 'utf8'));
    add(file, schemaMessages(file, schema, DOMAIN));
  }
  problems.push(...ambiguous(all));
  return { text: template(all, { domain: DOMAIN }), problems };
}

function main(argv) {
  const at = argv.indexOf('--root');
  const here = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const root = at < 0 ? here : resolve(argv[at + 1]);
  const target = join(root, TARGET);
  const { text, problems } = collect(root);
  if (argv.includes('--check')) {
    const kept = existsSync(target) ? readFileSync(target, 'utf8') : null;
    if (kept !== text) {
      problems.push(
        `${relative(root, target)} is not what the sources say: run npm run translations`
      );
    }
  } else {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  for (const problem of problems) {
    console.error(problem);
  }
  return problems.length ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = main(process.argv.slice(2));
}
