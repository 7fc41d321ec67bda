import { ApiError } from '../../common/request';
import { UploadCancelled } from '../upload';
import {
  uploadAll,
  type ConflictChoice,
  type IUploadOptions,
  type IUploadProgress
} from '../uploads';
import { FakeApi, failure } from './fake';

const FOLDER = { endpoint: 'here', path: '/home' };

function file(name: string, text = 'new', size?: number): File {
  const made = new File([text], name);
  if (size !== undefined) {
    Object.defineProperty(made, 'size', { value: size });
  }
  return made;
}

/** Sends straight into the fake companion. */
function setup(answers: (ConflictChoice | 'all-skip' | null)[] = []): {
  api: FakeApi;
  options: IUploadOptions;
  asked: string[];
  progress: IUploadProgress[];
  sent: string[];
} {
  const api = new FakeApi();
  const asked: string[] = [];
  const sent: string[] = [];
  const progress: IUploadProgress[] = [];
  const options: IUploadOptions = {
    api,
    send: async (url, content, condition, onProgress) => {
      sent.push(url);
      onProgress(content.size);
      const path = decodeURI(url).replace('/rsdat/files/here', '');
      await api.write({ ...FOLDER, path }, content, condition);
    },
    askConflict: async name => {
      asked.push(name);
      const answer = answers.shift()!;
      if (answer === null) {
        return null;
      }
      return answer === 'all-skip'
        ? { choice: 'skip', forAll: true }
        : { choice: answer, forAll: false };
    },
    onProgress: step => void progress.push(step)
  };
  return { api, options, asked, progress, sent };
}

describe('uploadAll', () => {
  it('uploads new files without asking', async () => {
    const { api, options, asked, progress } = setup();
    const outcome = await uploadAll(
      [file('a', '12'), file('b c', '345')],
      FOLDER,
      options
    );
    expect(outcome).toEqual({
      done: ['a', 'b c'],
      skipped: [],
      failed: [],
      isCancelled: false
    });
    expect(api.textOf('/home/b c')).toBe('345');
    expect(asked).toEqual([]);
    expect(api.writes.every(({ condition }) => !condition.replace)).toBe(true);
    expect(progress[progress.length - 1]).toEqual({
      name: 'b c',
      number: 2,
      count: 2,
      sent_bytes: 5,
      total_bytes: 5
    });
  });

  it.each([
    ['replace', 'new', undefined, ['a.txt'], []],
    ['keep-both', 'old', 'new', ['a (2).txt'], []],
    ['skip', 'old', undefined, [], ['a.txt']]
  ] as const)(
    'asks about a name that is taken: %s',
    async (choice, first, second, done, skipped) => {
      const { api, options } = setup([choice]);
      api.add('/home/a.txt', {}, 'old');
      const outcome = await uploadAll([file('a.txt')], FOLDER, options);
      expect(api.textOf('/home/a.txt')).toBe(first);
      expect(api.textOf('/home/a (2).txt') ?? undefined).toBe(second);
      expect(outcome).toMatchObject({ done, skipped, failed: [] });
    }
  );

  it('counts on when the second name is taken too', async () => {
    const { api, options } = setup(['keep-both']);
    api.add('/home/a.txt');
    api.add('/home/a (2).txt');
    const { done } = await uploadAll([file('a.txt')], FOLDER, options);
    expect(done).toEqual(['a (3).txt']);
  });

  it('asks once when the answer is for all', async () => {
    const { api, options, asked } = setup(['all-skip']);
    for (const name of ['a', 'b', 'c']) {
      api.add(`/home/${name}`, {}, 'old');
    }
    const files = [file('a'), file('b'), file('c'), file('d')];
    const outcome = await uploadAll(files, FOLDER, options);
    expect(asked).toEqual(['a']);
    expect(outcome).toMatchObject({ skipped: ['a', 'b', 'c'], done: ['d'] });
  });

  it('ends all when the question is cancelled', async () => {
    const { api, options } = setup([null]);
    api.add('/home/a', {}, 'old');
    const outcome = await uploadAll([file('a'), file('b')], FOLDER, options);
    expect(outcome).toMatchObject({ isCancelled: true, done: [] });
    expect(api.textOf('/home/a')).toBe('old');
    expect(api.textOf('/home/b')).toBeNull();
  });

  it('looks a large file’s name up before sending it', async () => {
    const { api, options, sent } = setup(['skip']);
    api.add('/home/a', {}, 'old');
    const large = file('a', 'new', 2 ** 30);
    const outcome = await uploadAll([large], FOLDER, options);
    expect(sent).toEqual([]);
    expect(outcome.skipped).toEqual(['a']);
  });

  it('sends a large file with a free name', async () => {
    const { api, options, asked } = setup();
    await uploadAll([file('a', 'new', 2 ** 30)], FOLDER, options);
    expect(api.textOf('/home/a')).toBe('new');
    expect(asked).toEqual([]);
  });

  it('goes on after a failure and tells it', async () => {
    const { api, options } = setup();
    api.nextFailure = failure('no_space', 507);
    const outcome = await uploadAll([file('a'), file('b')], FOLDER, options);
    expect(outcome.done).toEqual(['b']);
    expect(outcome.failed).toHaveLength(1);
    expect(outcome.failed[0].name).toBe('a');
    expect(outcome.failed[0].error.code).toBe('no_space');
  });

  it('stops when it is cancelled on the way', async () => {
    const { options } = setup();
    const outcome = await uploadAll([file('a'), file('b')], FOLDER, {
      ...options,
      send: () => Promise.reject(new UploadCancelled())
    });
    expect(outcome).toMatchObject({ isCancelled: true, done: [], failed: [] });
  });

  it('gives up after a hundred names', async () => {
    const { api, options } = setup(['keep-both']);
    jest.spyOn(api, 'write').mockRejectedValue(failure('exists', 409));
    const outcome = await uploadAll([file('a')], FOLDER, options);
    expect(outcome.failed[0].error).toBeInstanceOf(ApiError);
    expect(outcome.failed[0].error.code).toBe('upload_names_used_up');
    expect(api.write).toHaveBeenCalledTimes(100);
  });
});
