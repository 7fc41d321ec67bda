/** All commands of all plugins: what Lab's palette, menus, shortcut editor and other programs read of them. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import type { JSONObject, Token } from '@lumino/coreutils';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import plugins, { ICompanion } from '../index';

interface IFiles {
  readdirSync: (folder: string) => string[];
  readFileSync: (name: string, encoding: 'utf-8') => string;
}

const { readdirSync, readFileSync } = jest.requireActual<IFiles>('fs');

/** What a schema file says of menus, toolbars and shortcuts. */
interface ISchema {
  title: string;
  description: string;
  properties: Record<string, { title?: string; description?: string }>;
  'jupyter.lab.menus'?: {
    main?: { items: IEntry[] }[];
    context?: IEntry[];
  };
  'jupyter.lab.toolbars'?: Record<string, IEntry[]>;
  'jupyter.lab.shortcuts'?: IEntry[];
}

interface IEntry {
  command?: string;
  args?: JSONObject;
  items?: IEntry[];
}

/** Below jest's root folder, in which the tests run. */
const schemas = readdirSync('schema').map(
  name =>
    [
      name,
      JSON.parse(readFileSync(`schema/${name}`, 'utf-8')) as ISchema
    ] as const
);

/** Not in the palette: they need to be told what they are for, or answer programs. */
const TOLD: readonly string[] = [
  'dask:populate-and-launch-layout',
  'rsdat:list-connected-notebooks',
  'rsdat:open-example',
  'rsdat-dcache:remove-tape-order',
  'rsdat-transfers:answer',
  'rsdat-transfers:cancel',
  'rsdat-transfers:forget',
  'rsdat-transfers:retry'
];

/** What our plugins ask of Lab's; everything else they can do without. */
function aLab() {
  const commands = new CommandRegistry();
  const palette: IEntry[] = [];
  const launcher: IEntry[] = [];
  const signals: Record<string, Signal<unknown, unknown>> = {};
  const signal = (name: string): Signal<unknown, unknown> =>
    (signals[name] ??= new Signal<unknown, unknown>({}));
  const app = {
    commands,
    contextMenu: { menu: { aboutToClose: signal('menu') } },
    docRegistry: {
      addWidgetFactory: jest.fn(),
      getFileTypesForPath: () => []
    },
    hasPlugin: () => false,
    restored: Promise.resolve(),
    serviceManager: {
      contents: { addDrive: jest.fn(), fileChanged: signal('file') },
      events: { stream: signal('events') },
      serverSettings: ServerConnection.makeSettings({
        fetch: ((request: Request) =>
          Promise.resolve(
            request.url.includes('/api/info')
              ? new Response('{"version": "1"}')
              : new Response('', { status: 503 })
          )) as never
      })
    },
    shell: { add: jest.fn(), currentChanged: signal('current') }
  };
  const known = new Map<Token<unknown>, unknown>([
    [ITranslator, nullTranslator],
    [ICommandPalette, { addItem: (item: IEntry) => palette.push(item) }],
    [
      ILauncher,
      {
        add: (item: IEntry) => {
          launcher.push(item);
          return new DisposableDelegate(() => undefined);
        }
      }
    ],
    [ISettingRegistry, { load: () => Promise.reject(), transform: jest.fn() }],
    [
      INotebookTracker,
      {
        currentWidget: null,
        activeCell: null,
        forEach: jest.fn(),
        widgetAdded: signal('added'),
        widgetUpdated: signal('updated'),
        currentChanged: signal('notebook'),
        activeCellChanged: signal('cell')
      }
    ]
  ]);
  return { app, commands, known, launcher, palette };
}

/** Activate all plugins, each after those that it needs. */
async function activate(): Promise<ReturnType<typeof aLab>> {
  const lab = aLab();
  const left = new Set(plugins);
  const isKnown = (token: Token<unknown>): boolean =>
    lab.known.has(token) ||
    ![...left].some(({ provides }) => provides === token);
  while (left.size > 0) {
    const next = [...left].find(({ optional = [], requires = [] }) =>
      [...requires, ...optional].every(isKnown)
    );
    if (!next) {
      throw new Error('The plugins need one another.');
    }
    left.delete(next);
    const { optional = [], provides, requires = [] } = next;
    const parts = [...requires, ...optional].map(
      token => lab.known.get(token) ?? null
    );
    const made = await next.activate(
      lab.app as unknown as JupyterFrontEnd,
      ...parts
    );
    if (provides) {
      lab.known.set(provides, made);
    }
  }
  // The launcher's cards come with the companion's answer.
  await (lab.known.get(ICompanion) as ICompanion).check();
  return lab;
}

