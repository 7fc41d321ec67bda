/** Which tokens our plugins require: one that is missing makes a page complain of us. */
import plugins from '..';

/** What JupyterLab, Notebook 7 and every other Jupyter front end provide on every page. */
const EVERYWHERE = [
  '@jupyterlab/coreutils:ISettingRegistry',
  '@jupyterlab/translation:ITranslator'
];

it.each(plugins.map(plugin => [plugin.id, plugin] as const))(
  '%s requires nothing that only JupyterLab has',
  (_, { requires }) => {
    const foreign = (requires ?? [])
      .map(({ name }) => name)
      .filter(name => !name.startsWith('jupyterlab-rsdat:'));
    expect(EVERYWHERE).toEqual(expect.arrayContaining(foreign));
  }
);
