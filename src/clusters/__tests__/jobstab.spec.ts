/** The tab with the jobs of one cluster: what it is called. */
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { JobTables } from '../jobs/tables';
import { createJobsTab } from '../jobs/tab';
import { ClusterModel } from '../model';
import { FakeApi, aCluster, aList, settle } from './samples';

const trans = nullTranslator.load('jupyterlab_rsdat');

it('a tab of jobs keeps the name of its cluster, also of one that is gone', async () => {
  const api = new FakeApi();
  const model = new ClusterModel({ api });
  const tab = createJobsTab({
    model,
    tables: new JobTables(model, trans),
    cluster: 'c-1',
    name: 'sunny',
    commands: new CommandRegistry(),
    translator: nullTranslator
  });
  expect(tab.title.label).toBe('Jobs of sunny');
  const tell = async (name?: string): Promise<void> => {
    void model.refresh();
    const clusters = name === undefined ? [] : [aCluster({ id: 'c-1', name })];
    api.lists.pop()!.resolve(aList(...clusters));
    await settle();
  };
  await tell();
  expect(tab.title.label).toBe('Jobs of sunny');
  await tell('rainy');
  expect(tab.title.label).toBe('Jobs of rainy');
  // What is kept for the next time.
  expect(tab.title.caption).toBe('rainy');
  tab.dispose();
  model.dispose();
});
