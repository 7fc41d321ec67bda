/** Deletions of which nobody knows for a while what became of them. */
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { fateOf, lookAgain, type Found } from '../lostdeletions';
import { FakeApi, failure } from './fake';

const place = { endpoint: 'here', path: '/home/inner' };
const network = failure('network', 0);

function setup() {
  const api = new FakeApi();
  api.add(place.path, { type: 'directory' });
  const follow = jest.fn<Promise<Found>, []>(async () => 'none');
  return { api, follow, trans: nullTranslator.load('jupyterlab_rsdat') };
}

const told = () =>
  Notification.manager.notifications.map(({ message }) => message);

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  Notification.dismiss();
  jest.useRealTimers();
});

describe('the fate of one', () => {
  it('is what the companion tells of it', async () => {
    const options = setup();
    options.follow.mockResolvedValueOnce('told');
    expect(await fateOf(options, place)).toBe('told');
    options.follow.mockResolvedValueOnce('done');
    expect(await fateOf(options, place)).toBe('gone');
  });

  it('is what is there, where the companion knows none', async () => {
    const options = setup();
    expect(await fateOf(options, place)).toBe('there');
    options.api.delete(place.path);
    expect(await fateOf(options, place)).toBe('gone');
  });

  it('is not known without an answer', async () => {
    const options = setup();
    options.follow.mockRejectedValueOnce(network);
    expect(await fateOf(options, place)).toBe(network);
    options.api.nextFailure = network;
    expect(await fateOf(options, place)).toBe(network);
  });
});

describe('looking again', () => {
  const unknown = 'It is not known whether “inner” is deleted: failed: network';

  it('goes on until there is an answer', async () => {
    const options = setup();
    options.follow.mockRejectedValue(network);
    lookAgain(options, place, network, 0);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(told()).toEqual([unknown]);
    const looks = options.follow.mock.calls.length;
    expect(looks).toBeGreaterThan(1);
    options.follow.mockResolvedValue('told');
    await jest.runOnlyPendingTimersAsync();
    expect(told()).toEqual([]);
    window.dispatchEvent(new Event('online'));
    await jest.runAllTimersAsync();
    expect(options.follow).toHaveBeenCalledTimes(looks + 1);
  });

  it('ends after a while, and begins anew when somebody returns', async () => {
    const options = setup();
    options.follow.mockRejectedValue(network);
    lookAgain(options, place, network, 0);
    await jest.runAllTimersAsync();
    const looks = options.follow.mock.calls.length;
    expect(told()).toEqual([unknown]);
    options.follow.mockResolvedValue('done');
    window.dispatchEvent(new Event('online'));
    await jest.runOnlyPendingTimersAsync();
    expect(options.follow).toHaveBeenCalledTimes(looks + 1);
    expect(told()).toEqual(['“inner” is deleted.']);
  });

  it('tells that it is still there', async () => {
    const options = setup();
    lookAgain(options, place, network, 2);
    expect(told()).toEqual([`${unknown}. 2 other entries were left.`]);
    await jest.runOnlyPendingTimersAsync();
    expect(told()).toEqual([
      '“inner” is still there. If it is a folder, some of what was in it may be deleted.'
    ]);
  });
});
