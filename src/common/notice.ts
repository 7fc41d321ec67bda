/** Notifications whose whole text can be read: Lab cuts what is long, and with it what to do next. */
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONValue } from '@lumino/coreutils';
import { ApiError, messageLanguage } from './request';

/** Lab shows so many characters of a notification (apputils-extension, notificationplugin.tsx). */
export const SHOWN = 140;

/**
 * Tell something; what does not fit in is behind a button "Details".
 *
 * @param text - Sentences, what matters most in the first of them.
 * @returns The notification's id.
 */
export function tell(
  text: string,
  type: Notification.TypeOptions,
  options: Notification.IOptions<ReadonlyJSONValue> = {}
): string {
  const short = shortened(text);
  if (short === text) {
    return Notification.emit(text, type, options);
  }
  const trans = messageLanguage();
  const details: Notification.IAction = {
    label: trans.__('Details'),
    callback: event => {
      // The notification stays: what else can be done about it is in it.
      event.preventDefault();
      void showDialog({
        title: trans.__('Details'),
        body: text,
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      });
    }
  };
  return Notification.emit(short, type, {
    ...options,
    actions: [...(options.actions ?? []), details]
  });
}

/** Tell a failure until it is dismissed. */
export function tellFailure(
  title: string,
  reason: unknown,
  trans: TranslationBundle
): void {
  const { text } = ApiError.from(reason);
  tell(trans.__('%1: %2', title, text), 'error', { autoClose: false });
}

/** The text if it can be shown, else as many of its words as can. */
export function shortened(text: string): string {
  if (text.length <= SHOWN) {
    return text;
  }
  const cut = text.slice(0, SHOWN - 1);
  const end = cut.lastIndexOf(' ');
  return `${(end > 0 ? cut.slice(0, end) : cut).replace(/[\s,;:]+$/, '')}…`;
}
