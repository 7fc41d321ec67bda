/** Deletions whose answer was lost: what became of them is found out, also later, and told. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { tell } from '../common/notice';
import { ApiError } from '../common/request';
import { onReturn } from '../common/returned';
import type { IDCacheApi } from './api';
import { stillThereWords, unknownWords } from './deletingwords';
import { nameOf, type IPlace } from './paths';

/** Waits between looks at one whose fate is not known; after the last one only a return helps. */
const WAITS_MS: readonly number[] = [
  3_000, 5_000, 10_000, 20_000, 30_000, 60_000, 60_000, 120_000, 300_000
];

/** How long it is told that all is well. */
const GONE_MS = 10_000;

/**
 * What the companion's list has of a deletion: `told` if there was something to tell, such as that
 * it goes on, `done` if it has ended well, `none` if the companion knows it not, or no more.
 */
export type Found = 'told' | 'done' | 'none';

/** What became of a deletion; an error is why that is not known. */
export type Fate = 'told' | 'gone' | 'there' | ApiError;

export interface ILostOptions {
  api: Pick<IDCacheApi, 'info'>;
  /** Look for it in the companion's list, and tell of it what there is. @throws Without a list. */
  follow: (place: IPlace) => Promise<Found>;
}

/** Look once. */
export async function fateOf(
  { api, follow }: ILostOptions,
  place: IPlace
): Promise<Fate> {
  let found: Found;
  try {
    found = await follow(place);
  } catch (reason) {
    return ApiError.from(reason);
  }
  if (found !== 'none') {
    return found === 'done' ? 'gone' : 'told';
  }
  try {
    await api.info(place);
    return 'there';
  } catch (reason) {
    const error = ApiError.from(reason);
    return error.code === 'not_found' ? 'gone' : error;
  }
}

/**
 * Say that it is not known, look again now and then and when somebody returns, and tell what is
 * found.
 *
 * @param left - Entries that were to be deleted after it.
 */
export function lookAgain(
  options: ILostOptions & { trans: TranslationBundle },
  place: IPlace,
  reason: ApiError,
  left: number
): void {
  const { trans } = options;
  const name = nameOf(place.path);
  const notice = tell(unknownWords(name, reason.text, left, trans), 'warning', {
    autoClose: false
  });
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLooking = false;
  const wait = (): void => {
    if (tries < WAITS_MS.length) {
      timer = setTimeout(() => void look(), WAITS_MS[tries]);
      tries++;
    }
  };
  const look = async (): Promise<void> => {
    if (isLooking) {
      return;
    }
    clearTimeout(timer);
    isLooking = true;
    const fate = await fateOf(options, place);
    isLooking = false;
    if (fate instanceof ApiError) {
      wait();
      return;
    }
    returns.dispose();
    Notification.dismiss(notice);
    if (fate === 'gone') {
      tell(trans.__('“%1” is deleted.', name), 'success', {
        autoClose: GONE_MS
      });
    } else if (fate === 'there') {
      tell(stillThereWords(name, trans), 'warning', { autoClose: false });
    }
  };
  const returns = onReturn(() => {
    tries = 0;
    void look();
  });
  wait();
}
