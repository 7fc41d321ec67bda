/** The files of what was dropped or chosen, folders looked into. */
import type { IUploadFile } from '../../tokens';

/** The most that one upload may have (docs/api.yaml, TransferRequest). */
export const MAX_FILES = 100_000;

/** Folders in each other; deeper is a loop of links or a mistake. */
const MAX_DEPTH = 100;

export interface IRead {
  files: IUploadFile[];
  /** Folders with nothing in them, to be made once the files are there. */
  empty: string[];
}

/** There are more files than one upload may have. */
export class TooMany extends Error {}

/** The user gave up while folders were read. */
export class ReadingCancelled extends Error {}

/**
 * What a drop holds. To be called in its event: afterwards the data is empty.
 *
 * Without the browser's entries (a drop made by a program) only the files are known.
 */
export function entriesOf(data: DataTransfer): (FileSystemEntry | File)[] {
  const entries: (FileSystemEntry | File)[] = [];
  for (const item of Array.from(data.items)) {
    if (item.kind !== 'file') {
      continue;
    }
    const entry = item.webkitGetAsEntry?.() ?? item.getAsFile();
    if (entry) {
      entries.push(entry);
    }
  }
  return entries;
}

/**
 * Read dropped folders to their ends.
 *
 * @param onCount - Told how many files were found so far.
 * @throws TooMany - More than `MAX_FILES` files, or folders too deep.
 * @throws ReadingCancelled - `signal` aborted.
 */
export async function readEntries(
  entries: readonly (FileSystemEntry | File)[],
  onCount: (count: number) => void,
  signal: AbortSignal
): Promise<IRead> {
  const read: IRead = { files: [], empty: [] };
  const add = (path: string, file: File): void => {
    if (read.files.length >= MAX_FILES) {
      throw new TooMany();
    }
    read.files.push({ path, file });
    onCount(read.files.length);
  };
  const visit = async (
    entry: FileSystemEntry,
    folder: string,
    depth: number
  ): Promise<void> => {
    if (signal.aborted) {
      throw new ReadingCancelled();
    }
    if (depth > MAX_DEPTH) {
      throw new TooMany();
    }
    const path = folder + entry.name;
    if (entry.isFile) {
      add(path, await fileOf(entry as FileSystemFileEntry));
      return;
    }
    const inside = await insideOf(entry as FileSystemDirectoryEntry);
    if (inside.length === 0) {
      read.empty.push(path);
    }
    for (const child of inside) {
      await visit(child, `${path}/`, depth + 1);
    }
  };
  for (const entry of entries) {
    if (entry instanceof File) {
      add(entry.name, entry);
    } else {
      await visit(entry, '', 0);
    }
  }
  return read;
}

/** Files of a file chooser, with their folder if a folder was chosen. */
export function chosenFiles(list: Iterable<File>): IUploadFile[] {
  return Array.from(list, file => ({
    path: file.webkitRelativePath || file.name,
    file
  }));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** All entries of a folder: a reader gives them in parts, an empty one at the end. */
async function insideOf(
  folder: FileSystemDirectoryEntry
): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const inside: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject)
    );
    if (part.length === 0) {
      return inside;
    }
    inside.push(...part);
    if (inside.length > MAX_FILES) {
      throw new TooMany();
    }
  }
}
