/** Lets the user choose files, or a folder, of his computer. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IUploadFile } from '../../tokens';
import { chosenFiles } from './read';

/** None when he cancels. */
export function choose(
  parent: HTMLElement,
  what: 'files' | 'folder'
): Promise<readonly IUploadFile[]> {
  return new Promise(resolve => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.webkitdirectory = what === 'folder';
    input.hidden = true;
    const end = (): void => {
      resolve(chosenFiles(input.files ?? []));
      input.remove();
    };
    input.addEventListener('change', end);
    input.addEventListener('cancel', end);
    parent.append(input);
    input.click();
  });
}

/** Ask for the files of an upload again: a page that was loaded anew has them no more. */
export async function chooseAgain(
  parent: HTMLElement,
  title: string,
  trans: TranslationBundle
): Promise<readonly IUploadFile[]> {
  const result = await showDialog({
    title: trans.__('Upload of “%1”', title),
    body: trans.__(
      'This page no longer has the files, as it was loaded anew. Choose them again: what is in dCache already is not sent twice.'
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.createButton({
        label: trans.__('Choose folder…'),
        accept: true,
        actions: ['folder']
      }),
      Dialog.okButton({ label: trans.__('Choose files…'), actions: ['files'] })
    ]
  });
  if (!result.button.accept) {
    return [];
  }
  const [what] = result.button.actions;
  return choose(parent, what === 'folder' ? 'folder' : 'files');
}
