/** Cards in Lab's launcher for what one begins with; none while the server's part is missing. */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { ICompanion } from '../tokens';

/** Commands of the features, the first card first; see their ids.ts. */
const CARDS = ['rsdat:new-cluster', 'rsdat-dcache:open', 'rsdat-stac:search'];

/** After Lab's own categories, before the examples. */
const CATEGORY_RANK = 110;

const launcher: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-rsdat:launcher',
  description: 'Cards for clusters, dCache and STAC in the launcher.',
  autoStart: true,
  requires: [ICompanion],
  optional: [ILauncher, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    companion: ICompanion,
    launcher: ILauncher | null,
    translator: ITranslator | null
  ): void => {
    if (!launcher) {
      // Notebook 7 has none.
      return;
    }
    const trans = (translator ?? nullTranslator).load('jupyterlab_rsdat');
    const category = trans.__('Dask and dCache');
    let cards: IDisposable[] = [];
    const look = (): void => {
      const isThere = companion.info !== null;
      if (isThere && cards.length === 0) {
        // Plugins that are switched off have no commands.
        cards = CARDS.filter(id => app.commands.hasCommand(id)).map(
          (command, rank) =>
            launcher.add({
              command,
              category,
              categoryRank: CATEGORY_RANK,
              rank,
              args: { isLauncher: true }
            })
        );
      } else if (!isThere) {
        cards.forEach(card => card.dispose());
        cards = [];
      }
    };
    companion.changed.connect(look);
    look();
  }
};

export const launcherPlugins: JupyterFrontEndPlugin<unknown>[] = [launcher];
