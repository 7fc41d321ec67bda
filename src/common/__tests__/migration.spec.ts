/** Settings of earlier days, and of dask-labextension. */
import { Notification } from '@jupyterlab/apputils';
import {
  SettingRegistry,
  type ISettingRegistry
} from '@jupyterlab/settingregistry';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import {
  MIGRATIONS,
  migrate,
  migrateText,
  parseSettings,
  plotsOfTheirs
} from '../migration';
import { THEIRS, takeOver } from '../takeover';

const schema = jest.requireActual<ISettingRegistry.ISchema>(
  '../../../schema/dashboards.json'
);
const markSchema = jest.requireActual<ISettingRegistry.ISchema>(
  '../../../schema/settings-migration.json'
);
const OURS = 'jupyterlab-rsdat:dashboards';
const MARK = 'jupyterlab-rsdat:settings-migration';
const SCHEMAS: Record<string, ISettingRegistry.ISchema> = {
  [OURS]: schema,
  [MARK]: markSchema
};
const THEIR_LAYOUT = {
  'individual-task-stream': { mode: 'split-right', ref: null },
  'individual-workers-cpu-timeseries': {
    mode: 'split-bottom',
    ref: 'individual-task-stream'
  }
};
const PLOTS = ['Task Stream', 'Workers CPU Timeseries'];

it.each([
  ['{}', {}],
  ['{"a": "// no comment, }"}', { a: '// no comment, }' }],
  ['// said\n{\n  /* twice\n */ "a": [1, 2,],\n}', { a: [1, 2] }],
  ['{"a": "\\"/*", "b": 1 /* x */}', { a: '"/*', b: 1 }],
  ['[]', null],
  ['{', null],
  ['', null]
])('reads %j', (raw, parsed) => expect(parseSettings(raw)).toEqual(parsed));

describe('migrate', () => {
  const migration = {
    plugin: 'p',
    renamed: { old: 'name' },
    changed: { size: (value: unknown) => (value === 'big' ? 9 : value) as 9 }
  };

  it.each([
    [
      { old: 1, other: 2 },
      { name: 1, other: 2 }
    ],
    [{ old: 1, name: 3 }, { name: 3 }],
    [{ size: 'big' }, { size: 9 }]
  ])('%j', (user, now) => expect(migrate(user, migration)).toEqual(now));

  it('leaves alone what is not old, to the letter', () => {
    const user = { name: 1, size: 3 };
    expect(migrate(user, migration)).toBe(user);
    const raw = '{"name": 1, /* mine */ "size": 3}';
    expect(migrateText(raw, migration)).toBe(raw);
    expect(migrateText('{ broken', migration)).toBe('{ broken');
  });
});

it('calls the plots of dask-labextension as ours are called', () => {
  expect(plotsOfTheirs(THEIR_LAYOUT)).toEqual(PLOTS);
  expect(plotsOfTheirs(undefined)).toEqual([]);
});

/** Lab's own registry, on texts in memory, into which it also writes. */
async function aRegistry(
  raw: Record<string, string>
): Promise<ISettingRegistry> {
  const fetch = async (id: string): Promise<ISettingRegistry.IPlugin> => ({
    id,
    raw: raw[id] ?? '{}',
    version: '1',
    schema: SCHEMAS[id] ?? { type: 'object' },
    data: { composite: {}, user: {} }
  });
  const registry = new SettingRegistry({
    connector: {
      fetch,
      save: async (id: string, text: string) => void (raw[id] = text)
    } as never
  });
  for (const each of MIGRATIONS) {
    registry.transform(each.plugin, {
      fetch: plugin => ({ ...plugin, raw: migrateText(plugin.raw, each) })
    });
  }
  return registry;
}

it('is what Lab’s registry takes', async () => {
  for (const text of [
    JSON.stringify({ defaultLayout: THEIR_LAYOUT }),
    JSON.stringify({ layout: THEIR_LAYOUT }),
    JSON.stringify({ layout: PLOTS })
  ]) {
    const registry = await aRegistry({ [OURS]: text });
    const { user } = (await registry.load(OURS)).get('layout');
    expect(user).toEqual(PLOTS);
  }
});

describe('what dask-labextension was told', () => {
  /** In a page of its own, with what the user's settings are. */
  const take = async (texts: Record<string, string>): Promise<unknown> => {
    const registry = await aRegistry(texts);
    const trans = nullTranslator.load('jupyterlab_rsdat');
    await takeOver({ registry, commands: new CommandRegistry(), trans });
    return (await registry.load(OURS)).get('layout').user;
  };
  const theirs = { [THEIRS]: JSON.stringify({ defaultLayout: THEIR_LAYOUT }) };
  const told = (): number => Notification.manager.notifications.length;

  afterEach(() => Notification.dismiss());

  it('is taken over once, in whichever workspace, and said', async () => {
    const texts: Record<string, string> = { ...theirs };
    expect(await take(texts)).toEqual(PLOTS);
    expect(told()).toBe(1);
    // The user went back to our defaults: all settings of that plugin are gone.
    delete texts[OURS];
    expect(await take(texts)).toBeUndefined();
    expect(told()).toBe(1);
  });

  it('gives way to what was chosen here; their default is nobody’s choice', async () => {
    const own = { [OURS]: JSON.stringify({ layout: ['Progress'] }) };
    expect(await take({ ...theirs, ...own })).toEqual(['Progress']);
    expect(await take({})).toBeUndefined();
    expect(told()).toBe(0);
  });
});
