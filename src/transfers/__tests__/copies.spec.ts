/** Copies of very many things, and of what is dragged from Lab's file browser. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import type { ITransferRequest } from '../../common/types';
import { TransferActions } from '../actions';
import { copiedPaths } from '../workspace';

const trans = nullTranslator.load('jupyterlab_rsdat');

function copying() {
  const started: ITransferRequest[] = [];
  const actions = new TransferActions({
    model: {
      start: async (request: ITransferRequest) => void started.push(request)
    },
    conflict: () => 'ask',
    unfold: () => undefined,
    trans
  } as unknown as TransferActions.IOptions);
  return { actions, started };
}

describe('a copy', () => {
  it('of more than the companion takes at once becomes several', async () => {
    const { actions, started } = copying();
    const paths = Array.from({ length: 45_000 }, (_, n) => `/data/f${n}`);
    await actions.copy(
      { endpoint: 'here', paths },
      { endpoint: 'here', path: '/data' }
    );
    expect(started.map(({ source }) => source?.paths.length)).toEqual([
      20_000, 20_000, 5_000
    ]);
    expect(started.flatMap(({ source }) => source?.paths)).toEqual(paths);
    for (const request of started) {
      expect(request.conflict).toBe('keep-both');
      expect(request.destination?.paths).toEqual(['/data']);
    }
  });

  it('of nothing begins none', async () => {
    const { actions, started } = copying();
    const folder = { endpoint: 'here', path: '/data' };
    await actions.copy({ endpoint: null, paths: [] }, folder);
    expect(started).toEqual([]);
  });
});

describe('what is dragged from the file browser', () => {
  const contents = {
    driveName: (path: string) => (path.includes(':') ? path.split(':')[0] : ''),
    localPath: (path: string) => path.slice(path.indexOf(':') + 1)
  };

  it('is copied where it is Jupyter’s own, and told where it is not', () => {
    const emit = jest.spyOn(Notification, 'emit');
    expect(copiedPaths(['a', 'RTC:b'], contents, trans)).toEqual(['a', 'b']);
    expect(emit).not.toHaveBeenCalled();
    expect(copiedPaths(['a', 's3:b'], contents, trans)).toEqual(['a']);
    expect(copiedPaths(['s3:b'], contents, trans)).toEqual([]);
    expect(emit.mock.calls.map(([text]) => text)).toEqual(
      Array(2).fill(
        'Only Jupyter’s own files can be copied from the file browser; what is on other drives is left out.'
      )
    );
  });
});
