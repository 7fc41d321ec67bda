/** Which area tabs go to. */
import { LabShell, type JupyterFrontEnd } from '@jupyterlab/application';
import { Panel, Widget } from '@lumino/widgets';
import { placeTab } from '../place';

/** A shell as Notebook 7 has it: areas that it does not know take nothing. */
function notebookShell(areas: Record<string, Panel>): JupyterFrontEnd.IShell {
  return {
    add: (widget: Widget, area: string) => areas[area]?.addWidget(widget)
  } as unknown as JupyterFrontEnd.IShell;
}

function tab(): Widget {
  const widget = new Widget();
  widget.id = 'tab';
  return widget;
}

it('is the main area of Lab', () => {
  const shell = new LabShell();
  const widget = tab();
  placeTab(shell, widget);
  expect([...shell.widgets('main')]).toContain(widget);
  shell.dispose();
});

it('is the one below the document in Notebook 7', () => {
  const areas = { main: new Panel(), down: new Panel(), right: new Panel() };
  const widget = tab();
  placeTab(notebookShell(areas), widget);
  expect(areas.down.widgets).toEqual([widget]);
});

it('is the right side where there is none below', () => {
  const areas = { main: new Panel(), right: new Panel() };
  const widget = tab();
  placeTab(notebookShell(areas), widget);
  expect(areas.right.widgets).toEqual([widget]);
});
