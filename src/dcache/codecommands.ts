/** What goes from the panel into a notebook or the clipboard: paths, URLs, code. */
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { codeIcon, copyIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { asked } from '../common/asked';
import { tell } from '../common/notice';
import { ApiError } from '../common/request';
import { readCode, urlOf } from './code';
import { CommandIDs } from './ids';
import type { DCacheModel } from './model';
import { ENDPOINT, PATHS, schema, type Targets } from './targets';

export interface ICodeCommandOptions {
  commands: CommandRegistry;
  model: DCacheModel;
  targets: Targets;
  trans: TranslationBundle;
  /** Put code into the open notebook; false when none takes it. */
  insertCode: (code: string) => boolean;
}

export function addCodeCommands(options: ICodeCommandOptions): void {
  const { commands, model, targets, trans } = options;
  const isAny = targets.when(count => count > 0);
  const describedBy = schema({ endpoint: ENDPOINT, paths: PATHS });

  const codeOf = async (args: ReadonlyPartialJSONObject): Promise<string> => {
    const entries = await targets.entries(args);
    const endpoint = targets.endpoint(args);
    return entries.length > 0 && isText(entries.map(({ path }) => path))
      ? readCode(entries, model.isDefault(endpoint) ? null : endpoint)
      : '';
  };

  const lines = async (
    args: ReadonlyPartialJSONObject,
    line = (path: string): string => path
  ): Promise<string> => {
    const paths = await targets.paths(args);
    return isText(paths) ? paths.map(line).join('\n') : '';
  };

  commands.addCommand(CommandIDs.copyPath, {
    label: trans.__('Copy Path'),
    caption: trans.__('Copy the path to the clipboard'),
    icon: copyIcon,
    isEnabled: isAny,
    describedBy,
    execute: async args => copy(await lines(args))
  });

  commands.addCommand(CommandIDs.copyUrl, {
    label: trans.__('Copy fsspec URL'),
    caption: trans.__('Copy the URL by which fsspec opens it'),
    icon: copyIcon,
    isEnabled: isAny,
    describedBy,
    execute: async args => copy(await lines(args, urlOf))
  });

  commands.addCommand(CommandIDs.copyCode, {
    label: trans.__('Copy Code'),
    caption: trans.__('Copy code that reads the file'),
    icon: copyIcon,
    isEnabled: isAny,
    describedBy,
    execute: async args => copy(await codeOf(args))
  });

  commands.addCommand(CommandIDs.insertCode, {
    label: trans.__('Insert Code'),
    caption: trans.__('Put code that reads the file into the notebook'),
    icon: codeIcon,
    isEnabled: isAny,
    describedBy,
    execute: async args => {
      const code = await codeOf(args);
      if (code && !options.insertCode(code)) {
        Clipboard.copyToSystem(code);
        tell(
          trans.__(
            'No notebook is open that takes code. The code is on the clipboard instead.'
          ),
          'info'
        );
      }
    }
  });
}

/** Whether all paths can be written down; the first that can't is told, and why. */
function isText(paths: readonly string[]): boolean {
  try {
    paths.forEach(asked);
    return true;
  } catch (reason) {
    tell(ApiError.from(reason).text, 'error', { autoClose: false });
    return false;
  }
}

/** Nothing, where a selection was given up, leaves what is on the clipboard. */
function copy(text: string): void {
  if (text) {
    Clipboard.copyToSystem(text);
  }
}
