/** Which open notebooks have clients of a cluster, asked of the notebooks' part of rsdat. */
import type { CommandRegistry } from '@lumino/commands';

/** Its command; not there where that part is not. */
export const CONNECTED = 'rsdat:list-connected-notebooks';

/** An open notebook with its clients, as the scheduler knows them. */
export interface IConnectedNotebook {
  /** Where the notebook is. */
  readonly path: string;
  readonly clients: readonly string[];
}

/** The notebooks that are connected to a cluster; none where nobody knows of notebooks. */
export async function connectedNotebooks(
  commands: CommandRegistry,
  cluster: string
): Promise<readonly IConnectedNotebook[]> {
  return (await list(commands, { cluster })) ?? [];
}

/**
 * Whether the notebook in front is connected to a cluster; null while that is not known: its kernel
 * computes and has not told yet, or what is in front is no notebook.
 */
export async function isFrontConnected(
  commands: CommandRegistry,
  cluster: string
): Promise<boolean | null> {
  const connected = await list(commands, { cluster, current: true });
  return connected && connected.length > 0;
}

async function list(
  commands: CommandRegistry,
  args: { cluster: string; current?: boolean }
): Promise<readonly IConnectedNotebook[] | null> {
  return commands.hasCommand(CONNECTED)
    ? ((await commands.execute(CONNECTED, args)) as IConnectedNotebook[] | null)
    : null;
}
