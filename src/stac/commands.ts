/** What can be done with STAC catalogs and their items: labels, when, and which arguments. */
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  codeIcon,
  copyIcon,
  downloadIcon,
  saveIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import { tapeIcon } from '../common/localityicons';
import type { StacActions } from './actions';
import type { ISource } from './hrefs';
import { stacIcon } from './icons';
import { CommandIDs } from './ids';
import type { ISearchFields } from './search';
import type { TabState } from './state';
import { schema, TARGET, targetOf, type ITarget } from './targets';

export interface ICommandOptions {
  commands: CommandRegistry;
  /** What does the work, loaded when it is first needed. */
  actions: () => Promise<StacActions>;
  /** Whether a file may be opened as a catalog without being asked to. */
  isWanted: (source: ISource) => boolean;
  trans: TranslationBundle;
  /** What the tab in front shows. */
  current: () => TabState | null;
  /** Show a catalog, collection or item in a tab. */
  open: (source: ISource) => Promise<void>;
  /** Show a search in a tab, which is given back: it takes the launcher's place. */
  search: (fields: Partial<ISearchFields>) => Promise<Widget>;
  /** Ask for an address; null when cancelled. */
  askHref: () => Promise<string | null>;
  /** What is selected in the dCache panel; null: no one file. */
  selectedFile: () => ISource | null;
}

/** Add the commands. Without arguments they act on what is selected in the STAC tab in front. */
export function addCommands(options: ICommandOptions): void {
  const { actions, commands, current, trans } = options;

  commands.addCommand(CommandIDs.open, {
    label: args =>
      args.isMenu
        ? trans.__('Open as STAC Catalog')
        : trans.__('Open STAC Catalog…'),
    caption: trans.__('Show a STAC catalog, collection or item'),
    icon: stacIcon,
    isEnabled: args => !args.isMenu || options.selectedFile() !== null,
    isVisible: args => !args.isMenu || options.selectedFile() !== null,
    describedBy: schema({
      href: {
        type: 'string',
        description:
          'Address of its JSON: dcache:///…, workspace:/… or https://…; asked for if left out.'
      },
      endpoint: TARGET.endpoint,
      isMenu: {
        type: 'boolean',
        description: 'What is selected in the dCache panel.'
      },
      isGuess: {
        type: 'boolean',
        description:
          'Only if it is one and the settings say so; the result tells whether it was opened.'
      }
    }),
    execute: async args => {
      const given = sourceOf(args);
      const source = args.isMenu ? options.selectedFile() : given;
      if (source !== null && args.isGuess) {
        return options.isWanted(source) &&
          (await (await actions()).isStac(source))
          ? options.open(source).then(() => true)
          : false;
      }
      const href = source === null ? await options.askHref() : null;
      const wanted =
        source ?? (href === null ? null : { href, endpoint: null });
      if (wanted !== null) {
        await options.open(wanted);
      }
      return wanted !== null;
    }
  });

  commands.addCommand(CommandIDs.search, {
    label: trans.__('STAC Search'),
    caption: trans.__('Search a STAC API for images and other data'),
    icon: stacIcon,
    describedBy: schema({
      url: {
        type: 'string',
        description: 'Address of the API; chosen in the tab if left out.'
      },
      fields: {
        type: 'object',
        description: 'What the form holds to begin with.'
      }
    }),
    execute: async args => {
      const fields = (args.fields ?? {}) as Partial<ISearchFields>;
      return options.search(
        typeof args.url === 'string' ? { ...fields, url: args.url } : fields
      );
    }
  });

  /** A command on items. */
  const add = (
    id: string,
    words: { label: string; caption: string },
    icon: CommandRegistry.ICommandOptions['icon'],
    execute: (actions: StacActions, target: ITarget) => Promise<void>
  ): void => {
    commands.addCommand(id, {
      ...words,
      icon,
      isEnabled: args => targetOf(args, current()) !== null,
      describedBy: schema(TARGET),
      execute: async args => {
        const target = targetOf(args, current());
        if (target !== null) {
          await execute(await actions(), target);
        }
      }
    });
  };

  add(
    CommandIDs.insertCode,
    {
      label: trans.__('Insert Code'),
      caption: trans.__(
        'Put code into the notebook that opens these items as a stack'
      )
    },
    codeIcon,
    (actions, target) => actions.insertCode(target)
  );
  add(
    CommandIDs.copyCode,
    {
      label: trans.__('Copy Code'),
      caption: trans.__('Copy code that opens these items as a stack')
    },
    copyIcon,
    async (actions, target) => {
      await actions.prepare();
      Clipboard.copyToSystem(actions.code(target));
    }
  );
  add(
    CommandIDs.copyAssets,
    {
      label: trans.__('Copy Assets…'),
      caption: trans.__(
        'Copy files of these items to dCache, with a catalog of them'
      )
    },
    copyIcon,
    (actions, target) => actions.copyAssets(target)
  );
  add(
    CommandIDs.saveCatalog,
    {
      label: trans.__('Save as Catalog in dCache…'),
      caption: trans.__(
        'Write a catalog of these items to dCache; their files stay where they are'
      )
    },
    saveIcon,
    (actions, target) => actions.saveCatalog(target)
  );
  add(
    CommandIDs.stage,
    {
      label: trans.__('Stage from Tape'),
      caption: trans.__('Bring the files of these items from tape to disk')
    },
    tapeIcon,
    (actions, target) => actions.stage(target)
  );
  add(
    CommandIDs.download,
    {
      label: trans.__('Download'),
      caption: trans.__('Save the files of these items on this computer')
    },
    downloadIcon,
    (actions, target) => actions.download(target)
  );

  commands.addCommand(CommandIDs.copyHref, {
    label: trans.__('Copy Address'),
    caption: trans.__('Copy the address to the clipboard'),
    icon: copyIcon,
    isEnabled: args =>
      typeof args.href === 'string' || targetOf(args, current()) !== null,
    describedBy: schema({
      href: {
        type: 'string',
        description: 'The address; those of the selected items if left out.'
      }
    }),
    execute: args => {
      const target = targetOf({}, current());
      const hrefs =
        typeof args.href === 'string'
          ? [args.href]
          : target?.items
            ? target.items.map(({ href }) => href)
            : target
              ? [target.source.href]
              : [];
      if (hrefs.length > 0) {
        Clipboard.copyToSystem(hrefs.join('\n'));
      }
    }
  });
}

/** Commands whose state depends on what is selected. */
export const ON_ITEMS: readonly string[] = [
  CommandIDs.insertCode,
  CommandIDs.copyCode,
  CommandIDs.copyAssets,
  CommandIDs.saveCatalog,
  CommandIDs.stage,
  CommandIDs.download,
  CommandIDs.copyHref
];

function sourceOf(args: ReadonlyPartialJSONObject): ISource | null {
  return typeof args.href === 'string'
    ? {
        href: args.href,
        endpoint: (args.endpoint as string | undefined) ?? null
      }
    : null;
}
