/** When somebody comes back to the page, or the network does: what is shown may be old. */
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';

/** Act whenever the page comes into view or online, until the returned object is disposed. */
export function onReturn(act: () => void): IDisposable {
  const look = (): void => {
    if (!document.hidden) {
      act();
    }
  };
  document.addEventListener('visibilitychange', look);
  window.addEventListener('online', look);
  return new DisposableDelegate(() => {
    document.removeEventListener('visibilitychange', look);
    window.removeEventListener('online', look);
  });
}
