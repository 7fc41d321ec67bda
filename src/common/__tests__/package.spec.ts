/** The ranges that decide which Lab loads the extension. */
const { dependencies } = jest.requireActual<{
  dependencies: Record<string, string>;
}>('../../../package.json');

/** First versions of the packages in JupyterLab 4.2, the oldest Lab we load in. */
const FLOORS: Record<string, string> = {
  '@jupyterlab/apputils': '^4.3.0',
  '@jupyterlab/coreutils': '^6.2.0',
  '@jupyterlab/services': '^7.2.0',
  react: '^18.2.0',
  'react-dom': '^18.2.0'
};

/** What Lab has; the rest is in our own files. */
const shared = Object.entries(dependencies).filter(([name]) =>
  /^(@jupyterlab|@lumino)\/|^react/.test(name)
);

it.each(shared)('%s may be %s', (name, range) => {
  const family = name.startsWith('@lumino/') ? '^2.0.0' : '^4.2.0';
  expect(range).toBe(FLOORS[name] ?? family);
});
