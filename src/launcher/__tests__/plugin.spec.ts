/** The launcher's cards come with the companion, and go with it. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ILauncher } from '@jupyterlab/launcher';
import { CommandRegistry } from '@lumino/commands';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ICompanion } from '../../tokens';
import { launcherPlugins } from '../plugin';

it('has a card for each command there is, while there is a companion', () => {
  const commands = new CommandRegistry();
  for (const id of ['rsdat-stac:search', 'rsdat:new-cluster']) {
    commands.addCommand(id, { execute: () => undefined });
  }
  const companion = {
    info: null as object | null,
    problem: null,
    check: () => Promise.resolve()
  };
  const changed = new Signal<ICompanion, void>(companion as never);
  const shown: ILauncher.IItemOptions[] = [];
  const add = (card: ILauncher.IItemOptions) => {
    shown.push(card);
    return new DisposableDelegate(() => shown.splice(shown.indexOf(card), 1));
  };
  void launcherPlugins[0].activate(
    { commands } as JupyterFrontEnd,
    {
      ...companion,
      changed,
      get info() {
        return companion.info;
      }
    },
    { add },
    null
  );
  expect(shown).toEqual([]);

  companion.info = {};
  changed.emit();
  changed.emit();
  expect(shown.map(({ command, category }) => [category, command])).toEqual([
    ['Dask and dCache', 'rsdat:new-cluster'],
    ['Dask and dCache', 'rsdat-stac:search']
  ]);

  companion.info = null;
  changed.emit();
  expect(shown).toEqual([]);
});
