/** What the panel asks and tells its user. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import type { IEntry } from '../common/types';
import { formatBytes } from '../common/units';
import { FormDialog } from '../common/formdialog';
import type { CompletePath } from '../common/pathinput';
import { MoveForm } from './moveform';
import { NameForm } from './nameform';

/** Names listed in a question before it says how many more there are. */
const MAX_NAMES = 8;

/**
 * Ask for a name of a folder or file, and do something with it.
 *
 * The dialog stays until that succeeded, with what was typed and why it failed.
 */
export async function askName(
  options: {
    title: string;
    label: string;
    name: string;
    accept: string;
    /** Told to the user in another way once the dialog was cancelled. */
    attempt: (name: string) => Promise<unknown>;
  },
  trans: TranslationBundle
): Promise<void> {
  await new FormDialog<string>({
    title: options.title,
    body: new NameForm(options.label, options.name, trans),
    accept: options.accept,
    cancel: trans.__('Cancel'),
    focus: 'input',
    attempt: options.attempt
  }).launch();
}

/** Ask for a folder to move to, and do it; the dialog stays until that succeeded. */
export async function askDestination(
  options: {
    entries: readonly IEntry[];
    /** Where they are. */
    folder: string;
    complete: CompletePath;
    /** Gets the folder as it was typed. */
    attempt: (typed: string) => Promise<unknown>;
  },
  trans: TranslationBundle
): Promise<void> {
  const { attempt, complete, entries, folder } = options;
  await new FormDialog<string | null>({
    title:
      entries.length === 1
        ? trans.__('Move “%1”', entries[0].name)
        : trans._n('Move %1 entry', 'Move %1 entries', entries.length),
    body: new MoveForm(folder === '/' ? '/' : `${folder}/`, complete, trans),
    accept: trans.__('Move'),
    cancel: trans.__('Cancel'),
    focus: 'input',
    attempt: async typed => attempt(typed ?? folder)
  }).launch();
}

/** What a folder to delete holds. */
export interface IDoomed {
  entry: IEntry;
  /** Entries directly in it; null when it is a file. */
  inside: number | null | 'unknown';
}

function describeDoomed(
  { entry, inside }: IDoomed,
  trans: TranslationBundle
): string {
  switch (inside) {
    case null:
      return entry.name;
    case 0:
      return trans.__('%1 (empty folder)', entry.name);
    case 'unknown':
      return trans.__('%1 (folder, with everything in it)', entry.name);
    default:
      return trans._n(
        '%2 (folder, with the %1 entry in it and everything below)',
        '%2 (folder, with the %1 entries in it and everything below)',
        inside,
        entry.name
      );
  }
}

/** Whether to delete; the question names everything that goes. */
export async function askDelete(
  doomed: readonly IDoomed[],
  trans: TranslationBundle
): Promise<boolean> {
  const body = document.createElement('div');
  const list = document.createElement('ul');
  list.className = 'jp-rsdat-Names';
  for (const { entry, inside } of doomed.slice(0, MAX_NAMES)) {
    const item = document.createElement('li');
    item.textContent = describeDoomed({ entry, inside }, trans);
    list.append(item);
  }
  const more = doomed.length - MAX_NAMES;
  if (more > 0) {
    const item = document.createElement('li');
    item.textContent = trans._n('and %1 more', 'and %1 more', more);
    list.append(item);
  }
  const warning = document.createElement('p');
  warning.textContent = doomed.some(({ inside }) => inside)
    ? trans.__(
        'Folders are deleted recursively. Deleting in dCache is final: there is no trash.'
      )
    : trans.__('Deleting in dCache is final: there is no trash.');
  body.append(list, warning);
  const result = await showDialog({
    title:
      doomed.length === 1
        ? trans.__('Delete “%1”?', doomed[0].entry.name)
        : trans._n('Delete %1 entry?', 'Delete %1 entries?', doomed.length),
    body: new Widget({ node: body }),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({
        label: doomed.some(({ inside }) => inside)
          ? trans.__('Delete all')
          : trans.__('Delete')
      })
    ],
    defaultButton: 0
  });
  return result.button.accept;
}

/** Whether to stage a file that was to be opened but is on tape. */
export async function askStage(
  name: string,
  trans: TranslationBundle
): Promise<boolean> {
  const result = await showDialog({
    title: trans.__('“%1” is on tape', name),
    body: trans.__(
      'Its only copy is on tape, and reading it would wait for minutes to hours. Stage it: dCache brings it to disk in the background, and then it opens at once.'
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Stage') })
    ]
  });
  return result.button.accept;
}

/** What is done with a file that is too large for an editor. */
export type LargeChoice = 'code' | 'download' | 'copy';

/** What to do with a file that is too large for an editor; null when cancelled. */
export async function askLarge(
  entry: Pick<IEntry, 'name' | 'size'>,
  limit_bytes: number,
  trans: TranslationBundle
): Promise<LargeChoice | null> {
  const button = (label: string, choice: LargeChoice): Dialog.IButton =>
    Dialog.createButton({ label, actions: [choice], accept: true });
  const result = await showDialog({
    title: trans.__('“%1” is too large to open', entry.name),
    body: trans.__(
      'It has %1, more than the %2 that are opened here (a setting of “dCache files”). Code in a notebook reads as much of it as it needs.',
      formatBytes(entry.size ?? 0),
      formatBytes(limit_bytes)
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      button(trans.__('Download'), 'download'),
      button(trans.__('Copy to workspace'), 'copy'),
      button(trans.__('Insert code'), 'code')
    ]
  });
  const [choice] = result.button.actions;
  return result.button.accept ? (choice as LargeChoice) : null;
}
