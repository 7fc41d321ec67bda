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

/**
 * The notebooks that are connected; none where nobody knows of notebooks.
 *
 * @param args - The cluster's id, and whether only the notebook in front counts.
 */
export async function connectedNotebooks(
  commands: CommandRegistry,
  args: { cluster: string; current?: boolean }
): Promise<readonly IConnectedNotebook[]> {
  return commands.hasCommand(CONNECTED)
    ? ((await commands.execute(CONNECTED, args)) as IConnectedNotebook[])
    : [];
}
