/** Every file in style/ reaches the page. */
interface IFiles {
  readdirSync: (folder: string) => string[];
  readFileSync: (name: string, encoding: 'utf-8') => string;
}

const { readdirSync, readFileSync } = jest.requireActual<IFiles>('fs');
/** Below jest's root folder, in which the tests run. */
const FOLDER = 'style';

/** The names of a file and of all that it imports, themselves or through others. */
function imported(name: string, into = new Set<string>()): Set<string> {
  if (!into.has(name)) {
    into.add(name);
    const text = readFileSync(`${FOLDER}/${name}`, 'utf-8');
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

export {};
