/** What can be done with the examples: one is copied into the workspace and opened. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { tell } from '../common/notice';
import { ApiError } from '../common/request';
import { besidePath, workspacePath } from '../common/workspace';
import type { IExamplesApi } from './api';
import { iconOf } from './icons';
import { CommandIDs } from './ids';

export interface ICommandOptions {
  commands: CommandRegistry;
  api: IExamplesApi;
  contents: Pick<Contents.IManager, 'driveName' | 'localPath'>;
  /** The folder that Lab's file browser shows, with its drive; there new notebooks go. */
  currentFolder: () => string;
  /** Show a notebook of the workspace; gives its widget, which takes the launcher's place. */
  openDocument: (path: string) => Promise<unknown>;
  trans: TranslationBundle;
}

/** Add the command. Label and caption are those of the example that its arguments name. */
export function addCommands(options: ICommandOptions): void {
  const { commands, api, contents, currentFolder, openDocument, trans } =
    options;
  commands.addCommand(CommandIDs.open, {
    label: args =>
      typeof args.title === 'string' ? args.title : trans.__('Open Example…'),
    caption: args =>
      typeof args.caption === 'string'
        ? args.caption
        : trans.__('Copy an example notebook into the workspace and open it'),
    icon: args => iconOf(String(args.name)),
    isEnabled: args => typeof args.name === 'string',
    describedBy: {
      args: {
        type: 'object',
        required: ['name'],
        properties: {
          name: {
            type: 'string',
            description: 'Of the example, as the REST contract lists it.'
          },
          title: { type: 'string', description: 'Label of the command.' },
          caption: { type: 'string', description: 'Caption of the command.' },
          cwd: {
            type: 'string',
            description:
              'Folder of the workspace that it is copied to; that of the file browser if left out.'
          }
        }
      }
    },
    execute: async args => {
      const name = String(args.name);
      // The palette names no folder, as the launcher does.
      const cwd = typeof args.cwd === 'string' ? args.cwd : currentFolder();
      // Other drives keep no notebooks that kernels of this server could run beside their files.
      const folder = workspacePath(cwd, contents) ?? '';
      try {
        let copy = await api.open(name, folder, false);
        if (copy.state === 'changed') {
          const choice = await ask(copy.path, trans);
          if (choice === null) {
            return;
          }
          copy =
            choice === 'another' ? await api.open(name, folder, true) : copy;
        }
        return await openDocument(besidePath(copy.path, cwd, contents));
      } catch (reason) {
        const { text } = ApiError.from(reason);
        tell(trans.__('The example was not opened: %1', text), 'error', {
          autoClose: false
        });
      }
    }
  });
}

/** Which of two notebooks is meant: the user's own, or a new copy. */
async function ask(
  path: string,
  trans: TranslationBundle
): Promise<'own' | 'another' | null> {
  const { button } = await showDialog({
    title: trans.__('You have changed this example'),
    body: trans.__(
      '%1 is no longer as the example was. Open it, or a new copy beside it?',
      path
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({
        label: trans.__('Open New Copy'),
        actions: ['another']
      }),
      Dialog.okButton({ label: trans.__('Open Mine') })
    ]
  });
  if (!button.accept) {
    return null;
  }
  return button.actions.includes('another') ? 'another' : 'own';
}
