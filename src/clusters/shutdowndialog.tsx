/** The dialog before a cluster is shut down: who is connected, and what would be lost. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import {
  connectedNotebooks,
  type IConnectedNotebook
} from '../common/connected';
import { ApiError } from '../common/request';
import type { IClients, ICluster } from '../common/types';
import { formatBytes } from '../common/units';
import type { IClustersApi } from './api';
import { isAttached } from './status';

/** So long a scheduler may take to tell where no question stands there yet. */
const ASKED_MS = 4_000;

export interface IShutdownOptions {
  api: Pick<IClustersApi, 'clients'>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** Ask; false when cancelled. */
export async function askShutdown(
  cluster: ICluster,
  options: IShutdownOptions
): Promise<boolean> {
  const { trans } = options;
  const isOthers = isAttached(cluster);
  const result = await showDialog({
    title: isOthers
      ? trans.__('Detach %1?', cluster.name)
      : trans.__('Shut down %1?', cluster.name),
    body: isOthers
      ? trans.__('It leaves this list. Its scheduler and workers go on.')
      : ReactWidget.create(<Losses {...options} cluster={cluster} />),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({
        label: isOthers ? trans.__('Detach') : trans.__('Shut down')
      })
    ]
  });
  return result.button.accept;
}

/**
 * Ask before several are shut down, if one of them may be of use to anybody: clients, tasks that run or
 * wait (also those that nobody is connected for), results, or a scheduler that does not tell.
 *
 * @returns False when cancelled; true also where nothing is to be asked.
 */
export async function askShutdownAll(
  clusters: readonly ICluster[],
  options: IShutdownOptions
): Promise<boolean> {
  const { trans } = options;
  const ours = clusters.filter(cluster => !isAttached(cluster));
  const all = await Promise.all(
    ours.map(async cluster => {
      const { use, words } = await lossesOf(cluster, options, ASKED_MS);
      return { cluster, use, words };
    })
  );
  const used = all.filter(({ use }) => use !== 'none');
  if (used.length === 0) {
    return true;
  }
  const result = await showDialog({
    title: used.every(({ use }) => use === 'some')
      ? trans._n('%1 cluster is in use', '%1 clusters are in use', used.length)
      : trans._n(
          '%1 cluster may be in use',
          '%1 clusters may be in use',
          used.length
        ),
    body: ReactWidget.create(
      <div className="jp-rsdat-Losses">
        {used.map(({ cluster, words }) => (
          <section key={cluster.id} aria-label={cluster.name}>
            <p>
              <strong>{cluster.name}</strong>
            </p>
            {words.map(line => (
              <p key={line}>{line}</p>
            ))}
          </section>
        ))}
      </div>
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Shut down all') })
    ]
  });
  return result.button.accept;
}

interface ILosses {
  /** Whether anybody would miss something. */
  use: 'none' | 'some' | 'unknown';
  /** That in words, a line each. */
  words: string[];
}

/** Without a scheduler nobody is connected, and nothing runs. */
const NO_SCHEDULER: ILosses = { use: 'none', words: [] };

/** What a scheduler says, and the notebooks of this page. */
async function lossesOf(
  cluster: ICluster,
  { api, commands, trans }: IShutdownOptions,
  limit_ms?: number
): Promise<ILosses> {
  if (cluster.state === 'starting' || !cluster.connection) {
    return NO_SCHEDULER;
  }
  const [clients, notebooks] = await Promise.all([
    api
      .clients(cluster.id, limit_ms)
      .catch(reason =>
        ApiError.from(reason).code === 'scheduler_not_up' ? undefined : null
      ),
    connectedNotebooks(commands, cluster.id)
  ]);
  if (clients === undefined) {
    return NO_SCHEDULER;
  }
  return {
    use: clients ? useOf(clients) : notebooks.length > 0 ? 'some' : 'unknown',
    words: lossWords(clients, notebooks, trans)
  };
}

/** Tasks count without a client, too: what nobody waits for may write files. */
function useOf({ clients, tasks }: IClients): 'none' | 'some' {
  const { in_memory, processing, waiting } = tasks;
  const isUsed = clients.length + in_memory + processing + waiting > 0;
  return isUsed ? 'some' : 'none';
}

/** Does not wait for a scheduler that is slow to answer: the question can be answered before. */
function Losses(props: IShutdownOptions & { cluster: ICluster }): JSX.Element {
  const { cluster, trans } = props;
  const [words, setWords] = React.useState<string[]>([]);
  React.useEffect(() => {
    let isGone = false;
    void lossesOf(cluster, props).then(({ words }) => {
      if (!isGone) {
        setWords(words);
      }
    });
    return () => {
      isGone = true;
    };
  }, []);
  return (
    <div className="jp-rsdat-Losses">
      <p>{endWords(cluster, trans)}</p>
      <div role="status">
        {words.map(line => (
          <p key={line}>{line}</p>
        ))}
      </div>
    </div>
  );
}

/** What ends, whoever is connected. */
function endWords(cluster: ICluster, trans: TranslationBundle): string {
  const { connected } = cluster.workers;
  return connected > 0
    ? trans._n(
        'Its scheduler and its %1 worker end. Results that are only in its memory are lost; files stay.',
        'Its scheduler and its %1 workers end. Results that are only in their memory are lost; files stay.',
        connected
      )
    : trans.__('Its scheduler ends, and its jobs leave the queue.');
}

/**
 * Who is connected and what would be lost, a line each.
 *
 * @param clients - What the scheduler says; null where it was asked and does not.
 * @param notebooks - Those of this page.
 */
export function lossWords(
  clients: IClients | null,
  notebooks: readonly IConnectedNotebook[],
  trans: TranslationBundle
): string[] {
  // What a kernel said some time ago is true only if the scheduler says the same.
  const here = notebooks.filter(
    each =>
      clients === null || each.clients.some(id => clients.clients.includes(id))
  );
  const ids = here.flatMap(each => each.clients);
  const others = (clients?.clients ?? []).filter(id => !ids.includes(id));
  const who = here.map(({ path }) => path);
  if (others.length > 0) {
    who.push(
      here.length > 0
        ? trans._n('%1 other client', '%1 other clients', others.length)
        : trans._n('%1 client', '%1 clients', others.length)
    );
  }
  const lines =
    who.length > 0 ? [trans.__('Connected: %1.', who.join(', '))] : [];
  if (clients === null) {
    return [
      ...lines,
      trans.__(
        'Its scheduler does not tell now who uses it and what it computes.'
      )
    ];
  }
  const { in_memory, processing, waiting } = clients.tasks;
  if (processing + waiting > 0) {
    lines.push(
      trans.__('Dask tasks: %1 running, %2 waiting.', processing, waiting)
    );
  }
  if (in_memory > 0) {
    lines.push(
      trans._n(
        '%1 result (%2) is only in memory.',
        '%1 results (%2) are only in memory.',
        in_memory,
        formatBytes(clients.bytes)
      )
    );
  }
  return lines.length > 0
    ? lines
    : [trans.__('Nobody is connected, and it holds no results.')];
}
