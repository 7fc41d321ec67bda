/** Which area tabs go to. */
import { LabShell, type JupyterFrontEnd } from '@jupyterlab/application';
import { Panel, Widget } from '@lumino/widgets';
import { placeTab, reveal } from '../place';

/** Where a new tab went, in a shell that takes widgets in these areas only. */
function areaOf(known: readonly string[]): string | null {
  const panel = new Panel();
  const tab = new Widget();
  let found: string | null = null;
  const add = (widget: Widget, area: string): void => {
    if (known.includes(area)) {
      panel.addWidget(widget);
      found = area;
    }
  };
  placeTab({ add } as unknown as JupyterFrontEnd.IShell, tab);
  panel.dispose();
  return found;
}

it('is the main area of Lab', () => {
  const shell = new LabShell();
  const tab = new Widget();
  const add = jest.spyOn(shell, 'add').mockReturnValue();
  placeTab(shell, tab, { mode: 'split-right' });
  expect(add.mock.calls).toEqual([[tab, 'main', { mode: 'split-right' }]]);
  tab.dispose();
  shell.dispose();
});

it('is the one below the document in Notebook 7', () => {
  expect(areaOf(['main', 'down', 'right'])).toBe('down');
});

it('is the right side where there is none below', () => {
  expect(areaOf(['main', 'right'])).toBe('right');
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
