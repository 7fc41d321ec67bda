/** Several files to one folder: asks where a name is taken, tells how it goes. Knows no DOM. */
import { ApiError } from '../common/request';
import { isNameTaken, type IDCacheApi, type IWriteCondition } from './api';
import { inFolder, numberedName, type IPlace } from './paths';
import { UploadCancelled, type UploadProblem } from './upload';

/** What to do with a file whose name is taken. */
export type ConflictChoice = 'replace' | 'keep-both' | 'skip';

export interface IConflictAnswer {
  choice: ConflictChoice;
  /** Do the same with the other files of this upload. */
  forAll: boolean;
}

/** How far an upload of several files is. */
export interface IUploadProgress {
  /** Name of the file under way. */
  name: string;
  /** Its number, from 1. */
  number: number;
  count: number;
  /** Sent of all files. */
  sent_bytes: number;
  total_bytes: number;
}

export interface IUploadOutcome {
  /** Names of the files that are in dCache now. */
  done: readonly string[];
  skipped: readonly string[];
  failed: readonly { name: string; error: ApiError }[];
  isCancelled: boolean;
}

export interface IUploadOptions {
  api: Pick<IDCacheApi, 'info' | 'fileUrl'>;
  /** Sends one file; see `upload`. */
  send: (
    url: string,
    file: File,
    condition: IWriteCondition,
    onProgress: (sent_bytes: number) => void
  ) => Promise<void>;
  /** Asks the user; null cancels the rest. */
  askConflict: (
    name: string,
    others: number
  ) => Promise<IConflictAnswer | null>;
  onProgress: (progress: IUploadProgress) => void;
}

/**
 * Beyond this size a name is looked up before anything is sent: the companion reads a refused body
 * to its end only up to twice as much, and a browser that is still sending sees no answer.
 */
const LOOK_FIRST_BYTES = 32 * 2 ** 20;

/** Numbers tried for a second file of one name. */
const MAX_NUMBER = 100;

/**
 * Upload files one after the other.
 *
 * Nothing is replaced without having been asked for: the first try of every file is conditional.
 * A failure of one file doesn't keep back the others.
 */
export async function uploadAll(
  files: readonly File[],
  folder: IPlace,
  options: IUploadOptions
): Promise<IUploadOutcome> {
  const total_bytes = files.reduce((sum, file) => sum + file.size, 0);
  const done: string[] = [];
  const skipped: string[] = [];
  const failed: { name: string; error: ApiError }[] = [];
  let before_bytes = 0;
  let forAll: ConflictChoice | null = null;

  const ask = async (index: number): Promise<ConflictChoice> => {
    if (forAll !== null) {
      return forAll;
    }
    const others = files.length - index - 1;
    const answer = await options.askConflict(files[index].name, others);
    if (answer === null) {
      throw new UploadCancelled();
    }
    if (answer.forAll) {
      forAll = answer.choice;
    }
    return answer.choice;
  };

  for (const [index, file] of files.entries()) {
    const onProgress = (sent_bytes: number): void =>
      options.onProgress({
        name: file.name,
        number: index + 1,
        count: files.length,
        sent_bytes: before_bytes + Math.min(sent_bytes, file.size),
        total_bytes
      });
    onProgress(0);
    try {
      const one = new OneUpload(file, folder, options, onProgress);
      const name = await one.run(() => ask(index));
      if (name === null) {
        skipped.push(file.name);
      } else {
        done.push(name);
      }
    } catch (reason) {
      if (reason instanceof UploadCancelled) {
        return { done, skipped, failed, isCancelled: true };
      }
      failed.push({ name: file.name, error: ApiError.from(reason) });
    }
    before_bytes += file.size;
  }
  return { done, skipped, failed, isCancelled: false };
}

/** One file on its way to a name that may be taken. */
class OneUpload {
  constructor(
    private _file: File,
    private _folder: IPlace,
    private _options: IUploadOptions,
    private _onProgress: (sent_bytes: number) => void
  ) {}

  /** The name it has in dCache now; null when the user skipped it. */
  async run(ask: () => Promise<ConflictChoice>): Promise<string | null> {
    const { name } = this._file;
    if (await this._sendNew(name)) {
      return name;
    }
    switch (await ask()) {
      case 'skip':
        return null;
      case 'replace':
        await this._send(name, { replace: true });
        return name;
      case 'keep-both':
        return this._sendNumbered(name);
    }
  }

  private async _sendNumbered(name: string): Promise<string> {
    for (let number = 2; number <= MAX_NUMBER; number++) {
      const free = numberedName(name, number);
      if (await this._sendNew(free)) {
        return free;
      }
    }
    const code: UploadProblem = 'upload_names_used_up';
    throw new ApiError({ message: code, code });
  }

  /** False when the name is taken. */
  private async _sendNew(name: string): Promise<boolean> {
    if (this._file.size > LOOK_FIRST_BYTES && (await this._isTaken(name))) {
      return false;
    }
    try {
      await this._send(name, { replace: false });
      return true;
    } catch (reason) {
      if (isNameTaken(reason)) {
        return false;
      }
      throw reason;
    }
  }

  private async _isTaken(name: string): Promise<boolean> {
    try {
      await this._options.api.info(this._place(name));
      return true;
    } catch (reason) {
      if (reason instanceof ApiError && reason.code === 'not_found') {
        return false;
      }
      throw reason;
    }
  }

  private _send(name: string, condition: IWriteCondition): Promise<void> {
    const url = this._options.api.fileUrl(this._place(name));
    return this._options.send(url, this._file, condition, this._onProgress);
  }

  private _place(name: string): IPlace {
    return { ...this._folder, path: inFolder(this._folder.path, name) };
  }
}
