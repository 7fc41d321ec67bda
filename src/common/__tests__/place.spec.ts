/** Which area tabs go to. */
import { LabShell, type JupyterFrontEnd } from '@jupyterlab/application';
import { Widget } from '@lumino/widgets';
import { placeTab, reveal } from '../place';

it('is the main area of Lab', () => {
  const shell = new LabShell();
  const tab = new Widget();
  const add = jest.spyOn(shell, 'add').mockReturnValue();
  placeTab(shell, tab, { mode: 'split-right' });
  expect(add.mock.calls).toEqual([[tab, 'main', { mode: 'split-right' }]]);
  tab.dispose();
  shell.dispose();
});

it('is the right side of Notebook 7', () => {
  const tab = new Widget();
  const add = jest.fn();
  placeTab({ add } as unknown as JupyterFrontEnd.IShell, tab);
  expect(add.mock.calls).toEqual([[tab, 'right']]);
  tab.dispose();
});

it.each([
  ['Notebook 7, in view', {}, true, 0],
  ['Notebook 7, hidden', {}, false, 1],
  ['Lab, in view', { mode: 'multiple-document' }, true, 1]
])('brings a panel to the front: %s', (_, shell, isVisible, calls) => {
  const activateById = jest.fn();
  const panel = { id: 'panel', isVisible } as Widget;
  reveal({ ...shell, activateById } as never, panel);
  expect(activateById).toHaveBeenCalledTimes(calls);
});