describe('all commands', () => {
  let lab: ReturnType<typeof aLab>;
  let ids: string[];

  beforeAll(async () => {
    lab = await activate();
    ids = lab.commands.listCommands();
  });

  /** Every entry of all schemas that names a command of ours. */
  const entries = (): [string, IEntry][] =>
    schemas.flatMap(([file, schema]) => {
      const found: IEntry[] = [];
      const walk = (list: readonly IEntry[] = []): void =>
        list.forEach(entry => {
          found.push(entry);
          walk(entry.items);
        });
      const { main, context } = schema['jupyter.lab.menus'] ?? {};
      main?.forEach(({ items }) => walk(items));
      walk(context);
      walk(schema['jupyter.lab.shortcuts']);
      Object.values(schema['jupyter.lab.toolbars'] ?? {}).forEach(walk);
      return found
        .filter(({ command }) => command !== undefined)
        .map(entry => [file, entry] as [string, IEntry]);
    });

  it('are there', () => {
    expect(ids.length).toBeGreaterThan(50);
    expect(ids.filter(id => !/^rsdat(-[a-z]+)?:[a-z-]+$/.test(id))).toEqual([
      'dask:populate-and-launch-layout'
    ]);
  });

  it('have a label and a caption that says more', () => {
    for (const id of ids) {
      const [label, caption] = [
        lab.commands.label(id),
        lab.commands.caption(id)
      ];
      expect({ id, label, caption, isSame: label === caption }).toEqual({
        id,
        label: expect.stringMatching(/\p{L}/u),
        caption: expect.stringMatching(/\p{L}/u),
        isSame: false
      });
    }
  });

  it('describe their arguments', async () => {
    for (const id of ids) {
      const { args } = await lab.commands.describedBy(id);
      expect({ id, args }).toMatchObject({ id, args: { type: 'object' } });
      const { properties = {}, required = [] } = args as {
        properties?: Record<string, JSONObject>;
        required?: string[];
      };
      for (const [name, property] of Object.entries(properties)) {
        const isTyped = 'type' in property || 'oneOf' in property;
        expect([id, name, isTyped]).toEqual([id, name, true]);
      }
      expect(Object.keys(properties)).toEqual(expect.arrayContaining(required));
    }
  });

  it('are in the palette, in a category, unless they must be told what for', () => {
    const listed = new Set(lab.palette.map(({ command }) => command));
    expect(ids.filter(id => !listed.has(id) && !TOLD.includes(id))).toEqual([]);
    for (const item of lab.palette as { category?: string }[]) {
      expect(item.category).toMatch(/\p{L}/u);
    }
  });

  it('are known to every menu, toolbar and shortcut that names them', () => {
    for (const [file, { args, command }] of entries()) {
      if (command!.startsWith('rsdat')) {
        expect([file, command, ids.includes(command!)]).toEqual([
          file,
          command,
          true
        ]);
        expect(lab.commands.label(command!, args)).toMatch(/\p{L}/u);
      }
    }
  });

  it('have an icon in launcher and toolbars', () => {
    const shown = [
      ...lab.launcher,
      ...schemas.flatMap(([, schema]) =>
        Object.values(schema['jupyter.lab.toolbars'] ?? {}).flat()
      )
    ].filter(({ command }) => command !== undefined);
    expect(lab.launcher.length).toBeGreaterThan(0);
    for (const { args, command } of shown) {
      const icon = lab.commands.icon(command!, args);
      expect([command, icon instanceof LabIcon]).toEqual([command, true]);
    }
  });

  it('have icons that follow the theme', () => {
    for (const id of ids) {
      const icon = lab.commands.icon(id, { name: 'galaxy' });
      if (
        icon instanceof LabIcon &&
        icon.name.startsWith('jupyterlab-rsdat:')
      ) {
        expect([id, icon.svgstr]).toEqual([
          id,
          expect.stringMatching(/class="jp-icon/)
        ]);
      }
    }
  });
});

describe.each(schemas)('the settings in %s', (_, schema) => {
  it('have words for all that one may choose', () => {
    expect(schema.title).toMatch(/\p{L}/u);
    expect(schema.description).toMatch(/\p{L}/u);
    for (const [name, property] of Object.entries(schema.properties)) {
      expect([name, property]).toEqual([
        name,
        expect.objectContaining({
          title: expect.stringMatching(/\p{L}/u),
          description: expect.stringMatching(/\p{L}/u),
          default: expect.anything()
        })
      ]);
    }
  });
});

it('has a plugin for every schema', () => {
  const ids = plugins.map(({ id }) => id);
  for (const [name] of schemas) {
    expect(ids).toContain(`jupyterlab-rsdat:${name.replace(/\.json$/, '')}`);
  }
});
