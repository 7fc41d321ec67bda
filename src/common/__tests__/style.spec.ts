/** Every file in style/ reaches the page. */
import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';

const FOLDER = join(__dirname, '../../../style');

/** The names of a file and of all that it imports, themselves or through others. */
function imported(name: string, into = new Set<string>()): Set<string> {
  if (!into.has(name)) {
    into.add(name);
    const text = readFileSync(join(FOLDER, name), 'utf-8');
    for (const [, other] of text.matchAll(/@import url\('([^']+)'\)/g)) {
      imported(other, into);
    }
  }
  return into;
}

it('is imported from the index', () => {
  const files = readdirSync(FOLDER).filter(name => name.endsWith('.css'));
  expect([...imported('index.css')].sort()).toEqual(files.sort());
});
