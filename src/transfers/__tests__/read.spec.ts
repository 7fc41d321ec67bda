/** What is read of dropped folders and chosen files. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { TransferActions } from '../actions';
import {
  MAX_FILES,
  ReadingCancelled,
  TooMany,
  chosenFiles,
  entriesOf,
  readEntries
} from '../upload/read';
import { Reading } from '../upload/reading';
import { settle, setup } from './fake';

/** As browsers give it: a folder's entries come in parts, an empty one at the end. */
function aFolder(
  name: string,
  inside: readonly FileSystemEntry[],
  part = 100
): FileSystemEntry {
  return {
    name,
    isFile: false,
    isDirectory: true,
    createReader: () => {
      let at = 0;
      return {
        readEntries: (give: (entries: FileSystemEntry[]) => void) => {
          give(inside.slice(at, at + part));
          at += part;
        }
      };
    }
  } as unknown as FileSystemEntry;
}

function aFileEntry(name: string): FileSystemEntry {
  return {
    name,
    isFile: true,
    isDirectory: false,
    file: (give: (file: File) => void) => give(new File(['x'], name))
  } as unknown as FileSystemEntry;
}

const never = new AbortController().signal;

describe('reading', () => {
  it('finds all files, also in folders given in parts, and tells empty ones', async () => {
    const many = Array.from({ length: 250 }, (_, i) => aFileEntry(`f${i}`));
    const { files, empty } = await readEntries(
      [
        aFolder('top', [aFolder('many', many), aFolder('none', [])]),
        new File(['x'], 'single.txt')
      ],
      () => undefined,
      never
    );
    expect(files).toHaveLength(251);
    expect(files[249].path).toBe('top/many/f249');
    expect(files[250].path).toBe('single.txt');
    expect(empty).toEqual(['top/none']);
  });

  it('stops at more files than one upload may have', async () => {
    const many = Array.from({ length: MAX_FILES + 1 }, (_, i) =>
      aFileEntry(`f${i}`)
    );
    await expect(
      readEntries([aFolder('top', many, 10_000)], () => undefined, never)
    ).rejects.toBeInstanceOf(TooMany);
  });

  it('stops in a folder that holds itself', async () => {
    const inside: FileSystemEntry[] = [];
    const loop = aFolder('loop', inside);
    inside.push(loop);
    await expect(
      readEntries([loop], () => undefined, never)
    ).rejects.toBeInstanceOf(TooMany);
  });

  it('can be given up, and tells how far it is', async () => {
    const reading = new Reading();
    const counts: (number | null)[] = [];
    reading.changed.connect(() => counts.push(reading.count));
    const read = reading.run((onCount, signal) => {
      onCount(50);
      reading.cancel();
      return readEntries([aFolder('top', [aFileEntry('a')])], onCount, signal);
    });
    await expect(read).rejects.toBeInstanceOf(ReadingCancelled);
    expect(counts).toEqual([0, 50, null]);
  });
});

test('a drop gives its entries, without them its files', () => {
  const file = new File(['x'], 'a');
  const folder = aFolder('f', []);
  const item = (entry: FileSystemEntry | null) => ({
    kind: 'file',
    getAsFile: () => file,
    webkitGetAsEntry: () => entry
  });
  const text = { kind: 'string' };
  const data = { items: [item(folder), text, item(null)] } as never;
  expect(entriesOf(data)).toEqual([folder, file]);
});

test('a chosen folder’s name is part of its files’ paths', () => {
  const inside = new File(['x'], 'a');
  Object.defineProperty(inside, 'webkitRelativePath', { value: 'top/in/a' });
  const paths = chosenFiles([inside, new File(['x'], 'b')]).map(f => f.path);
  expect(paths).toEqual(['top/in/a', 'b']);
});

describe('a drop', () => {
  function dropping(conflict: 'ask' | 'skip' = 'ask') {
    const { api, model, put } = setup();
    const actions = new TransferActions({
      model,
      reading: new Reading(),
      trans: nullTranslator.load('jupyterlab_rsdat'),
      conflict: () => conflict,
      unfold: () => undefined,
      follow: () => undefined,
      chooseAgain: async () => [],
      stage: () => undefined
    });
    const drop = (...entries: FileSystemEntry[]): Promise<void> =>
      actions.uploadDropped({
        data: {
          items: entries.map(entry => ({
            kind: 'file',
            webkitGetAsEntry: () => entry
          }))
        } as never,
        endpoint: 'here',
        path: '/data'
      });
    return { api, drop, model, put };
  }

  it('does with names that are taken what the user chose', async () => {
    const { api, drop } = dropping('skip');
    await drop(aFileEntry('a'));
    expect(api.started).toMatchObject([{ kind: 'upload', conflict: 'skip' }]);
  });

  const tree = aFolder('top', [
    aFileEntry('a'),
    aFolder('in', [aFolder('none', []), aFolder('also', [])])
  ]);

  it('makes the empty folders too, once the files are there', async () => {
    const { api, drop, put } = dropping();
    put.holds = true;
    api.there.set('/data/top', { type: 'directory' });
    const dropped = drop(tree);
    await settle();
    expect(put.begun).toEqual(['t1?top/a?refuse']);
    expect(api.folders).toEqual([]);
    put.held[0].end();
    await dropped;
    expect(api.folders).toEqual([
      '/data/top/in',
      '/data/top/in/none',
      '/data/top/in/also'
    ]);
    expect(Notification.manager.notifications).toEqual([]);
  });

  it('needs no file for it', async () => {
    const { api, drop } = dropping();
    await drop(aFolder('none', []));
    expect(api.started).toEqual([]);
    expect(api.folders).toEqual(['/data/none']);
  });

  it('makes none when it was cancelled', async () => {
    const { api, drop, model, put } = dropping();
    put.holds = true;
    const dropped = drop(tree);
    await settle();
    await model.cancel('t1');
    await dropped;
    expect(api.folders).toEqual([]);
  });

  it('tells what has the name of a folder and is none', async () => {
    const { api, drop } = dropping();
    api.there.set('/data/none', { type: 'file' });
    await drop(aFolder('none', []));
    const [{ message }] = Notification.manager.notifications;
    expect(message).toBe('Can’t make an empty folder: failed: exists');
    Notification.dismiss();
  });
});
