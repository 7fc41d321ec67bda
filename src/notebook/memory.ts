/** What a notebook remembers in its metadata: the id and the name of its cluster, nothing else. */
import type { INotebookModel } from '@jupyterlab/notebook';
import type { IKnownCluster } from './link';

/** The part of the metadata that is ours: `{"rsdat": {"cluster": {"id": …, "name": …}}}`. */
const KEY = 'rsdat';

type IRemembering = Pick<
  INotebookModel,
  'getMetadata' | 'setMetadata' | 'deleteMetadata' | 'readOnly'
>;

/** The cluster that the notebook remembers; null for none, and for what is not ours. */
export function remembered(notebook: IRemembering): IKnownCluster | null {
  const cluster = ours(notebook).cluster as Partial<IKnownCluster> | undefined;
  const { id, name } = cluster ?? {};
  return typeof id === 'string' && typeof name === 'string'
    ? { id, name }
    : null;
}

/** Remember a cluster. The notebook is changed only if it remembers another one. */
export function remember(notebook: IRemembering, cluster: IKnownCluster): void {
  const { id, name } = cluster;
  const before = remembered(notebook);
  if (notebook.readOnly || (before?.id === id && before.name === name)) {
    return;
  }
  notebook.setMetadata(KEY, { ...ours(notebook), cluster: { id, name } });
}

/** Remember none. */
export function forget(notebook: IRemembering): void {
  if (notebook.readOnly || remembered(notebook) === null) {
    return;
  }
  const rest = { ...ours(notebook) };
  delete rest.cluster;
  if (Object.keys(rest).length > 0) {
    notebook.setMetadata(KEY, rest);
  } else {
    notebook.deleteMetadata(KEY);
  }
}

function ours(notebook: IRemembering): Record<string, unknown> {
  const value: unknown = notebook.getMetadata(KEY);
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : {};
}
